"""The book as an EPUB, from the same pages: ``make epub``.

An e-book runs no scripts and must be well-formed XML. So equations become MathML here, what cells wrote as HTML is
written again as XHTML, and links to files that only the web edition has lose their target.
"""

import re
import shutil
import tomllib
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder
from sphinx.config import Config
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from biosig_book import equations

RENDERER = "biosig_mathml"
STYLE = Path(__file__).with_name("ebook.css")
STYLES = ("pygments.css", "epub.css", STYLE.name)  # those of the web edition are for browsers
TAG = re.compile(r"\\tag\{([^}]*)\}")
XHTML = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'


def describe(app: Sphinx, config: Config) -> None:
    """Title, version and what else a shelf shows; the version is the project's."""
    declared = Path(app.srcdir).resolve().parent / "pyproject.toml"
    project = tomllib.loads(declared.read_text(encoding="utf-8"))["project"]
    config.version = config.release = project["version"]
    config.epub_description = project["description"]
    config.epub_contributor = config.epub_publisher = config.author
    config.epub_identifier = config.epub_uid = project["name"]
    config.epub_copyright = f"{config.copyright}, {config.author}; text and figures: CC BY 4.0"


class Ebook(Epub3Builder):
    """Sphinx's EPUB builder, with MathML and with XHTML throughout."""

    math_renderer_name = RENDERER

    def handle_finish(self) -> None:
        """Mend the pages, and drop what only the web edition needs, before all is packed."""
        static = Path(self.outdir, "_static")
        shutil.copyfile(STYLE, static / STYLE.name)
        for file in [*static.rglob("*.js"), *static.rglob("*.html"), *static.rglob("*.css")]:
            if file.name not in STYLES:
                file.unlink()
        for page in sorted(Path(self.outdir).rglob("*.xhtml")):
            page.write_text(as_xhtml(page.read_text(encoding="utf-8")), encoding="utf-8")
        super().handle_finish()

    def build_content(self) -> None:
        """List the files, and say of each page that has MathML that it has."""
        super().build_content()
        listing = Path(self.outdir, "content.opf")
        text = listing.read_text(encoding="utf-8")
        for page in Path(self.outdir).rglob("*.xhtml"):
            name = page.relative_to(self.outdir).as_posix()
            if "<math " in page.read_text(encoding="utf-8"):
                text = text.replace(f'href="{name}" ', f'href="{name}" properties="mathml" ')
        listing.write_text(text, encoding="utf-8")


def as_xhtml(text: str) -> str:
    """One page as well-formed XML, without scripts and without links to what an e-book does not hold."""
    page = BeautifulSoup(text[text.index("<html") :], "html.parser")
    for node in page(["script", "button"]) + page("meta", attrs={"name": "viewport"})[1:]:
        node.decompose()
    for link in page("a", href=re.compile(r"_static/|_sources/")):
        link.unwrap()
    for summary in page("summary"):  # of a folded cell; holds two paragraphs, of which a script shows one
        summary.string = "Code"
    for inner in page.select("p > ol, p > ul"):  # Sphinx opens a paragraph around a parameter's list
        inner.parent.name = "div"
    give_styles(page)
    keep_ids_single(page)
    root = page.html
    root["lang"] = root["xml:lang"] = "en"
    return XHTML + str(root) + "\n"


def give_styles(page: BeautifulSoup) -> None:
    """Link the e-book's own style in place of those of the web edition."""
    for link in page("link", rel="stylesheet"):
        if Path(link["href"]).name in STYLES[:-1]:
            last = link
        else:
            link.decompose()
    own = page.new_tag("link", rel="stylesheet", type="text/css", href=str(Path(last["href"]).with_name(STYLE.name)))
    last.insert_after(own)


def keep_ids_single(page: BeautifulSoup) -> None:
    """sphinx-exercise calls every exercise's content by one id, and puts slashes into others."""
    seen: set[str] = set()
    for node in page(id=True):
        if node["id"] in seen:
            del node["id"]
        else:
            seen.add(node["id"])
            node["id"] = node["id"].replace("/", "-")


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math") + described(node.astext(), False) + "</span>")
    raise nodes.SkipNode


def display(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, its number (Sphinx's, or that of a tag) beside it."""
    tex = node.astext()
    said = TAG.search(tex)
    number = get_node_equation_number(self, node) if node["number"] else said and said[1]
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if number:
        self.body.append(f'<span class="eqno">({number})</span>')
    tex = TAG.sub("", tex)
    lines = tex if node["nowrap"] or r"\\" not in tex else rf"\begin{{split}}{tex}\end{{split}}"
    self.body.append(described(lines, True) + "</div>\n")
    raise nodes.SkipNode


def described(tex: str, display: bool) -> str:
    """MathML with its source as the text for those who cannot see it."""
    source = " ".join(tex.split()).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return equations.mathml(tex, display).replace("<math ", f'<math alttext="{source}" ', 1)


def setup(app: Sphinx) -> None:
    """Take the place of Sphinx's builder of the same name."""
    app.add_html_math_renderer(RENDERER, (inline, None), (display, None))
    app.add_builder(Ebook, override=True)
    app.connect("config-inited", describe)
