"""Every form of a trained step beside torch: arrays, ONNX in 32 and 8 bits, C by the machine's compiler, JavaScript."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import torch

from biosig.deploy import browser, eight_bits
from biosig.deploy.arrays import light_arrays, light_step, plain
from biosig.deploy.c_code import write_c
from biosig.errors import ConfigError
from biosig.models.networks import build

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
COMPILER, NODE = shutil.which("cc"), shutil.which("node")


@pytest.fixture(scope="module")
def light():
    return trained_a_little("light_mask")


def trained_a_little(name):
    """A network whose norms have seen something, and whose gains are neither all open nor all shut."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build(name)
        with torch.no_grad():
            network.train()(0.1 * torch.randn(2, 8000))
            for parameter in network.parameters():
                if parameter.requires_grad:
                    parameter.mul_(2)
        return network.eval()


def noise(n=4000):
    return 0.1 * torch.randn(1, n, generator=torch.Generator().manual_seed(5))


def rounded(network):
    """The same network with its matrices as eight bits have them: what C and JavaScript must give."""
    found = eight_bits.with_eight_bits(light_arrays(network))
    same = build("light_mask")
    same.load_state_dict(network.state_dict())
    deviation = torch.sqrt(network.norm.running_var + network.norm.eps)
    with torch.no_grad():
        same.enter.weight.copy_(torch.from_numpy(found["enter_w"]) * deviation)
        moved = torch.from_numpy(found["enter_w"] @ plain(network.norm.running_mean) + found["enter_b"])
        same.enter.bias.copy_(moved)
        same.gain.weight.copy_(torch.from_numpy(found["gain_w"]))
        for layer in range(2):
            for short, long in (("wi", "weight_ih"), ("wh", "weight_hh")):
                getattr(same.gru, f"{long}_l{layer}").copy_(torch.from_numpy(found[f"gru{layer}_{short}"]))
    return same.eval()


@torch.no_grad()
def whole(network, x):
    return network(x)[0].numpy()


def fed(x):
    """Whole hops, and one of silence after the end."""
    return np.concatenate([x[0].numpy(), np.zeros(-x.shape[-1] % 160 + 160, np.float32)])


def test_the_step_in_numpy_is_the_network(light):
    arrays, memory = light_arrays(light), np.zeros((2, 76))
    power = np.random.default_rng(0).exponential(size=(20, 161)).astype(np.float32)
    with torch.no_grad():
        expected, _ = light.gains(torch.from_numpy(power)[None], light.memory(1))
    for frame, gains in zip(power, expected[0].numpy(), strict=True):
        found, memory = light_step(arrays, frame, memory)
        np.testing.assert_allclose(found, gains, atol=2e-6)


def test_eight_bits_are_within_half_a_step():
    weight = np.random.default_rng(1).standard_normal((5, 40)).astype(np.float32)
    weight[3] = 0
    values, scale = eight_bits.rounded(weight)
    assert values.dtype == np.int8 and np.abs(values[[0, 1, 2, 4]]).max(axis=1).tolist() == [127] * 4
    assert (np.abs(values * scale[:, None] - weight) <= scale[:, None] / 2 + 1e-7).all()


def test_two_numbers_a_bin_are_the_bands(light):
    band, share = eight_bits.sparse_bands(plain(light.spread))
    back = np.zeros((65, 161))
    back[band, np.arange(161)] += share
    back[band + 1, np.arange(161)] += 1 - share
    np.testing.assert_allclose(back[:64], plain(light.spread), atol=1e-6)


