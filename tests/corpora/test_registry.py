import hashlib

import pytest

from biosig.corpora import nsrdb, registry
from biosig.corpora.splits import names as split_names
from biosig.corpora.synthetic import write_twin_nsrdb
from biosig.errors import ConfigError, DataError, MissingDataError


def listing(files):
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in files.items())


FILES = {"16265.hea": b"header", "16265.dat": b"data" * 100}


@pytest.fixture
def nsrdb_here(tmp_path, monkeypatch):
    """The full NSRDB's folder as ``fetch`` leaves it, with two files and the list of its home."""
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    root = tmp_path / "nsrdb"
    root.mkdir()
    for path, content in FILES.items():
        (root / path).write_bytes(content)
    (root / "SHA256SUMS.txt").write_text(listing(FILES | {"19830.dat": b"never fetched"}))
    return root


def test_every_card_says_what_it_must():
    for name, card in registry.corpora().items():
        assert card.name == name and card.folders
        for field in ("title", "what", "units", "licence", "citation", "how_to_get"):
            assert getattr(card, field), (name, field)
        assert card.rate > 0
    assert registry.card("3dc").stands_in_for == "NINAPro DB2"
    made_here = {"simulated_arousal", "timit_sample_phones"}  # sessions strung together, and folds of one corpus
    assert set(split_names()) - made_here <= set(registry.corpora())


def test_committed_manifests_list_what_the_loaders_read():
    listed = registry.parse_manifest(registry.committed_manifest("3dc.txt"), "3dc.txt")
    assert len(listed) == 21 * 2 * 2 * 11 and not any("Participant21/" in path for path in listed)
    listed = registry.parse_manifest(registry.committed_manifest("nsrdb_60s.txt"), "nsrdb_60s.txt")
    assert set(listed) == {f"{record}m.{end}" for record in nsrdb.RECORDS for end in ("mat", "info")}


def test_unknown_corpus():
    with pytest.raises(ConfigError, match="no corpus 'mitdb': expected one of 3dc, nsrdb"):
        registry.locate("mitdb")


def test_nothing_set_says_what_to_set_and_how_to_get_it():
    with pytest.raises(MissingDataError, match="BIOSIG_DATA is not set: .* Run `biosig fetch 3dc`"):
        registry.locate("3dc")
    assert registry.check("3dc").present is False


def test_folder_that_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(MissingDataError, match="which is no folder"):
        registry.locate("nsrdb")


def test_the_slice_is_preferred_to_the_full_database(nsrdb_here):
    assert registry.locate("nsrdb") == nsrdb_here
    (nsrdb_here.parent / "nsrdb_60s").mkdir()
    assert registry.locate("nsrdb").name == "nsrdb_60s"


def test_whole_missing_and_altered(nsrdb_here):
    assert registry.check("nsrdb") == registry.Status(True, True, f"{nsrdb_here}: 2 files, all as listed.")
    (nsrdb_here / "16265.dat").write_bytes(b"date" * 100)
    altered = registry.check("nsrdb")
    assert altered.present and not altered.whole and "1 of 2 files are altered (first: 16265.dat)" in altered.detail


def test_slice_with_other_files_is_not_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    write_twin_nsrdb(tmp_path / "nsrdb_60s", ("16265",))
    status = registry.check("nsrdb")
    assert not status.whole
    assert "34 of 36 files are missing" in status.detail and "2 of 36 files are altered" in status.detail


def test_without_a_list_it_is_not_called_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    (tmp_path / "ninapro_db2").mkdir()
    status = registry.check("ninapro_db2")
    assert (status.present, status.whole) == (True, False) and "no list of hashes" in status.detail


def test_manifest_hash_is_of_the_files_and_not_of_the_list(nsrdb_here):
    digest = registry.manifest_hash("nsrdb")
    assert digest == hashlib.sha256(listing(dict(sorted(FILES.items()))).encode()).hexdigest()
    (nsrdb_here / "16265.dat").write_bytes(b"date" * 100)
    assert registry.manifest_hash("nsrdb") != digest


def test_manifest_hash_without_a_list_notices_another_file(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    (tmp_path / "ninapro_db2").mkdir()
    (tmp_path / "ninapro_db2" / "S1_E1_A1.mat").write_bytes(b"x")
    before = registry.manifest_hash("ninapro_db2")
    (tmp_path / "ninapro_db2" / "S2_E1_A1.mat").write_bytes(b"x")
    assert registry.manifest_hash("ninapro_db2") != before


def test_list_that_is_no_list():
    with pytest.raises(DataError, match="toy.txt is not a list of sha256 sums: found the line '<html>"):
        registry.parse_manifest("<html>not found</html>", "toy.txt")


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["3dc", "nsrdb"])
def test_real_slice_is_whole(name):
    assert registry.check(name).whole
