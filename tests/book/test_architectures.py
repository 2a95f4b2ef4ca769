"""The drawings of the networks are what the script makes of the networks as they are now."""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import architectures  # noqa: E402
import draw_architectures  # noqa: E402
import drawing  # noqa: E402

from biosig.models.networks import build, count_parameters  # noqa: E402

EACH = pytest.mark.parametrize("drawn", architectures.ARCHITECTURES, ids=lambda drawn: drawn.name)
WHOLE = {"fcn", "msemg", "sdemg", "unet", "conv_tasnet", "dccrn", "recurrent_mask", "cmgan"}
ACTIVATIONS = {"ELU": nn.ELU, "ReLU": nn.ReLU, "PReLU": nn.PReLU, "sigmoid": nn.Sigmoid}


def test_drawings_and_pages_are_up_to_date():
    """After a change to a network: `python tools/draw_architectures.py`, then `make pairs`."""
    stale = [str(path.relative_to(ROOT)) for path, text in draw_architectures.wanted().items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert stale == []


@EACH
def test_a_drawing_is_described_grey_and_of_a_size_to_read(drawn):
    svg = draw_architectures.picture(drawn)
    root = ET.fromstring(svg)
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names[:2] == ["title", "desc"] and all(root[i].text for i in (0, 1))
    colours = set(re.findall(r'"#([0-9a-f]{3,6})"', svg))
    assert all(len(set(re.findall(".." if len(c) == 6 else ".", c))) == 1 for c in colours)
    assert float(root.get("width")) <= 720


@EACH
def test_text_fits_its_box_and_boxes_do_not_overlap(drawn):
    boxes, _ = architectures.drawn(drawn)
    assert [box.name for box in boxes if drawing.too_wide(box)] == []
    for i, a in enumerate(boxes):
        for b in boxes[i + 1:]:
            apart = abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= (a.height + b.height) / 2
            assert apart, (a.name, b.name)


@EACH
def test_every_parameter_stands_in_one_box(drawn):
    """What the boxes say adds up to what the network has, but for the close-up of a block drawn twice."""
    boxes, _ = architectures.drawn(drawn)
    said = [line for box in boxes if not box.name.startswith("blocks.0.") for line in box.lines]
    total = sum(int(line.split()[0].replace(",", "")) for line in said if line.endswith(" parameters"))
    network = build(drawn.name) if drawn.name in WHOLE else drawn.module()
    assert total == count_parameters(network)


@EACH
def test_titles_name_the_activations_that_are_there(drawn):
    network = drawn.module()
    for box in architectures.drawn(drawn)[0]:
        part = architectures.found(network, box.attribute.split()[0]) if box.attribute else None
        if isinstance(part, nn.Sequential) and not box.title.endswith("…"):
            words = set(box.title.split(", "))
            assert words & set(ACTIVATIONS) == {w for w, kind in ACTIVATIONS.items()
                                                if any(type(p) is kind for p in part)}


def test_a_line_of_code_that_is_gone_is_an_error():
    box = drawing.Box("a", 0, 0, "a", code="self.gone(")
    with pytest.raises(SystemExit, match="0 lines of code"):
        draw_architectures.quoted(box, ["x = self.here(x)"], "a drawing")
