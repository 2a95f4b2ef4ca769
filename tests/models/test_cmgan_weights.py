"""Weights in the layout of CMGAN's authors: names and shapes written out here, not read from the table under test."""

import pytest
import torch

from biosig.errors import CheckpointError
from biosig.models.cmgan import CMGAN
from biosig.models.cmgan_weights import LAYERS, is_published_layout, load_published, theirs

C = 64
NORM = {"weight": (C,), "bias": (C,)}


def dense(prefix):
    shapes = {}
    for i in (1, 2, 3, 4):
        shapes |= {f"{prefix}.conv{i}.weight": (C, i * C, 2, 3), f"{prefix}.conv{i}.bias": (C,),
                   f"{prefix}.norm{i}.weight": (C,), f"{prefix}.norm{i}.bias": (C,),
                   f"{prefix}.prelu{i}.weight": (C,)}  # fmt: skip
    return shapes


def conformer(prefix):
    shapes = {f"{prefix}.post_norm.{name}": shape for name, shape in NORM.items()}
    for ff in ("ff1", "ff2"):
        shapes |= {f"{prefix}.{ff}.fn.norm.{name}": shape for name, shape in NORM.items()}
        shapes |= {f"{prefix}.{ff}.fn.fn.net.0.weight": (256, C), f"{prefix}.{ff}.fn.fn.net.0.bias": (256,),
                   f"{prefix}.{ff}.fn.fn.net.3.weight": (C, 256), f"{prefix}.{ff}.fn.fn.net.3.bias": (C,)}  # fmt: skip
    shapes |= {f"{prefix}.attn.norm.{name}": shape for name, shape in NORM.items()}
    shapes |= {f"{prefix}.attn.fn.to_q.weight": (C, C), f"{prefix}.attn.fn.to_kv.weight": (2 * C, C),
               f"{prefix}.attn.fn.to_out.weight": (C, C), f"{prefix}.attn.fn.to_out.bias": (C,),
               f"{prefix}.attn.fn.rel_pos_emb.weight": (1025, 16)}  # fmt: skip
    shapes |= {f"{prefix}.conv.net.0.{name}": shape for name, shape in NORM.items()}
    shapes |= {f"{prefix}.conv.net.2.weight": (256, C, 1), f"{prefix}.conv.net.2.bias": (256,),
               f"{prefix}.conv.net.4.conv.weight": (128, 1, 31), f"{prefix}.conv.net.4.conv.bias": (128,),
               f"{prefix}.conv.net.7.weight": (C, 128, 1), f"{prefix}.conv.net.7.bias": (C,)}  # fmt: skip
    names = ("weight", "bias", "running_mean", "running_var")
    return shapes | {f"{prefix}.conv.net.5.{name}": (128,) for name in names}


def published():
    """Every tensor of the authors' checkpoint that is learned or kept, by name, with its shape."""
    encoder, mask, cplx = "dense_encoder", "mask_decoder", "complex_decoder"
    shapes = {f"{encoder}.conv_1.0.weight": (C, 3, 1, 1), f"{encoder}.conv_1.0.bias": (C,),
              f"{encoder}.conv_2.0.weight": (C, C, 1, 3), f"{encoder}.conv_2.0.bias": (C,)}  # fmt: skip
    for conv in ("conv_1", "conv_2"):
        shapes |= {f"{encoder}.{conv}.1.weight": (C,), f"{encoder}.{conv}.1.bias": (C,),
                   f"{encoder}.{conv}.2.weight": (C,)}  # fmt: skip
    shapes |= dense(f"{encoder}.dilated_dense")
    for k in (1, 2, 3, 4):
        shapes |= conformer(f"TSCB_{k}.time_conformer") | conformer(f"TSCB_{k}.freq_conformer")
    for decoder in (mask, cplx):
        shapes |= dense(f"{decoder}.dense_block")
        shapes |= {f"{decoder}.sub_pixel.conv.weight": (2 * C, C, 1, 3), f"{decoder}.sub_pixel.conv.bias": (2 * C,)}
    shapes |= {f"{mask}.conv_1.weight": (1, C, 1, 2), f"{mask}.conv_1.bias": (1,), f"{mask}.norm.weight": (1,),
               f"{mask}.norm.bias": (1,), f"{mask}.prelu.weight": (1,), f"{mask}.final_conv.weight": (1, 1, 1, 1),
               f"{mask}.final_conv.bias": (1,), f"{mask}.prelu_out.weight": (201,)}  # fmt: skip
    return shapes | {f"{cplx}.prelu.weight": (C,), f"{cplx}.norm.weight": (C,), f"{cplx}.norm.bias": (C,),
                     f"{cplx}.conv.weight": (2, C, 1, 2), f"{cplx}.conv.bias": (2,)}  # fmt: skip


