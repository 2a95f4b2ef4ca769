"""What the book needs beyond Jupyter Book: fresh outputs, links that lead somewhere, offline pages."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def solutions(app: "Sphinx", config: object) -> None:
    """BIOSIG_SOLUTIONS=hide leaves the exercises' solutions out of the build."""
    if os.environ.get("BIOSIG_SOLUTIONS") == "hide":
        config.hide_solutions = True


def setup(app: "Sphinx") -> dict[str, object]:
    """Called by Sphinx: hand each part its moment in the build."""
    # imported here, so that tools/build_book.py can ask for the key without loading Sphinx
    from biosig_book import api, docstrings, freshness, links, listening, mathjax, page_head, run_times, sliders

    app.add_config_value("biosig_profile", "quick", "env")
    app.connect("config-inited", solutions)
    app.connect("config-inited", freshness.prepare_execution)
    app.connect("config-inited", links.choose_repository)
    app.connect("config-inited", mathjax.use_local_copy)
    app.connect("source-read", api.expand)
    app.connect("autodoc-process-docstring", docstrings.mend, priority=900)
    # after sphinx-book-theme has made its buttons, at 501
    app.connect("html-page-context", links.mend_buttons, priority=900)
    app.connect("build-finished", mathjax.copy)
    app.connect("build-finished", listening.write)
    run_times.setup(app)
    page_head.setup(app)
    sliders.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
