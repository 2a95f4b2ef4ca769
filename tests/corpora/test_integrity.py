"""A corpus is held against its hashes before work, and hashed once as long as nobody touches it."""

import hashlib
import os
from pathlib import Path

import pytest

from biosig.corpora import integrity, registry
from biosig.corpora.integrity import memory_of, require_whole
from biosig.errors import DataError, MissingDataError

FILES = {"a.txt": b"one", "b/c.txt": b"two"}


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """The corpus 3dc as two tiny files, with a list of their hashes."""
    root = tmp_path / "data" / "3dc"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BIOSIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(integrity, "manifest", lambda name, where: listed)
    return root


@pytest.fixture
def hashed(monkeypatch):
    """Names of the files that were hashed."""
    names, real = [], integrity.sha256
    monkeypatch.setattr(integrity, "sha256", lambda path: names.append(Path(path).name) or real(path))
    return names


def test_a_whole_corpus_is_hashed_once(corpus, hashed):
    require_whole(["3dc", "3dc"])
    require_whole(["3dc"])
    assert sorted(hashed) == ["a.txt", "c.txt"]
    memory_of(corpus).unlink()  # safe to delete
    require_whole(["3dc"])
    assert len(hashed) == 4


def test_a_file_that_was_touched_is_hashed_again(corpus, hashed):
    require_whole(["3dc"])
    os.utime(corpus / "a.txt", ns=(1, 1))
    require_whole(["3dc"])
    assert sorted(hashed) == ["a.txt", "a.txt", "c.txt"]


def test_one_flipped_byte_is_refused_every_time(corpus):
    require_whole(["3dc"])
    (corpus / "a.txt").write_bytes(b"onf")
    for _ in range(2):  # the memory of a wrong hash lets nothing pass
        with pytest.raises(DataError, match=r"a\.txt does not have the sha256 .* \(1 of 2 files are wrong\)"):
            require_whole(["3dc"])
    (corpus / "a.txt").unlink()
    with pytest.raises(DataError, match=r"a\.txt is missing"):
        require_whole(["3dc"])


def test_a_memory_that_is_no_json_or_cannot_be_kept_costs_time_only(corpus, hashed, monkeypatch):
    memory_of(corpus).parent.mkdir(parents=True)
    memory_of(corpus).write_text("[1, 2")
    require_whole(["3dc"])

    def refuse(path, text):
        raise PermissionError("read-only")

    monkeypatch.setattr(integrity, "write_text", refuse)
    memory_of(corpus).unlink()
    require_whole(["3dc"])
    assert len(hashed) == 4


def test_a_corpus_that_is_not_here_is_told(corpus):
    with pytest.raises(MissingDataError, match="corpus nsrdb is not in"):
        require_whole(["nsrdb"])


def test_a_run_is_refused_before_any_work(corpus, tmp_path, monkeypatch):
    from reference.fake_protocol import FakeProtocol

    from biosig.papers.runner import run
    from biosig.results.items import CellStore

    class Reader(FakeProtocol):
        def corpora(self, cell):
            return ("3dc",)

    store = CellStore(tmp_path / "results")
    (corpus / "a.txt").write_bytes(b"onf")
    with pytest.raises(DataError, match="corpus 3dc in .* is not the one that results rest on"):
        run(Reader(), "open", store=store, progress=False)
    assert store.cells("fake", "open") == []
    (corpus / "a.txt").write_bytes(b"one")
    assert len(run(Reader(), "open", store=store, progress=False).done) == 6
    (corpus / "a.txt").unlink()
    assert len(run(Reader(), "open", store=store, progress=False).skipped) == 6  # what is done reads nothing


def test_every_corpus_that_a_protocol_loads_is_one_it_names():
    """Otherwise its files would go unchecked."""
    import re

    from biosig import papers
    from biosig.papers.base import PROFILES
    from biosig.papers.base import registry as all_papers

    for name, protocol in all_papers().items():
        sources = Path(papers.__file__).parent.joinpath(name).glob("*.py")
        loaded = {found for path in sources for found in re.findall(r'locate\("([^"]+)"\)', path.read_text())}
        named = {each for profile in PROFILES for cell in protocol.cells(profile) for each in protocol.corpora(cell)}
        assert loaded <= named <= set(registry.corpora()), name


def test_counting_and_untrained_cells_ask_for_no_more_than_they_read():
    from biosig.papers.base import paper

    def asked(name, system):
        protocol = paper(name)
        return {each for cell in protocol.cells("open", [system]) for each in protocol.corpora(cell)}

    assert asked("msemg", "sizes") == asked("primer", "costs") == set()
    assert asked("msemg", "hp") == {"3dc", "nsrdb", "diaphragm"}
    assert "picovoice" in asked("primer", "unet") and "picovoice" not in asked("primer", "noisy")
    assert "voicebank" in asked("primer", "noisy")


def test_a_corpus_without_a_list_passes(corpus, monkeypatch):
    monkeypatch.setattr(integrity, "manifest", lambda name, where: {})
    require_whole(["3dc"])
