"""Boxes and arrows as SVG, in greys alone, so that a page in the dark only has to turn them over.

Lengths are in px. Boxes are placed by their centres; an arrow leaves and enters at the edge that faces the other box.
"""

from dataclasses import dataclass
from html import escape

FONT, SMALL, LINE = 13, 11, 15  # px: titles, what stands below them, from one line to the next
WIDE = 0.56                     # of the font size: the mean width of a letter, rather too much than too little
FILL = {"layer": "#e4e4e4", "operation": "#ffffff", "signal": "none"}
HEAD = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">' \
       '<path d="M0 0 L8 4 L0 8 z" fill="#222"/></marker>'


@dataclass(frozen=True)
class Box:
    """A box: grey for a layer with parameters, white for an operation, no frame for a signal.

    ``attribute`` is where the layer lies in its network; ``code`` is a piece of the line that calls it.
    """

    name: str
    x: float
    y: float
    title: str
    attribute: str = ""
    code: str = ""
    width: float = 170
    kind: str = "layer"
    lines: tuple[str, ...] = ()

    @property
    def height(self) -> float:
        """Room for the title and the lines below it."""
        return 2 * LINE * (0.75 if self.kind != "layer" or self.lines else 1) + LINE * len(self.lines)


@dataclass(frozen=True)
class Arrow:
    """From one box to another: straight, or bent as ``way`` says.

    "" straight, or down, across and down; "hv" across, then down; "vh" down, then across; a number: out to that
    x, along it, and back in.
    """

    start: str
    end: str
    way: str | float = ""
    label: str = ""


def points(a: Box, b: Box, way: str | float) -> list[tuple[float, float]]:
    """The corners of an arrow from ``a`` to ``b``."""
    side = 1 if b.x > a.x else -1
    down = 1 if b.y > a.y else -1
    if not isinstance(way, str):
        out, back = (1 if way > box.x else -1 for box in (a, b))
        return [(a.x + out * a.width / 2, a.y), (way, a.y), (way, b.y), (b.x + back * b.width / 2, b.y)]
    if way == "hv":
        return [(a.x + side * a.width / 2, a.y), (b.x, a.y), (b.x, b.y - down * b.height / 2)]
    if way == "vh":
        return [(a.x, a.y + down * a.height / 2), (a.x, b.y), (b.x - side * b.width / 2, b.y)]
    if abs(a.y - b.y) < 1:
        return [(a.x + side * a.width / 2, a.y), (b.x - side * b.width / 2, b.y)]
    start, end = (a.x, a.y + down * a.height / 2), (b.x, b.y - down * b.height / 2)
    narrow, wide = sorted((a, b), key=lambda box: box.width)
    if abs(narrow.x - wide.x) < wide.width / 2:  # one above the other
        return [(narrow.x, start[1]), (narrow.x, end[1])]
    middle = (start[1] + end[1]) / 2
    return [start, (a.x, middle), (b.x, middle), end]


def text(x: float, y: float, words: str, size: int = SMALL, style: str = "") -> str:
    """One line of text around x."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" {style}>{escape(words)}</text>'


def box_svg(box: Box) -> list[str]:
    """A frame and what stands in it."""
    size, bold = (FONT, 'font-weight="600"') if box.kind == "layer" else (FONT - 1, "")
    top = box.y - LINE * len(box.lines) / 2 + 4.5
    drawn = [text(box.x, top, box.title, size, bold)]
    drawn += [text(box.x, top + LINE * at, line) for at, line in enumerate(box.lines, 1)]
    if box.kind != "signal":
        round_ = 4 if box.kind == "layer" else 12
        drawn.insert(0, f'<rect x="{box.x - box.width / 2:g}" y="{box.y - box.height / 2:g}" width="{box.width:g}" '
                        f'height="{box.height:g}" rx="{round_}" fill="{FILL[box.kind]}" stroke="#222"/>')
    return drawn


def arrow_svg(arrow: Arrow, boxes: dict[str, Box]) -> list[str]:
    """A line with a head, and its label beside the middle of its longest piece."""
    corners = points(boxes[arrow.start], boxes[arrow.end], arrow.way)
    path = " ".join(f"{x:g},{y:g}" for x, y in corners)
    drawn = [f'<polyline points="{path}" fill="none" stroke="#222" marker-end="url(#head)"/>']
    if arrow.label:
        (x0, y0), (x1, y1) = max(zip(corners, corners[1:], strict=False), key=lambda p: abs(p[0][0] - p[1][0])
                                 + abs(p[0][1] - p[1][1]))
        upright = abs(x0 - x1) < 1
        style = 'style="text-anchor:start"' if upright else ""
        drawn.append(text((x0 + x1) / 2 + 5 * upright, (y0 + y1) / 2 + (4 if upright else -5), arrow.label, SMALL,
                          style))
    return drawn


def too_wide(box: Box) -> bool:
    """Whether a line of text is longer than its box."""
    longest = max(len(box.title) * FONT, *(len(line) * SMALL for line in box.lines), 0) * WIDE
    return box.kind != "signal" and longest > box.width


def svg(title: str, description: str, boxes: list[Box], arrows: list[Arrow], size: tuple[float, float]) -> str:
    """A whole drawing, on white, with its description for those who hear it."""
    named = {box.name: box for box in boxes}
    inside = [line for arrow in arrows for line in arrow_svg(arrow, named)]
    inside += [line for box in boxes for line in box_svg(box)]
    width, height = size
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-labelledby="title desc" font-family="Helvetica, Arial, sans-serif" '
        'text-anchor="middle" fill="#111">',
        f'<title id="title">{escape(title)}</title>', f'<desc id="desc">{escape(description)}</desc>',
        f'<defs>{HEAD}</defs>', f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>', *inside, "</svg>", ""])
