"""The tables that the sliders show: complete, computed by the package, and the same as the committed file."""

import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "book" / "_static" / "sliders"
sys.path.insert(0, str(ROOT / "tools"))

import make_sliders  # noqa: E402


def tables(text: str) -> dict:
    return json.loads(text.removeprefix("window.BIOSIG_SLIDERS = ").rstrip().removesuffix(";"))


COMMITTED = tables((STATIC / "data.js").read_text(encoding="utf-8"))


def test_the_committed_tables_are_those_of_the_package():
    """After a change: `python tools/make_sliders.py`."""
    made = tables(make_sliders.text())
    assert made.keys() == COMMITTED.keys()
    for name, table in made.items():
        assert {k: v for k, v in table.items() if k != "frames"} == {
            k: v for k, v in COMMITTED[name].items() if k != "frames"}
        np.testing.assert_allclose(table["frames"], COMMITTED[name]["frames"], atol=0.011)


@pytest.mark.parametrize("name", COMMITTED)
def test_every_position_has_its_curves_and_a_sentence(name):
    table = COMMITTED[name]
    positions = math.prod(len(knob["values"]) for knob in table["knobs"])
    assert np.shape(table["frames"]) == (positions, len(table["curves"]), len(table["x"]["values"]))
    assert len(table["notes"]) == positions and all(table["notes"])
    assert all(0 <= knob["start"] < len(knob["values"]) for knob in table["knobs"])


def test_the_last_slider_runs_fastest():
    table = COMMITTED["left_and_lost"]
    alphas, betas = (knob["values"] for knob in table["knobs"])
    for i, j, at in ((0, 0, 0), (2, 3, 10), (5, 6, -1)):
        curve, snr_db = table["frames"][i * len(betas) + j][0], table["x"]["values"][at]
        wanted = -10 * math.log10(alphas[i] + betas[j] * 10 ** (snr_db / 10))
        assert curve[at] == pytest.approx(wanted, abs=1e-3)


def test_wieners_gain_is_the_closed_form():
    table = COMMITTED["gains"]
    for xi_db, frame in zip(table["knobs"][0]["values"], table["frames"], strict=True):
        xi = 10 ** (xi_db / 10)
        assert frame[0] == pytest.approx([max(-40, 20 * math.log10(xi / (1 + xi)))] * len(frame[0]), abs=1e-3)


def test_pages_name_tables_that_exist_and_say_something_without_scripts():
    named = [found for page in (ROOT / "notebooks").rglob("*.md")
             for found in re.findall(r"^```\{slider\} (\w+)\n(.+)\n```$", page.read_text("utf-8"), re.MULTILINE)]
    assert sorted(name for name, _ in named) == sorted(COMMITTED)


def test_the_script_picks_the_row_that_the_tables_mean():
    """Runs the script's own `row` where node is installed."""
    node = shutil.which("node")
    if not node:
        pytest.skip("needs node")
    script = (STATIC / "sliders.js").read_text(encoding="utf-8")
    row = re.search(r"  function row\(.*?\n  }\n", script, re.DOTALL)[0]
    code = f"{row} const k = [{{values: [0, 0]}}, {{values: [0, 0, 0]}}];" \
           "console.log([[0, 0], [0, 2], [1, 0], [1, 2]].map((p) => row(p, k)).join())"
    assert subprocess.run([node, "-e", code], capture_output=True, text=True, check=True).stdout.strip() == "0,2,3,5"
    subprocess.run([node, "--check", STATIC / "sliders.js"], check=True)