@pytest.fixture(scope="module")
def weights():
    generator = torch.Generator().manual_seed(0)
    found = {name: 0.1 * torch.randn(shape, generator=generator) for name, shape in published().items()}
    counts = [f"TSCB_{k}.{way}_conformer.conv.net.5" for k in (1, 2, 3, 4) for way in ("time", "freq")]
    found |= {f"{norm}.running_var": found[f"{norm}.running_var"].abs() + 0.5 for norm in counts}
    return found | {f"{norm}.num_batches_tracked": torch.tensor(7) for norm in counts}


def saved(path, weights, prefix=""):
    torch.save({prefix + name: tensor for name, tensor in weights.items()}, path)
    return path


def test_the_authors_layout_has_as_many_parameters_as_they_count(weights):
    learned = [t for name, t in weights.items() if "running" not in name and "num_batches" not in name]
    assert sum(tensor.numel() for tensor in learned) == 1_834_833


@pytest.mark.parametrize("prefix", ["", "module."])
def test_every_tensor_finds_its_place(tmp_path, weights, prefix):
    path = saved(tmp_path / "ckpt", weights, prefix)
    assert is_published_layout(path)
    state = load_published(path).state_dict()
    assert sorted(theirs(name) for name in state) == sorted(weights)
    for name, tensor in state.items():
        torch.testing.assert_close(tensor, weights[theirs(name)], rtol=0, atol=0)


def test_the_places_that_are_easily_confused(tmp_path, weights):
    """Time before frequency, first feed-forward before second, norms where norms are: by the parts themselves."""
    network = load_published(saved(tmp_path / "ckpt", weights))
    pairs = {
        "TSCB_3.time_conformer.ff1.fn.fn.net.3.bias": network.blocks[2].time.first[4].bias,
        "TSCB_3.freq_conformer.ff2.fn.norm.weight": network.blocks[2].frequency.second[0].weight,
        "TSCB_1.freq_conformer.post_norm.bias": network.blocks[0].frequency.norm.bias,
        "TSCB_4.time_conformer.conv.net.5.running_mean": network.blocks[3].time.conv.batch_norm.running_mean,
        "mask_decoder.dense_block.prelu4.weight": network.mask.dense.layers[3][2].weight,
        "complex_decoder.prelu.weight": network.complex.norm[1].weight,
        "dense_encoder.conv_2.0.weight": network.encoder.halve[0].weight,
    }
    for name, tensor in pairs.items():
        torch.testing.assert_close(tensor.detach(), weights[name], rtol=0, atol=0)
    assert not network.training


def test_the_table_names_each_layer_once():
    assert len(set(LAYERS.values())) == len(LAYERS)
    layers = {name.rpartition(".")[0] for name in CMGAN().state_dict()}
    assert set(LAYERS) == layers


def changed(weights, **changes):
    found = {name: tensor for name, tensor in weights.items() if changes.get(name.replace(".", "_"), 0) is not None}
    return found | changes.get("more", {})


@pytest.mark.parametrize(("change", "words"), [
    ({"mask_decoder_prelu_out_weight": None}, "lacks mask_decoder.prelu_out.weight: expected the layers of CMGAN"),
    ({"more": {"TSCB_5.x": torch.zeros(1)}}, "has TSCB_5.x: expected the layers of CMGAN"),
    ({"more": {"dense_encoder.conv_1.0.weight": torch.zeros(32, 3, 1, 1)}},
     r"has dense_encoder.conv_1.0.weight of shape \(32, 3, 1, 1\): expected \(64, 3, 1, 1\)"),
])  # fmt: skip
def test_a_checkpoint_of_another_network_is_one_sentence(tmp_path, weights, change, words):
    with pytest.raises(CheckpointError, match=words):
        load_published(saved(tmp_path / "ckpt", changed(weights, **change)))


def test_what_is_no_checkpoint_is_one_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="gone is not there"):
        load_published(tmp_path / "gone")
    (tmp_path / "words").write_text("not weights")
    with pytest.raises(CheckpointError, match="words cannot be read"):
        load_published(tmp_path / "words")
    torch.save([1, 2], tmp_path / "list")
    with pytest.raises(CheckpointError, match="list is no dictionary of tensors"):
        load_published(tmp_path / "list")
    assert not is_published_layout(tmp_path / "words") and not is_published_layout(tmp_path / "list")
