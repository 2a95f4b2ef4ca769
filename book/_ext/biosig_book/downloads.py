"""The whole book as files to take along: ``BIOSIG_DOWNLOADS=book/_build/epub/biosig.epub:… make book``.

The variable names the files, separated as on a PATH, after `make epub` and `make pdf` made them. They go into the
site, and every page's download menu offers them; without the variable no page mentions them.
"""

import os
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

FOLDER = "downloads"


def choose(app: Sphinx, config: Config) -> None:
    """Note the files; a setting that Sphinx watches, so that a change reaches every page.

    Raises:
        ExtensionError: one is not there.
    """
    named = filter(None, os.environ.get("BIOSIG_DOWNLOADS", "").split(os.pathsep))
    root = Path(app.srcdir).resolve().parent
    config.biosig_downloads = [str(root / name) for name in named]
    for name in config.biosig_downloads:
        if not Path(name).is_file():
            raise ExtensionError(f"BIOSIG_DOWNLOADS names {name}, and there is no such file: make it first.")


def names(app: Sphinx) -> list[str]:
    """Where each file lies in the site."""
    return [f"{FOLDER}/{Path(name).name}" for name in app.config.biosig_downloads]


def copy(app: Sphinx, exception: Exception | None) -> None:
    """Put the files into the site."""
    if exception is None and app.builder.name == "html":
        for name, inside in zip(app.config.biosig_downloads, names(app), strict=True):
            target = Path(app.outdir, inside)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(name, target)
