"""``biosig papers``, ``biosig corpora``, ``biosig fetch``: what there is, and how to get it."""

import argparse
import textwrap
from pathlib import Path

from biosig.papers.base import known, registry


def add(commands: argparse._SubParsersAction) -> None:
    """Add the three parsers."""
    papers = commands.add_parser("papers", help="the papers that are rebuilt here, and their systems")
    papers.set_defaults(do=show_papers)
    corpora = commands.add_parser("corpora", help="the corpora: what, licence, how to get it, is it here and whole")
    corpora.add_argument("name", nargs="?", metavar="NAME", help="one corpus: its whole card")
    corpora.set_defaults(do=show_corpora)
    fetch = commands.add_parser("fetch", help="download a corpus, where its licence lets one")
    fetch.add_argument("name", metavar="NAME", help="a corpus, see `biosig corpora`")
    fetch.add_argument("--to", type=Path, metavar="FOLDER", help="where to (default: under BIOSIG_DATA)")
    fetch.set_defaults(do=fetch_corpus)


def show_papers(arguments: argparse.Namespace) -> int:
    """Print every paper with its systems."""
    from biosig.papers.transcription import load

    for name, protocol in registry().items():
        paper = load(name)
        others = " et al." if len(paper.authors) > 1 else ""
        print(f"{name}: {paper.title}\n  {paper.authors[0]}{others}, {paper.year}, {paper.source}")
        width = max(map(len, protocol.systems))
        for system, what in protocol.systems.items():
            print(f"    {system:<{width}}  {what}")
    return 0


def show_corpora(arguments: argparse.Namespace) -> int:
    """Print a line per corpus, or one corpus's card."""
    from biosig.corpora.registry import check, corpora

    cards = corpora()
    if arguments.name:
        print(_card(cards[known("corpus", arguments.name, cards)], check(arguments.name)))
        return 0
    width = max(map(len, cards))
    for name, card in cards.items():
        print(f"{name:<{width}}  {_state(check(name)):<9}  {card.title} ({card.licence})")
    return 0


def fetch_corpus(arguments: argparse.Namespace) -> int:
    """Download one corpus."""
    from biosig.corpora.fetch import fetch
    from biosig.corpora.registry import corpora

    known("corpus", arguments.name, corpora())
    print(f"{arguments.name} is in {fetch(arguments.name, arguments.to)}.")
    return 0


def _state(status) -> str:
    if not status.present:
        return "not here"
    if status.whole:
        return "whole"
    return "not whole" if "not whole" in status.detail else "unchecked"  # no list of hashes to hold it against


def _card(card, status) -> str:
    units = f"{card.rate:g} Hz, {card.units}"
    told = {
        "what": card.what,
        "signal": units,
        "licence": card.licence,
        "cite": card.citation,
        "where": card.url,
        "get it": card.how_to_get,
        "stands in for": card.stands_in_for,
        "here": f"{_state(status)}: {status.detail}",
    }
    lines = [
        textwrap.fill(f"{name + ':':<15}{text}", 100, subsequent_indent=" " * 15) for name, text in told.items() if text
    ]
    traps = [textwrap.fill(f"- {quirk}", 100, subsequent_indent="  ") for quirk in card.quirks]
    return "\n".join([f"{card.name}: {card.title}", "", *lines, *(["", "To know:"] if traps else []), *traps])
