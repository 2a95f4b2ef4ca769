"""Draw the networks, and write each drawing with its caption and its lines of code into its page.

    python tools/draw_architectures.py            write the drawings and the blocks in the pages
    python tools/draw_architectures.py --check    exit with 1 if a drawing or a block is stale

A page says where by two comment lines, `% architecture NAME` and `% end of architecture NAME`; what lies between
them is written here and not by hand.
"""

import inspect
import re
import sys
from pathlib import Path

from architectures import ARCHITECTURES, Architecture, drawn
from drawing import Box, svg

ROOT = Path(__file__).resolve().parent.parent
MARGIN = 16


def picture(architecture: Architecture) -> str:
    """The drawing as SVG."""
    boxes, arrows = drawn(architecture)
    ways = [arrow.way for arrow in arrows if not isinstance(arrow.way, str)]
    width = max([box.x + box.width / 2 for box in boxes] + ways) + MARGIN
    height = max(box.y + box.height / 2 for box in boxes) + MARGIN / 2
    return svg(architecture.title, architecture.alt, boxes, arrows, (round(width), round(height)))


def source(architecture: Architecture) -> list[str]:
    """The lines that the boxes may quote, without their comments."""
    lines = []
    for name in architecture.code:
        owner, function = name.split(".")
        kinds = {type(part).__name__: type(part) for part in architecture.module().modules()}
        text = inspect.getsource(getattr(kinds[owner], function))
        lines += [re.sub(r"\s+# .*$", "", line) for line in text.splitlines()]
    return lines


def quoted(box: Box, lines: list[str], where: str) -> str:
    """The one line of code that contains the box's piece."""
    found = [line for line in lines if box.code in line]
    if len(found) != 1:
        raise SystemExit(f"{where}: {box.code!r} is in {len(found)} lines of code: expected one. "
                         "Mend tools/architectures.py.")
    return found[0].strip()


def short(attribute: str) -> str:
    """``a.0 a.1 a.2`` as its first and last."""
    paths = attribute.split()
    return f"`{paths[0]}` … `{paths[-1]}`" if len(paths) > 2 else ", ".join(f"`{path}`" for path in paths)


def table(architecture: Architecture) -> str:
    """Box, attribute and line of code; boxes of one kind share a row."""
    lines, rows = source(architecture), {}
    for box in drawn(architecture)[0]:
        if box.code:
            found = rows.setdefault((box.title.replace("|", r"\|"), quoted(box, lines, architecture.name)), [])
            found.append(box.attribute)
    body = [f"| {title} | {short(' '.join(paths))} | `{line}` |" for (title, line), paths in rows.items()]
    owner = type(architecture.module()).__name__
    return "\n".join([f"| Box | Part of `{owner}` | Line of code |", "|---|---|---|", *body])


def block(architecture: Architecture) -> str:
    """What stands in the page between the two comment lines."""
    return f"""\
```{{figure}} figures/architecture_{architecture.name}.svg
:name: fig-architecture-{architecture.name}
:alt: {architecture.alt}
:class: drawing

{architecture.caption}
```

```{{dropdown}} The line of code behind each box
{table(architecture)}
```"""


def placed(architecture: Architecture, page: str) -> str:
    """The page with the block in its place."""
    start, end = f"% architecture {architecture.name}\n", f"% end of architecture {architecture.name}"
    if page.count(start) != 1 or page.count(end) != 1:
        raise SystemExit(f"{architecture.page} needs the two lines {start!r} and {end!r}, each once.")
    before, rest = page.split(start)
    return before + start + block(architecture) + "\n" + end + rest.split(end)[1]


def wanted() -> dict[Path, str]:
    """Every file that this script writes, with its text."""
    files: dict[Path, str] = {}
    for architecture in ARCHITECTURES:
        page = ROOT / architecture.page
        files[page.parent / "figures" / f"architecture_{architecture.name}.svg"] = picture(architecture)
        files[page] = placed(architecture, files.get(page) or page.read_text(encoding="utf-8"))
    return files


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit status."""
    files = wanted()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'stale' if '--check' in arguments else 'wrote'}: {path.relative_to(ROOT)}")
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
