"""Walk a built book as a reader would: does every link and button lead to something that exists?

    python tools/check_site.py [SITE]

Checked without a network: local links and their anchors, images and scripts; links into the project's public
repository, Colab and Binder, by looking for the file in this checkout; that nothing is loaded from another host,
so that the book reads offline; that pages name their language and images carry a description; that MathJax, run
without a browser, takes every equation; that every picture that a cell drew has a number and a caption; that no
script is loaded, and no constant declared, twice.
"""

import re
import sys
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from biosig_book import equations  # noqa: E402  (the path to it is set one line above)
from site_page import Page  # noqa: E402

# formulas as MathJax finds them in an element of class "math"
MATHS = re.compile(r"\\\((?P<inline>.*?)\\\)|\\\[(?P<display>.*?)\\\]|"
                   r"(?P<block>\\begin\{(?P<name>[^}]+)\}.*?\\end\{(?P=name)\})", re.DOTALL)
CONSTANT = re.compile(r"(?:^|;)\s*(?:const|let|class)\s+(\w+)")
IN_REPOSITORY = re.compile(r"/(?:edit|blob|tree|raw)/[^/]+/(?P<path>[^?#]+)$")


@cache
def page(path: Path) -> Page:
    """One page, read once."""
    return Page(path.read_text(encoding="utf-8"))


def missing_locally(site: Path, at: Path, link: str) -> str:
    """Why a local link leads nowhere, or an empty string."""
    parts = urlsplit(link)
    target = (at.parent / unquote(parts.path)).resolve() if parts.path else at
    target = target / "index.html" if target.is_dir() else target
    if not target.is_relative_to(site.resolve()):
        return f"{link} leads out of the book"
    if not target.is_file():
        return f"{link} is not there"
    if parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in page(target).anchors:
        return f"{link} has no such place on its page"
    return ""


def missing_in_checkout(link: str, root: Path) -> str:
    """Why a link into the public repository, Colab or Binder would lead nowhere, or an empty string."""
    parts = urlsplit(link)
    if parts.netloc == "mybinder.org":
        found = parse_qs(parts.query).get("urlpath", [""])[0].removeprefix("lab/tree/")
    elif parts.netloc in ("github.com", "colab.research.google.com"):
        inside = IN_REPOSITORY.search(parts.path)
        found = unquote(inside["path"]) if inside else ""
    else:
        return ""
    return f"{link}: {found} is not in the project" if found and not (root / found).is_file() else ""


def is_remote(link: str) -> bool:
    """Whether a link names another host."""
    return bool(urlsplit(link).netloc)


def of_the_project(link: str, repository: str) -> bool:
    """Whether a link leads to this project's own repository, directly or through Colab or Binder."""
    return bool(repository) and f"/{repository}/" in unquote(link)


def refused(here: Page) -> list[str]:
    """What MathJax will not typeset, with its reason."""
    found = []
    for match in MATHS.finditer("\n".join(here.maths)):
        tex = match["inline"] or match["display"] or match["block"] or ""
        said = equations.wrong(tex, display=match["inline"] is None)
        found += [f"MathJax refuses {' '.join(tex.split())[:80]!r}: {said}"] if said else []
    return found


def said_twice(here: Page) -> list[str]:
    """Scripts loaded, and constants of inline scripts declared, more than once."""
    scripts = [urlsplit(link).path for link in here.scripts]
    names = [name for script in here.inline_scripts for name in CONSTANT.findall(script)]
    again = {each for each in scripts if scripts.count(each) > 1} | {each for each in names if names.count(each) > 1}
    return [f"{each} is loaded or declared twice" for each in sorted(again)]


def problems_of(site: Path, at: Path, root: Path, repository: str) -> list[str]:
    """Everything wrong on one page."""
    here = page(at)
    found = [] if here.language else ["names no language"]
    found += [f"an image without a description: {source}" for source in here.undescribed]
    found += [f"a picture drawn by a cell has no number and caption: {source}" for source in here.unnumbered]
    found += refused(here) + said_twice(here)
    found += [f"{link} is loaded from another host" for link in here.loads if is_remote(link)]
    for link in [*here.links, *here.loads]:
        if is_remote(link):
            found.append(missing_in_checkout(link, root) if of_the_project(link, repository) else "")
        elif not urlsplit(link).scheme and link != "#":
            found.append(missing_locally(site, at, link))
    return [f"{at.relative_to(site)}: {wrong}" for wrong in dict.fromkeys(found) if wrong]


def repository_of(site: Path) -> str:
    """owner/name, as the landing page's repository button has it."""
    on_github = [link for link in page(site / "index.html").links if link.startswith("https://github.com/")]
    names = [re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", link) for link in on_github]
    return next((name[1] for name in names if name), "")


def problems(site: Path, root: Path = ROOT) -> list[str]:
    """Everything wrong in a built book."""
    if not (site / "index.html").is_file():
        return [f"{site} holds no index.html: build the book first"]
    pages = sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)
    return [wrong for path in pages for wrong in problems_of(site, path, root, repository_of(site))]


def main(arguments: list[str]) -> int:
    """Print what is wrong; returns the exit status."""
    site = Path(arguments[0]) if arguments else ROOT / "book" / "_build" / "html"
    found = problems(site)
    print("\n".join(found) or "every link leads somewhere, every equation can be set, every figure has its number")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
