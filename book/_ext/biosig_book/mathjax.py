"""Equations without a network: MathJax comes with the book instead of being loaded from a CDN."""

import importlib.util
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

SCRIPT = "tex-svg-full.js"  # the short one fetches less common commands from its server as they appear


def use_local_copy(app: Sphinx, config: Config) -> None:
    """Have pages load the copy that :func:`copy` makes; the path is relative to _static."""
    config.mathjax_path = f"mathjax/{SCRIPT}"


def folder() -> Path:
    """MathJax's files inside the package django-static-mathjax (nothing of it is imported)."""
    spec = importlib.util.find_spec("mathjax")
    for place in spec.submodule_search_locations or [] if spec else []:
        files = Path(place, "static", "mathjax", "es5")
        if (files / SCRIPT).is_file():
            return files
    raise ExtensionError(f"MathJax's {SCRIPT} is not installed: expected the package django-static-mathjax.")


def copy(app: Sphinx, exception: Exception | None) -> None:
    """Put MathJax beside the other static files."""
    if exception is not None or app.builder.format != "html" or app.builder.name == "epub":
        return
    target = Path(app.outdir, "_static", "mathjax", SCRIPT)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder() / SCRIPT, target)
