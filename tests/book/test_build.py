"""A tiny book, built by the real command with the real configuration and extension.

It must go red on a failed cell, also the second time in a row, show what the package gives now and not what it
gave before, and have only links that lead somewhere. None of it may need the network.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_site  # noqa: E402
import pair_notebooks  # noqa: E402

TOC = """format: jb-book
root: index
chapters:
  - file: notebooks/page
"""
PAGE = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

::::{page-head}
**A quick test.** Is it one?

:::{dropdown} Answer
It is.
:::
::::

$$
y = x + s n
$$ (eq-mixture)

```{code-cell} ipython3
import os
from pathlib import Path

value = int(Path("../biosig/value.txt").read_text())  # stands for anything a page computes with the package
print("the value is", value, "at", os.environ["BIOSIG_PROFILE"], os.environ.get("BIOSIG_DATA"))
assert value > 0
```

In {numref}`fig-line` it is drawn.

(fig-line)=
```{code-cell} ipython3
---
mystnb:
  image:
    alt: a line that rises
---
import matplotlib.pyplot as plt

print("before the picture")
plt.plot([0, value])
plt.show()
```

*A line and its* slope, *of $1$.*

```{exercise} Twice
:label: twice
Double it.
```

```{solution} twice
:class: dropdown
Told at first.
```

```{solution-start} twice
:class: dropdown
```
Told at second:
```{code-cell} ipython3
print("double is", 2 * value)
```
```{solution-end}
```
"""


class Book:
    """A small project beside the real one's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("book", "notebooks", "biosig"):
            (folder / name).mkdir()
        for name in ("_config.yml", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "book" / "_ext", folder / "book" / "_ext",
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
        for name in ("_config.yml", "_toc.yml", "notebooks"):
            (folder / "book" / name).symlink_to(f"../{name}")
        (folder / "_toc.yml").write_text(TOC)
        (folder / "book" / "index.md").write_text("# The book\n\nRead {doc}`notebooks/page`.\n")
        (folder / "book" / "references.bib").write_text("")
        (folder / "notebooks" / "page.md").write_text(PAGE)
        pair_notebooks.write(folder)
        self.site = folder / "book" / "_build" / "html"

    def set_value(self, value: int) -> None:
        """Edit 'the package'; no page's own text changes."""
        (self.folder / "biosig" / "value.txt").write_text(str(value))

    def build(self, **variables: str) -> subprocess.CompletedProcess:
        """Exactly the command a reader types."""
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book/"]
        surroundings = os.environ | {"BIOSIG_DATA": "a folder", "BIOSIG_REPOSITORY": "someone/fork"} | variables
        return subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True)

    def page(self) -> str:
        """The built page."""
        return (self.site / "notebooks" / "page.html").read_text()


@pytest.mark.slow
def test_a_book_from_its_first_build_to_a_failed_cell_and_back(tmp_path):
    book = Book(tmp_path)

    book.set_value(1)
    (tmp_path / "small.epub").write_text("an e-book")
    first = book.build(BIOSIG_DOWNLOADS="small.epub")
    assert first.returncode == 0, first.stderr[-2000:]
    assert "the value is 1 at quick None" in book.page(), "BIOSIG_DATA must be out of sight at quick"
    assert check_site.problems(book.site, book.folder) == []
    assert "someone/fork/edit/main/notebooks/page.md" in book.page()
    assert "someone/fork/blob/main/notebooks/page.ipynb" in book.page()
    assert (book.site / "_sources/notebooks/page.ipynb").read_bytes() == (
        book.folder / "notebooks/page.ipynb").read_bytes()
    assert "_static/mathjax/tex-svg-full.js" in book.page()
    assert re.search(r"minutes? to read \(\d+ words\); its code ran in \d+ seconds", book.page())

    assert re.search(r'href="#fig-line"><span class="std std-numref">Fig. 1</span></a> it is drawn', book.page())
    assert re.search(
        r'<figure [^>]*id="fig-line">.*?alt="a line that rises".*?<span class="caption-number">Fig. 1 </span>'
        r'<span class="caption-text">A line and its<em> slope, </em>of', book.page(), re.DOTALL)
    assert 'href="../downloads/small.epub"' in book.page()
    assert (book.site / "downloads" / "small.epub").read_text() == "an e-book"
    assert "double is 2" in book.page(), "the code of a solution runs"
    assert "thebe" not in book.page().lower()

    book.set_value(-1)
    for _ in range(2):
        failed = book.build()
        assert failed.returncode != 0, "a failed cell left the build green"
        assert "AssertionError" in failed.stdout + failed.stderr

    book.set_value(2)
    again = book.build()
    assert again.returncode == 0, again.stderr[-2000:]
    assert "the value is 2 at quick" in book.page(), "the page shows what the package gave before"

    bare = book.build(BIOSIG_SOLUTIONS="0")
    assert bare.returncode == 0, bare.stderr[-2000:]
    assert "Double it" in book.page()
    check_site.page.cache_clear()
    assert check_site.problems(book.site, book.folder) == []
    offered = [path for path in book.site.rglob("*") if path.suffix in (".html", ".md", ".ipynb", ".txt")]
    assert not [path for path in offered if "Told at" in path.read_text() or "double is" in path.read_text()]
