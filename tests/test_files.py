import os

import pytest

from gedanken.errors import UserError
from gedanken.files import TEMPORARY, staged_file, staged_folder, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_whole_or_not_there(tmp_path):
    write_atomically(tmp_path / "a", b"one")
    write_atomically(tmp_path / "a", memoryview(b"two"))
    assert (tmp_path / "a").read_bytes() == b"two"
    with pytest.raises(UserError, match="none/a cannot be written: No such file"):
        write_atomically(tmp_path / "none" / "a", b"one")
    with pytest.raises(UserError, match="a/b cannot be written: Not a directory"):
        write_atomically(tmp_path / "a" / "b", b"one")
    assert names(tmp_path) == ["a"]


def test_a_file_keeps_its_old_content_until_the_block_has_ended(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with staged_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert [name for name in names(tmp_path) if name.endswith(TEMPORARY)], "a killed run's leftovers can be found"
    assert path.read_bytes() == b"new"

    def fail():
        with staged_file(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_files_and_folders_have_the_permissions_of_any_other(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"")
        with staged_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("file", "folder")] == [0o640, 0o750]


def test_a_folder_appears_when_it_is_whole(tmp_path):
    folder = tmp_path / "deep" / "model"
    with staged_folder(folder) as staged:
        (staged / "inner").mkdir()
        (staged / "inner" / "a").write_bytes(b"one")
        assert not folder.exists()
    assert (folder / "inner" / "a").read_bytes() == b"one"
    assert names(folder.parent) == ["model"]


def test_a_folder_that_exists_keeps_its_other_files(tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "notes.txt").write_bytes(b"the user's own")
    (folder / "a").write_bytes(b"old")
    with staged_folder(folder) as staged:
        (staged / "inner").mkdir()
        (staged / "a").write_bytes(b"new")
        (staged / "inner" / "b").write_bytes(b"two")
        assert (folder / "a").read_bytes() == b"old"
    assert {name: (folder / name).read_bytes() for name in ("a", "inner/b", "notes.txt")} == {
        "a": b"new", "inner/b": b"two", "notes.txt": b"the user's own",
    }  # fmt: skip
    assert names(tmp_path) == ["report"]


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    def fail():
        with staged_folder(tmp_path / "report") as staged:
            (staged / "a").write_bytes(b"half")
            raise ValueError("no figure")

    with pytest.raises(ValueError, match="no figure"):
        fail()
    assert names(tmp_path) == []
    (tmp_path / "report").write_bytes(b"a file")
    with pytest.raises(UserError, match="report cannot be written"), staged_folder(tmp_path / "report") as staged:
        (staged / "a").write_bytes(b"one")
    assert names(tmp_path) == ["report"]
