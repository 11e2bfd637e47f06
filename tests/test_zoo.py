import pytest

from gedanken import zoo
from gedanken.errors import UserError


def test_entries_are_the_files_of_the_folder():
    names = zoo.names("gedanken.worlds.ode.systems")
    assert names["free_fall"] == "gedanken.worlds.ode.systems.free_fall"


def test_an_unknown_name_offers_its_neighbours():
    with pytest.raises(UserError, match="no system called 'free_fal'; did you mean free_fall"):
        zoo.load("gedanken.worlds.ode.systems", "free_fal")


def test_a_file_that_does_not_import_is_the_users_fault(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("SYSTEM = 1 / 0\n")
    with pytest.raises(UserError, match="ZeroDivisionError"):
        zoo.load_file(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="no file"):
        zoo.load_file(tmp_path / "absent.py")
