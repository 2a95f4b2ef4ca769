"""Jupyter Book loads sphinx-thebe, which puts its scripts on every page, twice, although no button here calls them.

The second ``const THEBE_JS_URL`` is an error in every browser's console. There is no setting that leaves it out.
"""

from sphinx.application import Sphinx
from sphinx.config import Config


def leave_out(app: Sphinx, config: Config) -> None:
    """Call nothing that sphinx-thebe has asked to be called, and load nothing that it brings."""
    for listeners in app.events.listeners.values():
        for listener in [each for each in listeners if each.handler.__module__.split(".")[0] == "sphinx_thebe"]:
            listeners.remove(listener)
    app.registry.css_files[:] = [sheet for sheet in app.registry.css_files if "thebe" not in sheet[0]]
