"""Files whole or absent, whatever stops the writing, and places that cannot be written to."""

import errno
import os

import pytest

from biosig import files
from biosig.errors import DataError, sentence
from biosig.files import atomic_files, atomic_path, check_place, identity, write_text


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, OSError(errno.ENOSPC, "No space left on device")])
def test_what_is_stopped_leaves_the_old_file_and_nothing_else(tmp_path, stop):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(type(stop) if isinstance(stop, OSError) else stop), atomic_path(path) as temporary:
        temporary.write_text("new")
        raise stop
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_several_files_appear_together_and_in_order(tmp_path, monkeypatch):
    moved, replace = [], os.replace
    monkeypatch.setattr(files.os, "replace", lambda a, b: moved.append(b.name) or replace(a, b))
    with atomic_files(tmp_path / "sub" / "a.dat", tmp_path / "sub" / "a.hea") as (data, header):
        assert (data.name, header.name) == ("a.dat", "a.hea")
        header.write_text("head"), data.write_text("data")
        assert not moved
    assert moved == ["a.dat", "a.hea"] and sorted(p.name for p in (tmp_path / "sub").iterdir()) == moved


def test_one_file_missing_and_none_appears(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_files(tmp_path / "a.dat", tmp_path / "a.hea"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["n" * 251 + ".csv", "é" * 125 + ".csv"])
def test_a_name_as_long_as_the_system_takes(tmp_path, name):
    write_text(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_error_names_the_file_and_not_its_temporary_one(tmp_path):
    with pytest.raises(OSError) as full, atomic_path(tmp_path / "a.csv"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert sentence(full.value) == f"{tmp_path / 'a.csv'} cannot be read or written: no space left on device."
    with pytest.raises(OSError) as gone, atomic_path(tmp_path / "a.csv") as temporary:
        temporary.with_name("nothing").read_text()
    assert str(tmp_path / "a.csv") in sentence(gone.value) and ".part" not in sentence(gone.value)
    with pytest.raises(OSError) as short, atomic_path(tmp_path / "a.csv"):
        raise OSError("9 requested and 4 written")  # as numpy says it
    assert sentence(short.value) == f"{tmp_path / 'a.csv'} cannot be read or written: 9 requested and 4 written."
    with pytest.raises(OSError) as other, atomic_path(tmp_path / "a.csv"):
        (tmp_path / "input").read_text()
    assert str(tmp_path / "input") in sentence(other.value)


def test_one_file_by_its_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "a"
    here.write_text("")
    os.link(here, tmp_path / "hard")
    os.symlink("a", tmp_path / "soft")
    os.symlink("none", tmp_path / "dangling")
    (tmp_path / "b").write_text("")
    names = [identity(files.Path(name)) for name in ("a", "./a", "hard", "soft", str(here))]
    assert len(set(names)) == 1 and identity(files.Path("b")) not in names
    assert identity(files.Path("dangling")) == identity(files.Path("none"))


def test_a_place_that_cannot_be_written_to(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    check_place(tmp_path / "file")
    check_place(tmp_path / "new" / "deep" / "file")
    for wrong, told in ((tmp_path / "file" / "out", "file to be a folder"), (tmp_path, "is a folder: expected a file"),
                        (files.Path(os.devnull), "is no ordinary file")):  # fmt: skip
        with pytest.raises(DataError, match=told):
            check_place(wrong)
    os.symlink("loop", tmp_path / "loop")
    for refused in (tmp_path / "loop" / "out", tmp_path / ("n" * 300)):
        with pytest.raises(OSError, match="ymbolic links|too long"):
            check_place(refused)
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(DataError, match="one may write to"):
        check_place(tmp_path / "out")
