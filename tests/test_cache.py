import threading

import numpy as np

from biosig.cache import ArrayCache, content_key


def test_an_array_is_computed_once_and_comes_back_the_same(tmp_path):
    calls, cache = [], ArrayCache(tmp_path)

    def compute():
        calls.append(1)
        return np.arange(5, dtype=np.float32) / 3

    first = cache.get(("a", 1), compute)
    again = ArrayCache(tmp_path).get(("a", 1), compute)
    np.testing.assert_array_equal(first, again)
    assert first.dtype == again.dtype and len(calls) == 1


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.delenv("BIOSIG_CACHE", raising=False)
    monkeypatch.delenv("BIOSIG_DATA", raising=False)
    cache = ArrayCache.beside_data()
    assert cache.folder is None
    assert [cache.get(("a",), lambda n=n: np.array([n]))[0] for n in (1, 2)] == [1, 2]


def test_the_folder_is_the_one_named_or_lies_under_the_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOSIG_DATA", str(tmp_path))
    monkeypatch.delenv("BIOSIG_CACHE", raising=False)
    assert ArrayCache.beside_data().folder == tmp_path / ".biosig-cache"
    monkeypatch.setenv("BIOSIG_CACHE", str(tmp_path / "other"))
    assert ArrayCache.beside_data().folder == tmp_path / "other"


def test_what_lies_there_damaged_is_computed_again(tmp_path):
    cache = ArrayCache(tmp_path)
    cache.get(("a",), lambda: np.ones(100))
    path = cache.path(("a",))
    path.write_bytes(path.read_bytes()[:90])
    np.testing.assert_array_equal(cache.get(("a",), lambda: np.ones(100)), np.ones(100))
    np.testing.assert_array_equal(np.load(path), np.ones(100))


def test_two_runners_may_share_it(tmp_path):
    barrier, found = threading.Barrier(4), []

    def run():
        barrier.wait()
        found.append(ArrayCache(tmp_path).get(("x",), lambda: np.arange(1000)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 4 and all(np.array_equal(each, np.arange(1000)) for each in found)
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".npy"]


def test_keys_tell_apart_what_joined_text_would_not():
    assert content_key("a/b", "c") != content_key("a", "b/c")
    assert content_key("1") != content_key(1)
    assert content_key(np.zeros(4, np.float32)) != content_key(np.zeros(2, np.float64))
    assert content_key(np.zeros((2, 3))) != content_key(np.zeros((3, 2)))
    assert content_key(np.arange(6.0)[::2]) == content_key(np.array([0.0, 2.0, 4.0]))
