"""API pages list whatever public modules a package has: ``{{ modules biosig.signal }}`` stands for them."""

import importlib.util
import pkgutil
import re
from pathlib import Path

from sphinx.application import Sphinx

PLACEHOLDER = re.compile(r"^\{\{ modules (?P<package>[\w.]+) \}\}$", re.MULTILINE)
SECTION = """## `{name}`

```{{eval-rst}}
.. automodule:: {name}
   :members:
   :ignore-module-all:
```
"""


def public_modules(package: str) -> list[str]:
    """The package and its public modules by name; empty files have nothing to say."""
    folders = importlib.util.find_spec(package).submodule_search_locations
    inner = sorted(module.name for module in pkgutil.walk_packages(folders, f"{package}."))
    public = [name for name in inner if not any(part.startswith("_") for part in name.split("."))]
    return [name for name in [package, *public] if Path(importlib.util.find_spec(name).origin).stat().st_size]


def expand(app: Sphinx, docname: str, source: list[str]) -> None:
    """Write a section for each module in place of the placeholder."""

    def sections(match: re.Match) -> str:
        return "\n".join(SECTION.format(name=name) for name in public_modules(match["package"]))

    source[0] = PLACEHOLDER.sub(sections, source[0])
