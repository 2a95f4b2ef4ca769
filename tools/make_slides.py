"""Slides from a built page: headings, figures, formulas, tables and sounds; one HTML file that works offline.

    python tools/make_slides.py [PAGE ...]       after `make book`; all pages with code if none is named

They go into book/_build/html/slides and use the book's own pictures and formulas beside it. Arrow keys, Page Up and
Page Down, or a tap on the right or left half turn them; printing gives one slide a sheet.
"""

import sys
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "book" / "_build" / "html"
SHOWN = "figure, div.math, div.cell_output, table, .page-head ul, .biosig-slider"  # what a slide keeps of a section
DROPPED = ".headerlink, .cell_input, .toggle-button, .exercise, .solution, details, script, .traceback"
LEFT_OUT = ("Exercises",)
STYLE = """
:root { color-scheme: light dark; --pst-color-text-muted: gray; --pst-color-border: gray; }
body { margin: 0; font: 1.5rem/1.4 system-ui, sans-serif; }
section { display: none; box-sizing: border-box; min-height: 100vh; padding: 3vh 5vw; }
section.now { display: block; }
h1 { font-size: 2rem; margin: 0 0 2vh; } h1 small { font-weight: normal; opacity: .6; }
img { max-width: 100%; max-height: 66vh; background: #fff; } table { border-collapse: collapse; font-size: 1.1rem; }
td, th { padding: .2em .6em; border-bottom: 1px solid gray; text-align: left; } p, li { max-width: 50em; }
.biosig-slider svg { width: 100%; max-height: 60vh; fill: currentColor; } .biosig-slider { font-size: 1.1rem; }
footer { position: fixed; right: 1rem; bottom: .5rem; font-size: .9rem; opacity: .6; }
@media print { section { display: block; break-after: page; } footer { display: none; } }
"""
SCRIPT = """
const slides = [...document.querySelectorAll("section")], where = document.querySelector("footer");
let at = Math.min(slides.length, Math.max(1, Number(location.hash.slice(1)) || 1)) - 1;
const show = (to) => { at = Math.min(slides.length - 1, Math.max(0, to));
  slides.forEach((slide, i) => slide.classList.toggle("now", i === at));
  where.textContent = `${at + 1} / ${slides.length}`; history.replaceState(null, "", `#${at + 1}`); scrollTo(0, 0); };
addEventListener("keydown", (event) => { if (event.target.matches("input, audio")) return;
  const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (step) { event.preventDefault(); show(at + step); } });
addEventListener("click", (event) => { if (!event.target.closest("a, button, input, audio, label, summary"))
  show(at + (event.clientX > innerWidth / 2 ? 1 : -1)); });
show(at);
"""


def own(section: Tag, selector: str) -> list[Tag]:
    """What a section itself contains, not its subsections; nothing twice."""
    found = [each for each in section.select(selector) if each.find_parent("section") is section]
    return [each for each in found if not any(parent in found for parent in each.parents)]


def slides_of(section: Tag, title: str) -> list[str]:
    """One section as slides: its heading, and what it shows, or its first paragraph where it shows nothing."""
    heading = section.find(["h1", "h2", "h3"], recursive=False).get_text()
    above = f" <small>{escape(title)}</small>" if heading != title else ""
    shown = own(section, SHOWN) or section.find_all("p", recursive=False)[:1]
    captions = [p for p in section.find_all("p", recursive=False) if p.find("em", recursive=False)
                and p.get_text().strip() == p.em.get_text().strip()]
    wanted = {id(each) for each in [*shown, *captions]}
    pages: list[list[Tag]] = [[]]
    for each in (each for each in section.find_all(True) if id(each) in wanted):
        if large(each) and (any(map(large, pages[-1])) or len(pages[-1]) > 1):
            pages.append([])
        pages[-1].append(each)
    bodies = ["\n".join(map(str, page)) for page in pages]
    return [f"<section>\n<h1>{escape(heading)}{above}</h1>\n{body}\n</section>" for body in bodies]


def large(each: Tag) -> bool:
    """Whether something fills a slide: a picture, a table, a slider."""
    return each.name in ("figure", "table") or "biosig-slider" in each.get("class", []) or bool(
        each.find(["img", "table", "audio"]))


def deck(page: str, depth: str = "../") -> str:
    """All slides of a built page as one HTML file; ``depth`` leads from the slides to the page's folder."""
    soup = BeautifulSoup(page, "html.parser")
    article = soup.find("article")
    for each in article.select(DROPPED):
        each.decompose()
    for tag, attribute in (("img", "src"), ("source", "src"), ("audio", "src"), ("a", "href")):
        for each in article.find_all(tag):
            link = each.get(attribute, "")
            if link and ":" not in link.split("/")[0] and not link.startswith("#"):
                each[attribute] = depth + link
    title = article.h1.get_text()
    sections = [s for s in article.find_all("section") if s.find(["h1", "h2", "h3"], recursive=False).get_text()
                .lstrip("0123456789. ") not in LEFT_OUT]
    scripts = "".join(f'<script defer src="../_static/{name}"></script>\n' for name in
                      ("mathjax/tex-svg-full.js", "sliders/data.js", "sliders/sliders.js"))
    config = "window.MathJax = {options: {processHtmlClass: 'tex2jax_process|mathjax_process|math|output_area'}};"
    slides = "\n".join(each for section in sections for each in slides_of(section, title))
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{STYLE}</style>\n<script>{config}</script>\n{scripts}</head>\n<body>\n{slides}\n"
            f"<footer></footer>\n<script>{SCRIPT}</script>\n</body></html>\n")


def main(names: list[str], site: Path = SITE) -> int:
    """Write the slides of the named pages."""
    pages = {page.stem: page for page in sorted(site.glob("notebooks/*/*.html"))}
    if not pages:
        raise SystemExit(f"{site} holds no pages: run `make book` first.")
    if unknown := [name for name in names if Path(name).stem not in pages]:
        raise SystemExit(f"{unknown[0]} is no page with code: expected some of {', '.join(pages)}.")
    (site / "slides").mkdir(exist_ok=True)
    for page in [pages[Path(name).stem] for name in names] or pages.values():
        target = site / "slides" / f"{page.parent.name}_{page.name}"
        target.write_text(deck(page.read_text("utf-8"), f"../notebooks/{page.parent.name}/"), "utf-8")
        print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
