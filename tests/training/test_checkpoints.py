"""Checkpoints: what is saved comes back, and nothing else is accepted."""

import pickle

import pytest
import torch

from biosig.errors import CheckpointError
from biosig.models.networks import build
from biosig.training.checkpoints import halve, load_checkpoint, save_checkpoint

META = {"network_args": {"features": 16}, "scaling": "emg_rms", "factor": 5.0, "fs": 1000, "seed": 0}


@pytest.fixture
def saved(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build("sdemg", features=16)
    path = tmp_path / "sdemg.pt"
    save_checkpoint(path, "sdemg", network.state_dict(), META)
    return path, network


def test_weights_and_notes_come_back(saved):
    path, network = saved
    loaded, meta = load_checkpoint(path, "sdemg")
    assert meta == META and not loaded.training
    x, level = torch.randn(1, 40), torch.tensor([0.5])
    assert torch.equal(loaded(x, x, level), network.eval()(x, x, level))


def test_batch_statistics_come_back_too(tmp_path):
    network = build("fcn")
    network(torch.randn(4, 200))
    save_checkpoint(tmp_path / "fcn.pt", "fcn", network.state_dict(), {})
    loaded, _ = load_checkpoint(tmp_path / "fcn.pt", "fcn")
    x = torch.randn(1, 200)
    assert torch.equal(loaded(x), network.eval()(x))


def test_weights_are_float32(tmp_path):
    save_checkpoint(tmp_path / "fcn.pt", "fcn", build("fcn").double().state_dict(), {})
    loaded, _ = load_checkpoint(tmp_path / "fcn.pt", "fcn")
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}


def test_options_of_this_machine_win_over_the_stored_ones(tmp_path):
    network = build("msemg", features=16, backend="reference")
    args = {"features": 16, "backend": "reference"}
    save_checkpoint(tmp_path / "m.pt", "msemg", network.state_dict(), {"network_args": args})
    loaded, _ = load_checkpoint(tmp_path / "m.pt", "msemg", backend="torch")
    assert loaded.ssm.mamba.backend == "torch"


def test_equal_contents_give_equal_bytes(saved, tmp_path):
    path, network = saved
    save_checkpoint(tmp_path / "other name.pt", "sdemg", network.state_dict(), META)
    assert (tmp_path / "other name.pt").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["fcn", "msemg", "sdemg"])
def test_files_are_small(tmp_path, name):
    save_checkpoint(tmp_path / "c.pt", name, build(name).state_dict(), {})
    assert (tmp_path / "c.pt").stat().st_size < 6_000_000


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="none.pt is not there"):
        load_checkpoint(tmp_path / "none.pt", "fcn")


def test_another_networks_checkpoint_is_refused(saved):
    with pytest.raises(CheckpointError, match="is a checkpoint of 'sdemg': expected one of 'msemg'"):
        load_checkpoint(saved[0], "msemg")


@pytest.mark.parametrize("keep", [0, 10, 1000, -1, -200])
def test_a_truncated_file_is_refused(saved, keep):
    path, _ = saved
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(path, "sdemg")


@pytest.mark.parametrize("part", ["weights", "meta", "digest"])
def test_an_altered_file_is_refused(saved, part):
    path, _ = saved
    content = torch.load(path, weights_only=True)
    if part == "weights":
        content["weights"]["conv_out.bias"] += 1e-3
    else:
        content[part] = content[part].replace("0", "1")
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="has been altered"):
        load_checkpoint(path, "sdemg")


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
def test_a_flipped_byte_is_noticed(saved, at):
    path, _ = saved
    raw = bytearray(path.read_bytes())
    raw[int(at * len(raw))] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(CheckpointError):
        load_checkpoint(path, "sdemg")


class Bomb:
    """Unpickling it would run code."""

    def __reduce__(self):
        return (pytest.fail, ("code from a checkpoint was run",))


@pytest.mark.parametrize("pickled", [False, True])
def test_code_in_a_file_is_not_run(tmp_path, pickled):
    content = {"format": "biosig checkpoint 1", "weights": Bomb()}
    if pickled:
        (tmp_path / "bomb.pt").write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, tmp_path / "bomb.pt")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(tmp_path / "bomb.pt", "fcn")


def test_any_other_torch_file_is_refused(tmp_path):
    torch.save(build("fcn").state_dict(), tmp_path / "bare.pt")
    with pytest.raises(CheckpointError, match="is not a 'biosig checkpoint 1'"):
        load_checkpoint(tmp_path / "bare.pt", "fcn")


def test_other_layers_are_refused(saved, tmp_path):
    _, network = saved
    save_checkpoint(tmp_path / "odd.pt", "sdemg", network.state_dict(), {"network_args": {"features": 32}})
    with pytest.raises(CheckpointError, match="does not fit"):
        load_checkpoint(tmp_path / "odd.pt", "sdemg")


def test_notes_must_be_plain(tmp_path):
    with pytest.raises(CheckpointError, match="not plain JSON"):
        save_checkpoint(tmp_path / "x.pt", "fcn", {}, {"score": float("nan")})


def test_a_halved_checkpoint_is_half_as_large_and_computes_nearly_the_same(tmp_path):
    network = build("recurrent_mask", hidden=16).eval()
    meta = {"network_args": {"hidden": 16}, "scaling": "rms"}
    save_checkpoint(tmp_path / "whole.pt", "recurrent_mask", network.state_dict(), meta)
    halve(tmp_path / "whole.pt", tmp_path / "half.pt")
    assert (tmp_path / "half.pt").stat().st_size < 0.6 * (tmp_path / "whole.pt").stat().st_size
    loaded, notes = load_checkpoint(tmp_path / "half.pt", "recurrent_mask")
    assert notes == meta | {"stored_as": "float16"}
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    noisy = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(loaded(noisy), network(noisy), atol=1e-2, rtol=0)
