"""What the book needs beyond Jupyter Book: fresh outputs, links that lead somewhere, offline pages."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> dict[str, object]:
    """Called by Sphinx: hand each part its moment in the build."""
    # imported here, so that tools/build_book.py can ask for the key without loading Sphinx
    from biosig_book import (
        api,
        docstrings,
        downloads,
        ebook,
        figures,
        freshness,
        links,
        listening,
        mathjax,
        no_thebe,
        page_head,
        run_times,
        sliders,
        solutions,
    )

    app.add_config_value("biosig_profile", "quick", "env")
    app.add_config_value("biosig_solutions", True, "env")
    app.add_config_value("biosig_downloads", [], "html")
    app.add_transform(figures.FiguresFromCells)
    app.connect("config-inited", no_thebe.leave_out)
    app.connect("config-inited", freshness.prepare_execution)
    app.connect("config-inited", solutions.choose)
    app.connect("config-inited", downloads.choose)
    app.connect("config-inited", links.choose_repository)
    app.connect("config-inited", mathjax.use_local_copy)
    app.connect("source-read", api.expand)
    app.connect("source-read", solutions.leave_out)
    app.connect("autodoc-process-docstring", docstrings.mend, priority=900)
    # after sphinx-book-theme has made its buttons, at 501
    app.connect("html-page-context", links.mend_buttons, priority=900)
    app.connect("build-finished", mathjax.copy)
    app.connect("build-finished", downloads.copy)
    app.connect("build-finished", listening.write)
    run_times.setup(app)
    page_head.setup(app)
    ebook.setup(app)
    sliders.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
