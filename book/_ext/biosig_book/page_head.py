"""``{page-head}``: what a page teaches, what it needs, a quick test; and the minutes, counted and measured.

The words are those of the page's source as it is now, the run time that of the run that the page shows.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from biosig_book.run_times import runtimes

WORDS_A_MINUTE = 200  # adults read plain prose at about 240 (Brysbaert 2019); this has formulas in it
SKIPPED = {"code-cell", "solution", "math", "page-head", "dropdown", "bibliography"}
FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})(?:\{(?P<name>[\w:-]+)\})?(?P<rest>.*)$")
FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
MARKUP = re.compile(r"^(?::[\w-]+:.*|% .*|\([\w:.-]+\)=)$")


class PageHead(nodes.Admonition, nodes.Element):
    """Holds the block until the page's time is known."""


class PageHeadDirective(SphinxDirective):
    """A block with a title and what the author wrote."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The author's part; the minutes are added when the page has run."""
        block = PageHead("", nodes.title(text="About this page"), classes=["page-head"])
        self.state.nested_parse(self.content, self.content_offset, block)
        return [block]


class FillPageHead(SphinxPostTransform):
    """Add the minutes, and make an ordinary admonition of the block."""

    default_priority = 8

    def run(self, **options: object) -> None:
        """One sentence at the end of each block."""
        for block in list(self.document.findall(PageHead)):
            source = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
            took = runtimes(self.env).get(self.env.docname)
            minutes = nodes.paragraph("", "", nodes.strong(text="Time. "), nodes.Text(sentence(words(source), took)))
            block.replace_self(nodes.admonition("", *block.children, minutes, classes=block["classes"]))


def words(source: str) -> int:
    """Words of prose in a text notebook: without code, formulas, solutions and the block itself."""
    lines, open_fences, solving = [], [], False
    for line in FRONT.sub("", source).split("\n"):
        fence = FENCE.match(line)
        if fence and open_fences and line.rstrip() == open_fences[-1][0]:
            open_fences.pop()
        elif fence:
            solving = {"solution-start": True, "solution-end": False}.get(fence["name"], solving)
            open_fences.append((fence["fence"], not fence["name"] or fence["name"] in SKIPPED))
        elif not solving and not any(skipped for _, skipped in open_fences) and not MARKUP.match(line):
            lines.append(line)
    return len(re.findall(r"\w[\w'’-]*", FORMULA.sub("", "\n".join(lines))))


def sentence(count: int, seconds: float | None) -> str:
    """How long the page takes, in words."""
    minutes = max(1, round(count / WORDS_A_MINUTE))
    said = f"About {minutes} minute{'s' * (minutes > 1)} to read ({count:,} words)"
    if seconds is None:
        return f"{said}."
    ran = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
    return f"{said}; its code ran in {ran} when this book was built."


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(PageHead)
    app.add_directive("page-head", PageHeadDirective)
    app.add_post_transform(FillPageHead)
