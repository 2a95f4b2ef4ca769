r"""Equations without a browser: the book's own MathJax, run by a small JavaScript engine (dukpy).

What the reader's browser would refuse is refused here, with MathJax's own words, while the book is checked; and an
e-book, which runs no scripts, gets its equations as MathML.
"""

from functools import cache

from biosig_book import mathjax

PARTS = ("loader.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js")  # of MathJax; no output is needed
# bussproofs wants to measure boxes; the other two would hide an error instead of telling it
SET_UP = """
var parts = MathJax._, left_out = ['bussproofs', 'noerrors', 'noundefined'];
parts.handlers.html_ts.RegisterHTMLHandler(parts.adaptors.liteAdaptor.liteAdaptor());
var page = parts.mathjax.mathjax.document('', {InputJax: new parts.input.tex_ts.TeX({
  packages: parts.input.tex.AllPackages.AllPackages.filter(function (name) { return left_out.indexOf(name) < 0; }),
  formatError: function (input, error) { throw error; }
})});
var writer = new parts.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
globalThis.typeset = function (tex, display) {
  try {
    var end = parts.core.MathItem.STATE.CONVERT;
    return {mathml: writer.visitTree(page.convert(tex, {display: display, end: end}))};
  } catch (error) {
    return {wrong: error.message};
  }
};
0"""


@cache
def engine():
    """MathJax's input side, ready to be called; made once, in a fifth of a second."""
    import dukpy  # here, so that the extension loads where only part of the book's packages are

    interpreter = dukpy.JSInterpreter()
    interpreter.evaljs("globalThis.global = globalThis; globalThis.MathJax = {loader: {load: []}}; 0")
    for name in PARTS:
        interpreter.evaljs((mathjax.folder() / name).read_text(encoding="utf-8") + "; 0")
    interpreter.evaljs(SET_UP)
    return interpreter


@cache
def _typeset(tex: str, display: bool) -> dict[str, str]:
    return engine().evaljs("typeset(dukpy.tex, dukpy.display)", tex=tex, display=display)


def wrong(tex: str, display: bool = True) -> str:
    """What MathJax has against an equation, in its own words; an empty string if nothing."""
    return _typeset(tex, display).get("wrong", "")


def mathml(tex: str, display: bool = True) -> str:
    """The equation as MathML.

    Raises:
        ValueError: MathJax refuses it.
    """
    if said := wrong(tex, display):
        raise ValueError(f"{tex}: {said}")
    return _typeset(tex, display)["mathml"]
