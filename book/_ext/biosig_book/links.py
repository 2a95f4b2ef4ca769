"""Buttons that lead to files that exist.

Sphinx sees a notebook as book/notebooks/x.md, through a folder link; on the project's public page it is
notebooks/x.md, and its twin for Colab and Binder is notebooks/x.ipynb. A page without a twin has no launch
button. A book without solutions offers no files that hold them.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from biosig_book import downloads

HOST = "https://github.com"


def choose_repository(app: Sphinx, config: Config) -> None:
    """BIOSIG_REPOSITORY (owner/name, or an address) takes the place of the address in _config.yml."""
    named = os.environ.get("BIOSIG_REPOSITORY", "").strip("/")
    if named:
        config.html_theme_options["repository_url"] = named if "://" in named else f"{HOST}/{named}"


def mend_buttons(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Set the launch, edit and download buttons of one page."""
    if doctree is None or app.builder.name == "epub":  # search and index pages have no source, an e-book no buttons
        return
    source = Path(app.env.doc2path(pagename)).resolve()
    path = source.relative_to(Path(app.srcdir).resolve().parent)
    twin = source.with_suffix(".ipynb") if source.with_suffix(".ipynb").exists() else None
    options = app.config.html_theme_options
    branch = options.get("repository_branch") or "main"
    url = options.get("repository_url", "").rstrip("/")
    buttons = [button for button in context.get("header_buttons", []) if button["label"] != "launch-buttons"]
    if not app.config.biosig_solutions:  # these lead to files that hold them
        buttons, twin = [button for button in buttons if button["label"] != "download-buttons"], None
    for button in buttons:
        set_edit_link(button, f"{url}/edit/{branch}/{path.as_posix()}")
        if button["label"] == "download-buttons":
            offer_twin(app, pagename, button, twin, context["pathto"])
            button["buttons"] += whole_book(app, context["pathto"])
    if twin and url:
        notebook = path.with_suffix(".ipynb").as_posix()
        buttons.insert(0, launch_group(url.removeprefix(HOST + "/"), branch, notebook))
    context["header_buttons"] = buttons


def set_edit_link(button: dict[str, Any], url: str) -> None:
    """Point 'suggest edit' at the file's own place."""
    for inner in (button, *button.get("buttons", [])):
        if inner["label"] == "source-edit-button":
            inner["url"] = url


def offer_twin(
    app: Sphinx, pagename: str, group: dict[str, Any], twin: Path | None, pathto: Callable
) -> None:
    """Offer the notebook itself beside the text source, copied into the site so that it is there offline."""
    others = [button for button in group["buttons"] if button["label"] != "download-notebook-button"]
    if twin is None:
        group["buttons"] = others
        return
    copied = Path(app.outdir, "_sources", f"{pagename}.ipynb")
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(twin, copied)
    url = f"{pathto('_sources', 1)}/{pagename}.ipynb"
    button = link(".ipynb", url, "Download notebook file", "fas fa-code")
    group["buttons"] = [button | {"label": "download-notebook-button"}, *others]


def whole_book(app: Sphinx, pathto: Callable) -> list[dict[str, Any]]:
    """The e-book and the PDF, where they were made."""
    files = [(name, "the book, " + Path(name).suffix.strip(".").upper()) for name in downloads.names(app)]
    return [link(text, pathto(name, 1), f"Download {text}", "fas fa-book") for name, text in files]


def launch_group(repository: str, branch: str, notebook: str) -> dict[str, Any]:
    """Colab and Binder, each opening the notebook's twin."""
    colab = f"https://colab.research.google.com/github/{repository}/blob/{branch}/{notebook}"
    binder = f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{notebook}"
    buttons = [
        link("Colab", colab, "Launch on Colab", "_static/images/logo_colab.png"),
        link("Binder", binder, "Launch on Binder", "_static/images/logo_binder.svg"),
    ]
    return {
        "type": "group",
        "label": "launch-buttons",
        "tooltip": "Launch interactive content",
        "icon": "fas fa-rocket",
        "buttons": buttons,
    }


def link(text: str, url: str, tooltip: str, icon: str) -> dict[str, Any]:
    """One entry of a button group, as the theme's templates read it."""
    label = f"launch-{text.lower()}"
    return {"type": "link", "text": text, "url": url, "tooltip": tooltip, "icon": icon, "label": label}
