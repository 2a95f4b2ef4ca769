"""The house stands: no import goes up a floor, none goes in a circle, and the cheap imports are cheap."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "biosig"

# from the ground up; what shares a line may import one another, but not in a circle
FLOORS = [
    {"biosig", "errors", "checks", "seeds", "files", "cache"},
    {"signal"},
    {"metrics", "display"},
    {"samples", "corpora", "models", "peers", "backends"},
    {"training", "deploy"},
    {"results"},
    {"papers"},
    {"engine"},
    {"commands", "cli", "__main__"},
]
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}

HEAVY = {"torch", "numba", "librosa", "matplotlib", "wfdb", "pandas", "sklearn", "mamba_ssm", "mambapy",
         "onnxruntime", "pywt", "opensmile"}


def module_name(path: Path) -> str:
    """``biosig/signal/mixing.py`` → ``biosig.signal.mixing``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    return {module_name(path): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """The top-level part a module lives in; ``biosig`` itself is a room of the ground floor."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "biosig"


def targets(node: ast.AST) -> list[str]:
    """What one import statement names; relative imports are not used in this package."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"a relative import of {node.module}"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def inner(name: str) -> str | None:
    """The module of ours that an imported name lives in."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


def imports(module: str, everywhere: bool = True) -> set[str]:
    """Modules of ours that ``module`` imports: anywhere in it, or as it is loaded."""
    tree = modules()[module]
    nodes = ast.walk(tree) if everywhere else at_load(tree)
    found = {inner(name) for node in nodes for name in targets(node) if name.split(".")[0] == "biosig"}
    return found - {None, module}


def at_load(tree: ast.AST) -> list[ast.AST]:
    """Statements that run when the module is loaded: not inside functions, not for type checkers alone."""
    out: list[ast.AST] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        out += [node, *at_load(node)]
    return out


def test_every_module_has_a_floor():
    homeless = {room(module) for module in modules()} - FLOOR.keys()
    assert not homeless, f"put {sorted(homeless)} on a floor, here and in CONTRIBUTING.md"


@pytest.mark.parametrize("level", range(len(FLOORS)))
def test_no_import_goes_up(level):
    here = [module for module in modules() if FLOOR.get(room(module)) == level]
    upward = [f"{module} imports {used}" for module in here for used in imports(module)
              if FLOOR.get(room(used), level) > level]
    assert not upward


def test_no_import_goes_in_a_circle():
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path[path.index(module) :], module))
        if module not in done:
            for used in imports(module, everywhere=False):
                visit(used, (*path, module))
            done.add(module)

    for module in modules():
        visit(module, ())


def test_a_circle_and_an_upward_import_would_be_seen():
    tree = ast.parse("import biosig.papers\ndef f():\n    from biosig.cli import main\n")
    names = [name for node in ast.walk(tree) for name in targets(node)]
    assert names == ["biosig.papers", "biosig.cli.main"]
    assert [name for node in at_load(tree) for name in targets(node)] == ["biosig.papers"]


def test_results_know_no_paper():
    papers = {path.parent.name for path in (PACKAGE / "papers").glob("*/__init__.py")}
    assert "msemg" in papers
    for module, tree in modules().items():
        if room(module) == "results":
            code = {node.value for node in ast.walk(tree)
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            assert not papers & code, f"{module} names a paper"


LIGHT = ["biosig", "biosig.signal", "biosig.metrics", "biosig.corpora", "biosig.samples", "biosig.peers",
         "biosig.results", "biosig.papers"]


def loaded_by(package: str) -> list[str]:
    """A package and every module in it; of the papers only the list, since protocols train networks."""
    alone = package in ("biosig", "biosig.papers")
    return [name for name in modules() if name == package or not alone and name.startswith(package + ".")]


def test_light_packages_load_nothing_heavy():
    lines = ["import sys, importlib"]
    for package in LIGHT:
        lines += [f"for name in {loaded_by(package)!r}: importlib.import_module(name)",
                  f"print({package!r}, *sorted(set(sys.modules) & {HEAVY!r}))"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == LIGHT, "a heavy import: load it where it is used"


def test_signal_and_metrics_know_no_torch():
    for module, tree in modules().items():
        if room(module) in ("signal", "metrics"):
            used = {name.split(".")[0] for node in ast.walk(tree) for name in targets(node)}
            assert not used & (HEAVY - {"matplotlib", "pywt"}), f"{module} imports {used & HEAVY}"
