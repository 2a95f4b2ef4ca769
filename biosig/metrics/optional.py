"""Packages that only some measures need: asked for when used, with a sentence that says how to get them."""

import functools
import importlib
import importlib.metadata
from types import ModuleType

from biosig.errors import ConfigError

# what to install for each; speechmos names none of the packages it imports
INSTALL = {
    "pesq": "pesq",
    "pystoi": "pystoi",
    "jiwer": "jiwer",
    "speechmos": "speechmos==0.0.1.1 onnxruntime librosa requests",
}


def load(package: str, module: str = "") -> ModuleType:
    """Import ``package`` (or its submodule ``module``).

    Raises:
        ConfigError: it, or something it imports, is not installed.
    """
    try:
        return importlib.import_module(f"{package}.{module}" if module else package)
    except ImportError as error:
        lacking = f" ({error.name} is missing)" if error.name not in (None, package) else ""
        raise ConfigError(
            f"package {package} cannot be imported{lacking}: expected it for this measure; "
            f"pip install {INSTALL[package]}"
        ) from None


@functools.cache
def installed_version(package: str) -> str:
    """Its version, "not installed" without it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
