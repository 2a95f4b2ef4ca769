"""Every corpus and paper can be cited: its key is in the bibliography, once."""

import re
import tomllib
from pathlib import Path

from biosig.corpora.registry import corpora

ROOT = Path(__file__).resolve().parents[2]
ENTRY = re.compile(r"^@(?P<kind>\w+)\{(?P<key>[\w:-]+),$", re.MULTILINE)


def keys() -> list[str]:
    return [match["key"] for match in ENTRY.finditer((ROOT / "book" / "references.bib").read_text())]


def test_every_key_stands_once():
    assert len(keys()) == len(set(keys())) > 20


def test_every_corpus_and_paper_is_in_the_bibliography():
    cards = {card.citation_key for card in corpora().values() if card.citation_key}
    papers = {tomllib.loads(path.read_text())["paper"]["bibtex"]
              for path in (ROOT / "biosig" / "papers").glob("*/PAPER.toml")}
    assert papers and (cards | papers) - set(keys()) == set()


def test_every_entry_has_an_author_a_title_and_where_to_find_it():
    text = (ROOT / "book" / "references.bib").read_text()
    for entry in re.split(r"^@", text, flags=re.MULTILINE)[1:]:
        key = entry.split("{")[1].split(",")[0]
        assert re.search(r"^  author = ", entry, re.MULTILINE), key
        assert re.search(r"^  title = ", entry, re.MULTILINE), key
        assert re.search(r"^  (booktitle|journal|howpublished|publisher|institution) = ", entry, re.MULTILINE), key
