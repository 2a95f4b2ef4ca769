"""What a page needs to be installed: read from its imports, and from those of the package's modules that it reaches.

The notebooks' first cell installs it on Colab. Imports inside functions count as well, and packages that are loaded by
name: a page that may call a measure needs that measure's package. So the answer can be longer than it has to be.
"""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jupytext

from biosig.metrics.optional import INSTALL

PACKAGE = "biosig"
# there wherever notebooks run; installing them again would cost minutes or replace a build for the machine's own card
PRESENT = {"numpy", "scipy", "torch", "matplotlib", "ipython", "llvmlite"}  # the last comes with numba
# found only if somebody installed it, and done without otherwise
OPTIONAL = {"mamba_ssm", "causal_conv1d", "av"}


def needs(page: Path, root: Path) -> list[str]:
    """What to hand to pip, so that a page and the modules under it find what they import.

    Raises:
        LookupError: an imported module belongs to no installed distribution.
    """
    outside = {name.split(".")[0] for name in reached(code_of(page), root)} - sys.stdlib_module_names
    names = {distribution(name) for name in outside - OPTIONAL - {PACKAGE}}
    return sorted({each for name in names - PRESENT for each in INSTALL.get(name, name).split()})


def code_of(page: Path) -> str:
    """The code cells of a text notebook, without the lines that only IPython understands."""
    cells = [cell.source for cell in jupytext.read(page, fmt="md:myst").cells if cell.cell_type == "code"]
    return re.sub(r"^\s*[%!].*$", "", "\n".join(cells), flags=re.MULTILINE)


def reached(code: str, root: Path) -> set[str]:
    """Every module that the code imports, and that the package's modules among them import, and so on."""
    found, waiting = set(), {name for first in imported(code, "") for name in (first, *listed(first, root))}
    while waiting:
        name = waiting.pop()
        found.add(name)
        if path := module_file(name, root):
            waiting |= set(imports_of(path, name)) - found
        if name.startswith(f"{PACKAGE}."):  # importing a.b runs a/__init__ first
            waiting |= {name.rpartition(".")[0]} - found
    return found


def imported(code: str, package: str) -> Iterator[str]:
    """Names that a piece of code imports; ``from a import b`` may mean the module a.b, so both are given."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [package if node.level else "", node.module or ""]))
            yield from (base, *(f"{base}.{each.name}" for each in node.names))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("import_module", "load"):
            names = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
            yield from (name for name in names if name in INSTALL)


def listed(name: str, root: Path) -> list[str]:
    """Modules of the package that a registry, which the page itself imports, names in strings."""
    path = module_file(name, root)
    tree = ast.parse(path.read_text(encoding="utf-8")) if path else ast.Module([], [])
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if module_file(text, root)]


@cache
def imports_of(path: Path, name: str) -> tuple[str, ...]:
    """What one module of the package imports."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return tuple(imported(path.read_text(encoding="utf-8"), package))


def module_file(name: str, root: Path) -> Path | None:
    """The file of a module of the package."""
    if not re.fullmatch(rf"{PACKAGE}(\.\w+)*", name):
        return None
    place = root.joinpath(*name.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


@cache
def providers() -> dict[str, list[str]]:
    """Which distributions bring which top-level module."""
    return importlib.metadata.packages_distributions()


def distribution(module: str) -> str:
    """The distribution that brings a module."""
    if module not in providers():
        raise LookupError(f"a page imports {module}, and no installed package brings it: install it first")
    return re.sub(r"[-_.]+", "-", providers()[module][0]).lower()
