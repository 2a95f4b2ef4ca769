"""`biosig enhance --checkpoint`: CMGAN by its authors' weights and by ours, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from biosig import cli
from biosig.commands import enhance as command
from biosig.corpora.audio_io import read_sound
from biosig.models.cmgan_weights import load_published, theirs
from biosig.models.networks import build
from biosig.papers.neural import published
from biosig.training.checkpoints import save_checkpoint
from biosig.training.inference import Denoiser

NOISE = 0.1 * np.random.default_rng(0).standard_normal(9600)
SMALL = {"channels": 4, "blocks": 1, "heads": 2, "hop": 200}


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    command.loaded.cache_clear()
    soundfile.write("in.wav", NOISE, 16_000, subtype="DOUBLE")


def enhanced(*arguments):
    assert cli.main(["enhance", "in.wav", "out.wav", *arguments]) == 0
    return read_sound("out.wav")[0][0]


def test_the_authors_weights_enhance_a_file():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = build("cmgan").state_dict()
    torch.save({theirs(name): tensor for name, tensor in weights.items()}, "ckpt")
    found = enhanced("--system", "cmgan", "--checkpoint", "ckpt")
    expected = Denoiser(load_published(Path("ckpt")), "rms", fs=16_000)(NOISE, 16_000)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not np.allclose(found, NOISE, atol=1e-3)


def test_a_checkpoint_of_our_own_training_enhances_a_file():
    network = build("cmgan", **SMALL).eval()
    notes = {"network_args": SMALL, "scaling": "rms", "fs": 16_000, "window_s": 4.0}
    save_checkpoint(Path("best.pt"), "cmgan", network.state_dict(), notes)
    found = enhanced("--system", "cmgan", "--checkpoint", "best.pt")
    np.testing.assert_allclose(found, Denoiser(network, "rms", fs=16_000)(NOISE, 16_000), atol=1e-6)


def test_another_network_of_ours_takes_a_checkpoint_too():
    """The published one by its path gives what its name gives."""
    by_path = enhanced("--system", "recurrent_mask", "--checkpoint", str(published("primer", "recurrent_mask")))
    command.loaded.cache_clear()
    np.testing.assert_array_equal(by_path, enhanced("--system", "recurrent_mask", "--force"))


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--system", "cmgan", "--checkpoint", "gone.pt"], "gone.pt is not there: expected a checkpoint file"),
    (["--system", "cmgan", "--checkpoint", "words.pt"], "words.pt cannot be read: expected a whole checkpoint file"),
    (["--system", "cmgan", "--checkpoint", "unet.pt"], "unet.pt is a checkpoint of 'unet': expected one of 'cmgan'"),
    (["--system", "cmgan", "--checkpoint", "part"], "part lacks TSCB_1.freq_conformer.attn.fn.rel_pos_emb.weight"),
    (["--system", "wiener", "--checkpoint", "unet.pt"], "unknown system 'wiener': expected one of unet, recurrent"),
    (["--checkpoint", "unet.pt"], "unknown system 'log_mmse': expected one of unet"),
])  # fmt: skip
def test_a_wrong_checkpoint_is_one_sentence_before_any_work(capsys, arguments, sentence):
    Path("words.pt").write_text("not a checkpoint")
    Path("unet.pt").write_bytes(published("primer", "unet").read_bytes())
    torch.save({"dense_encoder.conv_1.0.weight": torch.zeros(64, 3, 1, 1)}, "part")
    assert cli.main(["enhance", "in.wav", "out.wav", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and "Traceback" not in err
    assert err.startswith("biosig: ") and err.count("\n") == 1 and not Path("out.wav").exists()
