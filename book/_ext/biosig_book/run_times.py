"""``{run-times}``: a table of the pages that run code, by title, and how long each took.

The times are those of the run that the page shows, also when that run came from the cache.
"""

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

PAGES = "biosig_run_times_pages"  # pages that hold the table


class RunTimes(nodes.General, nodes.Element):
    """Stands where the table will be once all pages have run."""


class RunTimesDirective(SphinxDirective):
    """Leave the placeholder."""

    def run(self) -> list[nodes.Node]:
        """Remember the page, since its table changes when another page does."""
        pages = getattr(self.env, PAGES, set()) | {self.env.docname}
        setattr(self.env, PAGES, pages)
        return [RunTimes()]


class FillRunTimes(SphinxPostTransform):
    """Replace the placeholder by the table."""

    default_priority = 8

    def run(self, **options: object) -> None:
        """Every executed page, in the order of their names, and the sum."""
        for place in list(self.document.findall(RunTimes)):
            place.replace_self(table(self.app, self.env.docname))


def table(app: Sphinx, docname: str) -> nodes.table:
    """Title, linked, and seconds."""
    seconds = runtimes(app.env)
    rows = [(page_link(app, docname, page), f"{took:.1f}") for page, took in seconds.items()]
    rows.append((nodes.strong(text="All pages"), f"{sum(seconds.values()):.1f}"))
    body = nodes.tbody("", *(row(*cells) for cells in rows))
    head = nodes.thead("", row(nodes.Text("Page"), "Seconds"))
    columns = [nodes.colspec(colwidth=width) for width in (80, 20)]
    return nodes.table("", nodes.tgroup("", *columns, head, body, cols=2), classes=["colwidths-auto"])


def runtimes(env: BuildEnvironment) -> dict[str, float]:
    """Seconds by page name."""
    found = {page: data.get("exec_data") for page, data in NbMetadataCollector.get_doc_data(env).items()}
    return {page: data["runtime"] for page, data in sorted(found.items()) if data and data.get("runtime")}


def page_link(app: Sphinx, docname: str, page: str) -> nodes.reference:
    """A link to a page under its title."""
    uri = app.builder.get_relative_uri(docname, page)
    return nodes.reference("", app.env.titles[page].astext(), refuri=uri, internal=True)


def row(first: nodes.Node, second: str) -> nodes.row:
    """One row of two cells."""
    cells = (nodes.paragraph("", "", first), nodes.paragraph(text=second))
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Write the table's page again whenever any page ran."""
    return sorted(getattr(env, PAGES, set())) if NbMetadataCollector.new_exec_data(env) else []


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(RunTimes)
    app.add_directive("run-times", RunTimesDirective)
    app.connect("env-updated", changed)
    app.add_post_transform(FillRunTimes)
