"""The e-book's pages are XML without scripts, its equations MathML; the PDF's one page holds all of them."""

import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tools")]

import make_pdf  # noqa: E402
from biosig_book import ebook, equations  # noqa: E402

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
PAGE = """<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head>
<link rel="stylesheet" href="../_static/epub.css"><link rel="stylesheet" href="../_static/web.css">
</head><body><div class="body">
<p>one<br>two &amp; three &lt; four<script>if (a && b) {}</script>
<audio controls src="data:audio/mpeg;base64,AAAA"></audio>
<a href="../_static/abx/index.html">a test</a> <a href="other.xhtml#there">elsewhere</a> <img src="../_images/a.png">
<p>a <ol><li>b</li></ol></p><div id="x/y"></div><section id="twice"></section><section id="twice"></section>
<details><summary><p>Show</p><p>Hide</p></summary>code</details></div></body></html>"""


@pytest.fixture
def page():
    return ElementTree.fromstring(ebook.as_xhtml(PAGE).encode())


def test_a_page_becomes_xml_and_loses_what_an_ebook_cannot_do(page):
    assert not list(page.iter(f"{XHTML}script")) and not page.findall(f".//{XHTML}p/{XHTML}ol")
    assert [link.get("href") for link in page.iter(f"{XHTML}a")] == ["other.xhtml#there"]
    assert "a test" in "".join(page.itertext()) and "two & three < four" in "".join(page.itertext())
    assert [node.get("controls") for node in page.iter(f"{XHTML}audio")] == [""]
    assert ["".join(node.itertext()) for node in page.iter(f"{XHTML}summary")] == ["Code"]


def test_a_page_has_the_ebooks_styles_and_every_id_once(page):
    assert [link.get("href") for link in page.iter(f"{XHTML}link")] == ["../_static/epub.css", "../_static/ebook.css"]
    assert [node.get("id") for node in page.iter() if node.get("id")] == ["x-y", "twice"]


@pytest.mark.parametrize(("tex", "expected", "number"), [
    (r"a < \frac{b}{c} \tag{11}", "mfrac", "11"),
    (r"a &= b \\ c &= d", "mtable", None),
    (r"\begin{equation*}\begin{aligned}a \\ b\end{aligned} \tag{3}\end{equation*}", "mtable", "3"),
])
def test_a_formula_becomes_mathml_with_its_number_and_its_source(tex, expected, number):
    writer = SimpleNamespace(body=[], starttag=lambda node, tag, **_: f"<{tag}>")
    with pytest.raises(nodes.SkipNode):
        ebook.display(writer, nodes.math_block(tex, tex, nowrap=tex.startswith(r"\begin"), number=None))
    block = ElementTree.fromstring("".join(writer.body))
    (formula,) = block.iter(f"{MATHML}math")
    assert [node.text for node in block.iter("span")] == ([f"({number})"] if number else [])
    assert list(formula.iter(MATHML + expected)) and not list(formula.iter(f"{MATHML}merror"))
    assert tex.split()[0] in formula.get("alttext") and "tag{" not in formula.get("alttext")


def test_what_mathjax_refuses_is_an_error():
    with pytest.raises(ValueError, match="Undefined control sequence"):
        equations.mathml(r"\nonsense")


def test_the_printed_page_leads_to_its_own_places():
    pages = ["notebooks/a.xhtml", "notebooks/other.xhtml"]
    body = make_pdf.moved(ebook.as_xhtml(PAGE), "notebooks/a.xhtml", pages, "../")
    assert body.a["href"] == "#notebooks-other--there" and make_pdf.place("notebooks/other.xhtml") == "notebooks-other"
    assert body.img["src"] == "../_images/a.png" and body.audio["src"].startswith("data:")
    assert body.section["id"] == "notebooks-a--twice"


def test_the_printed_page_holds_every_page_in_the_ebooks_order(tmp_path):
    (tmp_path / "content.opf").write_text(
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="second.xhtml"/>'
        '<item id="b" href="first.xhtml"/><item id="c" href="genindex.xhtml"/></manifest>'
        '<spine><itemref idref="b"/><itemref idref="a"/><itemref idref="c"/></spine></package>')
    for name in ("first", "second"):
        (tmp_path / f"{name}.xhtml").write_text(ebook.as_xhtml(PAGE.replace("one", name)))
    (tmp_path / "nav.xhtml").write_text('<html><nav><a href="second.xhtml">Second</a></nav></html>')
    text = make_pdf.whole(tmp_path, "../", "mml-svg.js", "A book")
    assert text.index('id="first"') < text.index("<p>first") < text.index('id="second"') < text.index("<p>second")
    assert '<a href="#second">Second</a>' in text and "genindex" not in text


def test_mending_twice_changes_nothing():
    once = ebook.as_xhtml(PAGE)
    assert ebook.as_xhtml(once) == once


def test_without_an_ebook_or_a_browser_nothing_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_pdf, "ROOT", tmp_path)
    monkeypatch.setattr(make_pdf, "EBOOK", tmp_path / "epub")
    assert make_pdf.main() == 2 and "make epub" in capsys.readouterr().err
    (tmp_path / "epub").mkdir()
    (tmp_path / "epub" / "content.opf").write_text("")
    monkeypatch.setenv("BIOSIG_BROWSER", "no-such-browser")
    assert make_pdf.main() == 2 and "BIOSIG_BROWSER" in capsys.readouterr().err
