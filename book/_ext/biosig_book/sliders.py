"""``{slider} NAME``: a picture that a reader moves; its body is what stands there without scripts, and on paper."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SCRIPTS = ("sliders/data.js", "sliders/sliders.js")  # made by tools/make_sliders.py, and what draws it


class Slider(nodes.General, nodes.Element):
    """Where a slider goes; its children are the fallback."""


class SliderDirective(SphinxDirective):
    """The name of a table in data.js, and a sentence for those without scripts."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """One node."""
        self.assert_has_content()
        place = Slider("", name=self.arguments[0])
        self.state.nested_parse(self.content, self.content_offset, place)
        return [place]


def open_html(translator: nodes.NodeVisitor, node: Slider) -> None:
    """The script replaces what stands inside."""
    translator.body.append(f'<div class="biosig-slider" data-slider="{node["name"]}">')


def close_html(translator: nodes.NodeVisitor, node: Slider) -> None:
    """The end of it."""
    translator.body.append("</div>")


def ignore(translator: nodes.NodeVisitor, node: Slider) -> None:
    """Elsewhere the fallback stands alone."""


def add_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Load the scripts on pages with a slider only; Jupyter Book would load all that lies in _static, everywhere."""
    files = context.get("script_files", [])
    files[:] = [each for each in files if not str(getattr(each, "filename", each)).endswith(SCRIPTS)]
    if doctree is not None and any(doctree.findall(Slider)):
        for script in SCRIPTS:
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(Slider, html=(open_html, close_html), latex=(ignore, ignore), text=(ignore, ignore),
                 epub=(ignore, ignore))
    app.add_directive("slider", SliderDirective)
    app.connect("html-page-context", add_scripts)
