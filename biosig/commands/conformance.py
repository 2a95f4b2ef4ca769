"""``biosig conformance``: does an implementation of a measure give the known answers?"""

import argparse
import importlib
import sys
from collections.abc import Callable

from biosig.errors import ConfigError

OURS = "biosig.metrics.conformance:ours"


def add(commands: argparse._SubParsersAction) -> None:
    """Add the parser."""
    command = commands.add_parser(
        "conformance", help="run an implementation of the measures against known answers",
        description="Ask an implementation for values whose answers are known. With --metric the function is called "
        "as f(clean, estimate, fs), without as f(metric, clean, estimate, fs), and gives None for what it does not "
        "offer; some EMG measures are also given noisy=, active= or peaks=. Exit code 0: all pass; 1: some do not; "
        "2: nothing could be asked. Signals and answers lie in biosig/metrics/conformance, for any language.")
    command.add_argument("--against", default=OURS, metavar="MODULE:FUNCTION",
                         help="what to ask (default: this package's own functions)")
    command.add_argument("--metric", metavar="NAME", help="this measure only")
    command.set_defaults(do=conformance)


def conformance(arguments: argparse.Namespace) -> int:
    """Ask, print a table, and say by the exit code how it went."""
    from biosig.metrics import conformance as kit

    metric = arguments.metric
    implementation = loaded(arguments.against)
    if metric and arguments.against == OURS:
        def implementation(*given, **others):
            return kit.ours(metric, *given, **others)
    outcomes = list(kit.conform(implementation, metric))
    print("\n".join(lines(outcomes)))
    asked = [outcome for outcome in outcomes if outcome.verdict != "not offered"]
    if not asked:
        raise ConfigError(f"{arguments.against} offers none of the measures: expected a number for at least one.")
    return int(any(outcome.verdict == "FAIL" for outcome in asked))


def loaded(name: str) -> Callable:
    """The function that ``module:function`` names; the module may lie in the current folder.

    Raises:
        ConfigError: another form, a module that cannot be imported, or no such function in it.
    """
    module, colon, function = name.partition(":")
    if not (module and colon and function):
        raise ConfigError(f"--against is {name!r}: expected MODULE:FUNCTION.")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), function, None)
    except Exception as error:  # whatever a stranger's module does as it is imported
        raise ConfigError(f"module {module!r} cannot be imported ({type(error).__name__}: {error}).") from error
    if not callable(found):
        raise ConfigError(f"module {module!r} has no function {function!r}.")
    return found


def lines(outcomes: list) -> list[str]:
    """A table, and a count below it."""
    rows = [("metric", "estimate", "expected", "found", "tolerance", "verdict")]
    for outcome in outcomes:
        vector = outcome.vector
        found = "" if outcome.value is None else f"{outcome.value:.9g}"
        rows.append((vector.metric, vector.inputs["estimate"], f"{vector.expected:.9g}", found,
                     f"{vector.tolerance:g}", " ".join(filter(None, (outcome.verdict, outcome.reason)))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    counts = [sum(outcome.verdict == verdict for outcome in outcomes) for verdict in ("pass", "FAIL", "not offered")]
    return [*table, "", "{} pass, {} fail, {} not offered".format(*counts)]