# --- C ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not COMPILER, reason="no C compiler here")
def test_c_gives_what_torch_gives_with_the_same_eight_bits(light, tmp_path):
    source, x = write_c(light, tmp_path), noise()
    strict = ["-O2", "-std=c99", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([COMPILER, *strict, source, "-lm", "-o", tmp_path / "run"], check=True)
    done = subprocess.run([tmp_path / "run", "-t"], input=fed(x).tobytes(), capture_output=True, check=True)
    out = np.frombuffer(done.stdout, np.float32)[160 : 160 + x.shape[-1]]
    np.testing.assert_allclose(out, whole(rounded(light), x), atol=1e-6)
    assert np.abs(out - whole(light, x)).max() < 0.05 * np.abs(out).max()  # what eight bits cost
    assert float(done.stderr) > 0


@pytest.mark.skipif(not COMPILER or not shutil.which("size"), reason="no C compiler here")
def test_code_and_numbers_are_below_a_hundred_kilobytes(light, tmp_path):
    source = write_c(light, tmp_path)
    subprocess.run([COMPILER, "-O2", "-c", source, "-o", tmp_path / "part.o"], check=True)
    told = subprocess.run(["size", tmp_path / "part.o"], capture_output=True, text=True, check=True).stdout
    text, data, bss = map(int, told.splitlines()[1].split()[:3])
    assert text + data > 80_000 and text + data + bss < 100_000


# --- the browser --------------------------------------------------------------------------------------------


@pytest.mark.skipif(not NODE, reason="no node here")
def test_javascript_gives_what_torch_gives_with_the_same_eight_bits(light, tmp_path):
    x = noise(1600)
    data = {"model": browser.model(light), "x": fed(x).tolist()}
    (tmp_path / "data.json").write_text(json.dumps(data))
    (tmp_path / "run.js").write_text(browser.text_of(browser.CODE) + """
    const { model, x } = JSON.parse(require("fs").readFileSync(process.argv[2]));
    const mask = new LightMask(model), out = [];
    for (let at = 0; at < x.length; at += 160) out.push(...mask.hop(x.slice(at, at + 160)));
    console.log(JSON.stringify(out));
    """)
    done = subprocess.run([NODE, tmp_path / "run.js", tmp_path / "data.json"], capture_output=True, check=True)
    np.testing.assert_allclose(json.loads(done.stdout)[160:1760], whole(rounded(light), x), atol=1e-6)


@pytest.mark.skipif(not NODE, reason="no node here")
def test_the_page_enhances_its_example(light, tmp_path):
    """The page's own scripts in node, with as much of a document as they touch."""
    x = noise(1600)[0].numpy()
    page = browser.write_demo(light, x, "noise", tmp_path / "index.html").read_text()
    assert "://" not in page  # it loads nothing
    assert not re.search("@[A-Z]+@", page)
    scripts = "\n".join(part.split("</script>")[0] for part in page.split("<script>")[1:])
    (tmp_path / "run.js").write_text("""
    const made = {};
    globalThis.document = { getElementById: (id) => (made[id] ||= {}) };
    URL.createObjectURL = (blob) => blob.size;
    """ + scripts.replace('"use strict";', "") + """
    document.getElementById("example").onclick();
    console.log(made.told.textContent, made.before.src, made.after.src);
    """)
    done = subprocess.run([NODE, tmp_path / "run.js"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0.1 s, ") and done.stdout.split()[-2:] == [str(44 + 3200)] * 2


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
def test_the_page_works_in_a_browser(light, tmp_path):
    page = browser.write_demo(light, noise(1600)[0].numpy(), "noise", tmp_path / "index.html")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
    done = subprocess.run([CHROMIUM, *options, f"{page.as_uri()}#example"], capture_output=True, text=True, timeout=60)
    assert "0.1 s, " in done.stdout and "ms for each 10 ms of sound" in done.stdout


# --- ONNX ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["light_mask", "rnnoise_own"])
def test_onnx_gives_what_torch_gives_and_eight_bits_come_near(name, tmp_path):
    pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    from biosig.deploy.quantise import write_form
    from biosig.deploy.runtime import FORMS, by_onnx
    from biosig.training.streaming import network_stream

    network, x = trained_a_little(name), noise()
    expected, sizes = whole(network, x), {}
    for form in FORMS:
        file = write_form(network, form, tmp_path / f"{form}.onnx", [x[0].numpy()])
        sizes[form] = file.stat().st_size
        same = by_onnx(network, file)
        out = whole(same, x)
        error = np.abs(out - expected).max() / np.abs(expected).max()
        assert error < (1e-5 if form == "float32" else 0.2)
        assert (error > 1e-5) == (form != "float32")  # eight bits are at work
    assert max(sizes["dynamic"], sizes["static"]) < 0.5 * sizes["float32"]
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["dynamic.onnx", "float32.onnx", "static.onnx"]
    stream = network_stream(by_onnx(network, tmp_path / "float32.onnx"))
    np.testing.assert_allclose(np.concatenate([stream.push(x[0].numpy()), stream.flush()]), expected, atol=1e-6)


def test_what_has_no_step_is_refused(tmp_path):
    pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    from biosig.deploy.onnx_step import onnx_step
    from biosig.deploy.quantise import write_form

    with pytest.raises(ConfigError, match="RecurrentMasker has no step"):
        onnx_step(build("recurrent_mask", hidden=8))
    with pytest.raises(ConfigError, match="form is 'int4'"):
        write_form(build("light_mask"), "int4", tmp_path / "a.onnx")
    with pytest.raises(ConfigError, match="at least one signal"):
        write_form(build("light_mask"), "static", tmp_path / "a.onnx")


@pytest.mark.parametrize(("package", "told"), [("onnx", "package onnx"), ("onnxruntime", "package onnxruntime")])
def test_a_missing_package_is_named(package, told, monkeypatch, tmp_path):
    import sys

    from biosig.deploy.onnx_step import onnx_step
    from biosig.deploy.runtime import Step

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=told):
        onnx_step(build("light_mask")) if package == "onnx" else Step(tmp_path / "a.onnx")
