"""The book as a PDF: the pages of the e-book, one after the other, printed by a browser.

    python tools/make_pdf.py          after `make epub`; writes book/_build/pdf/biosig.pdf

It takes Chromium, Chrome or Edge from the PATH, or what BIOSIG_BROWSER names. Nothing is loaded from the network:
MathJax draws the equations from the copy that the book has.
"""

import os
import posixpath
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from biosig_book import mathjax  # noqa: E402  (the path to it is set one line above)

EBOOK = ROOT / "book" / "_build" / "epub"
TARGET = ROOT / "book" / "_build" / "pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
WAIT_MS = 300_000  # of the page's own clock, at most, for a thousand equations
STYLE = """
@page { size: A4; margin: 20mm 20mm 22mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
body { font: 10.5pt/1.45 Georgia, "DejaVu Serif", serif; }
h1, h2, h3, h4 { font-family: sans-serif; break-after: avoid; }
section.page { break-before: page; }
pre { white-space: pre-wrap; font-size: 8pt; }
figure, table, pre, .math, .admonition-title { break-inside: avoid; }
figcaption, caption { break-before: avoid; }
a { color: inherit; text-decoration: none; }
nav ol { list-style: none; }
details, audio { display: none; }
"""


def browser() -> str:
    """The program that prints; an empty string if there is none."""
    named = os.environ.get("BIOSIG_BROWSER")
    return next(filter(None, map(shutil.which, [named] if named else BROWSERS)), "")


def spine(ebook: Path) -> list[str]:
    """The e-book's pages in reading order, without the index."""
    listing = ElementTree.parse(ebook / "content.opf").getroot()
    files = {item.get("id"): item.get("href") for item in listing.findall(".//{*}item")}
    order = [files[item.get("idref")] for item in listing.findall(".//{*}itemref")]
    return [name for name in order if not name.startswith(("genindex", "py-modindex"))]


def place(page: str, anchor: str = "") -> str:
    """The id that a page, or a place on it, has in the whole."""
    return re.sub(r"[^\w-]", "-", f"{page.removesuffix('.xhtml')}--{anchor}" if anchor else page.removesuffix(".xhtml"))


def moved(text: str, page: str, pages: list[str], files: str) -> Tag:
    """What a page shows, its ids, links and images made to fit the whole; ``files`` is where the e-book's lie."""
    body = BeautifulSoup(text[text.index("<html") :], "html.parser").select_one("div.body, nav")
    for node in body(id=True):
        node["id"] = place(page, node["id"])
    for node in body(src=True):
        if not urlsplit(node["src"]).scheme:
            node["src"] = files + posixpath.normpath(posixpath.join(posixpath.dirname(page), node["src"]))
    for link in body("a", href=True):
        parts = urlsplit(link["href"])
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), parts.path)) if parts.path else page
        if not parts.scheme and target in pages:
            link["href"] = "#" + place(target, parts.fragment)
    return body


def whole(ebook: Path, files: str, script: str, title: str) -> str:
    """All pages as one, behind a title and the table of contents."""
    pages = spine(ebook)
    read = {name: (ebook / name).read_text(encoding="utf-8") for name in ["nav.xhtml", *pages]}
    contents = moved(read.pop("nav.xhtml"), "nav.xhtml", pages, files)
    sections = [f'<section class="page" id="{place(name)}">{moved(text, name, pages, files)}</section>'
                for name, text in read.items()]
    styles = "".join(f'<link rel="stylesheet" href="{files}_static/{name}">' for name in ("pygments.css", "ebook.css"))
    return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{styles}'
            f'<style>{STYLE}</style><script src="{script}"></script></head><body><h1>{title}</h1>{contents}'
            + "\n".join(sections) + "</body></html>")


def print_it(program: str, page: Path, pdf: Path) -> int:
    """Have the browser print a page; returns the exit status."""
    command = [program, "--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline",
               f"--virtual-time-budget={WAIT_MS}", f"--print-to-pdf={pdf}", page.as_uri()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # root, as in a container, gets no sandbox
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode


def main() -> int:
    """Write the one page, and print it."""
    if not (EBOOK / "content.opf").is_file():
        print(f"{EBOOK.relative_to(ROOT)} holds no e-book: run `make epub` first.", file=sys.stderr)
        return 2
    if not (program := browser()):
        print(f"No browser to print with: install Chromium, or name one in BIOSIG_BROWSER (looked for "
              f"{', '.join(BROWSERS)}).", file=sys.stderr)
        return 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    TARGET.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(mathjax.folder() / "mml-svg.js", TARGET / "mml-svg.js")
    page, pdf = TARGET / "book.html", TARGET / f"{project['name']}.pdf"
    title = f"{project['name']} {project['version']}"
    page.write_text(whole(EBOOK, "../epub/", "mml-svg.js", title), encoding="utf-8")
    pdf.unlink(missing_ok=True)
    if print_it(program, page, pdf) or not pdf.is_file():
        print(f"{program} printed no PDF.", file=sys.stderr)
        return 1
    print(f"The book is in {pdf.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
