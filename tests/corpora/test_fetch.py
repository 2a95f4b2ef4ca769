import hashlib
import io
from email.message import Message
from urllib.error import HTTPError, URLError

import pytest

from biosig.corpora import fetch as fetching
from biosig.corpora.fetch import download, fetch, inside
from biosig.corpora.registry import check
from biosig.errors import ConfigError, DataError, MissingDataError

BASE = "https://physionet.org/files/nsrdb/1.0.0/"
CONTENT = bytes(range(256)) * 20


class Response(io.BytesIO):
    """What urllib gives, as far as ``fetch`` looks."""

    def __init__(self, body, status=200, length=None):
        super().__init__(body)
        self.status = status
        self.headers = {"Content-Length": str(len(body) if length is None else length)}


class Server:
    """A pretended server: files by URL, faults by URL, and a log of what was asked for."""

    def __init__(self, files, ranges=True):
        self.files, self.ranges, self.log, self.break_after = files, ranges, [], {}

    def __call__(self, url, headers):
        self.log.append((url, headers.get("Range")))
        if url not in self.files:
            raise HTTPError(url, 404, "not found", Message(), None)
        body, status = self.files[url], 200
        if "Range" in headers and self.ranges:
            start = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                raise HTTPError(url, 416, "range not satisfiable", Message(), None)
            body, status = body[start:], 206
        return Response(body[: self.break_after.pop(url, None)], status, len(body))


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def server(monkeypatch):
    files = {"16265.hea": b"16265 2 128", "16265.dat": CONTENT, "16272.dat": b"other"}
    sums = "".join(f"{digest(content)} {path}\n" for path, content in files.items())
    extra = {"SHA256SUMS.txt": sums.encode() + f"{digest(b'a')} ANNOTATORS\n".encode()}
    return Server({BASE + path: content for path, content in (files | extra).items()})


def test_fetch_takes_the_wanted_files_and_they_check_whole(server, tmp_path, monkeypatch):
    root = fetch("nsrdb", tmp_path, open_url=server, progress=False)
    assert root == tmp_path / "nsrdb"
    assert (root / "16265.dat").read_bytes() == CONTENT
    assert sorted(p.name for p in root.iterdir()) == ["16265.dat", "16265.hea", "16272.dat", "SHA256SUMS.txt"]
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    assert check("nsrdb").whole


def test_second_fetch_asks_only_for_what_is_not_right(server, tmp_path):
    root = fetch("nsrdb", tmp_path, open_url=server, progress=False)
    (root / "16272.dat").write_bytes(b"otter")
    server.log.clear()
    fetch("nsrdb", tmp_path, open_url=server, progress=False)
    assert [url.removeprefix(BASE) for url, _ in server.log] == ["SHA256SUMS.txt", "16272.dat"]
    assert (root / "16272.dat").read_bytes() == b"other"


def test_truncated_download_leaves_no_file_and_is_continued(server, tmp_path):
    server.break_after[BASE + "16265.dat"] = 1000
    with pytest.raises(DataError, match=r"16265.dat broke off after 1000 of 5120 bytes"):
        fetch("nsrdb", tmp_path, open_url=server, progress=False)
    assert not (tmp_path / "nsrdb" / "16265.dat").exists()
    fetch("nsrdb", tmp_path, open_url=server, progress=False)
    assert (BASE + "16265.dat", "bytes=1000-") in server.log
    assert (tmp_path / "nsrdb" / "16265.dat").read_bytes() == CONTENT
    assert not list(tmp_path.rglob("*.part"))


def test_server_without_ranges_starts_again_and_does_not_append(server, tmp_path):
    server.ranges = False
    target = tmp_path / "x"
    (tmp_path / "x.part").write_bytes(CONTENT[:1000])
    download(BASE + "16265.dat", target, digest(CONTENT), server)
    assert target.read_bytes() == CONTENT


def test_part_that_is_already_whole_is_moved(server, tmp_path):
    (tmp_path / "x.part").write_bytes(CONTENT)
    download(BASE + "16265.dat", tmp_path / "x", digest(CONTENT), server)
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_altered_download_is_refused_and_nothing_stays(server, tmp_path):
    server.files[BASE + "16265.dat"] = CONTENT[:-1] + b"!"
    with pytest.raises(DataError, match=r"16265.dat has sha256 .* expected .*nothing of it was kept"):
        fetch("nsrdb", tmp_path, open_url=server, progress=False)
    assert [p.name for p in (tmp_path / "nsrdb").iterdir() if p.name.startswith("16265.dat")] == []


def test_good_file_survives_a_failed_try_to_replace_it(server, tmp_path):
    target = tmp_path / "x"
    target.write_bytes(b"old")
    with pytest.raises(DataError):
        download(BASE + "16265.dat", target, digest(b"something else"), server)
    assert target.read_bytes() == b"old"


def test_absent_file_and_absent_network(server, tmp_path):
    with pytest.raises(MissingDataError, match="nothing.dat answers 404"):
        download(BASE + "nothing.dat", tmp_path / "x", None, server)

    def no_network(url, headers):
        raise URLError("no route")

    with pytest.raises(MissingDataError, match="could not be downloaded .*no route.*fetch again to continue"):
        fetch("nsrdb", tmp_path, open_url=no_network, progress=False)


def test_3dc_is_held_against_the_committed_list(tmp_path, monkeypatch):
    body = b"1,2,3\n"
    manifest = f"{digest(body)}  Participant1/train/EMG/3dc_EMG_gesture_0_0.txt\n"
    monkeypatch.setattr(fetching, "committed_manifest", lambda name: manifest if name == "3dc.txt" else "")
    url = fetching.SOURCES["3dc"].base_url + "Participant1/train/EMG/3dc_EMG_gesture_0_0.txt"
    root = fetch("3dc", tmp_path, open_url=Server({url: body}), progress=False)
    assert (root / "Participant1/train/EMG/3dc_EMG_gesture_0_0.txt").read_bytes() == body
    with pytest.raises(DataError, match="nothing of it was kept"):
        fetch("3dc", tmp_path / "again", open_url=Server({url: b"<html>"}), progress=False)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a\\..\\x", "C:/x", ""])
def test_no_path_climbs_out(path, tmp_path):
    with pytest.raises(DataError, match="would be written outside"):
        inside(tmp_path, path)
    assert inside(tmp_path, "a/b.txt") == tmp_path / "a" / "b.txt"


def test_list_that_climbs_out_is_refused_before_anything_is_downloaded(tmp_path, monkeypatch):
    sums = f"{digest(b'x')} ../evil.hea\n{digest(b'x')} 16265.hea\n".encode()
    server = Server({BASE + "SHA256SUMS.txt": sums, BASE + "../evil.hea": b"x", BASE + "16265.hea": b"x"})
    anything = fetching.SOURCES["nsrdb"]
    source = fetching.Source(anything.base_url, "nsrdb", "", lambda path: True)
    monkeypatch.setitem(fetching.SOURCES, "nsrdb", source)
    with pytest.raises(DataError, match="would be written outside"):
        fetch("nsrdb", tmp_path, open_url=server, progress=False)
    assert [url for url, _ in server.log] == [BASE + "SHA256SUMS.txt"]


def test_corpus_that_may_not_be_fetched_says_how_to_get_it(tmp_path):
    with pytest.raises(ConfigError, match="ninapro_db2 cannot be fetched. Get DB2_s1.zip"):
        fetch("ninapro_db2", tmp_path)


def test_nowhere_to_put_it():
    with pytest.raises(MissingDataError, match="BIOSIG_DATA is not set"):
        fetch("nsrdb", open_url=Server({}), progress=False)
