from __future__ import annotations

import stat

import pytest

from reference_impl.cluster.errors import Refused
from reference_impl.cluster.home import (
    SOCKETS_PATH_MAX,
    Home,
    make_sockets_folder,
    remove_sockets_folder,
)


@pytest.fixture
def place(tmp_path):
    home = Home(folder=tmp_path / "home")
    home.create()
    return home


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_secret_is_kept_and_private(place):
    assert place.secret() == place.secret()
    assert len(place.secret()) >= 32
    assert mode_of(place.folder / "secret") == 0o600


def test_the_state_is_what_was_written_last(place):
    place.write_state({"stage": "starting"})
    place.write_state({"stage": "up"})
    assert place.read_state() == {"stage": "up"}


@pytest.mark.parametrize("text", ["", "{", "7"])
def test_an_unreadable_state_is_none(place, text):
    place.state.write_text(text)
    assert place.read_state() is None


def test_only_one_may_hold_the_lock(place):
    with place.locked(), pytest.raises(Refused, match="being started or stopped"), place.locked():
        pass
    with place.locked():
        pass  # free again


def test_the_sockets_folder_is_short_and_private(place):
    folder = make_sockets_folder(place)
    assert len(str(folder)) <= SOCKETS_PATH_MAX
    assert mode_of(folder) == 0o700
    remove_sockets_folder(place, folder)
    assert not folder.exists()


def test_the_sockets_folder_is_short_even_if_temporary_files_live_deep(
    place, monkeypatch, tmp_path
):
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = make_sockets_folder(place)
    assert len(str(folder)) <= SOCKETS_PATH_MAX
    remove_sockets_folder(place, folder)


def test_the_sockets_folder_of_another_home_is_left_alone(place, tmp_path):
    theirs = make_sockets_folder(Home(folder=tmp_path / "other"))
    remove_sockets_folder(place, theirs)
    assert theirs.exists()
    remove_sockets_folder(Home(folder=tmp_path / "other"), theirs)


def test_a_folder_that_nobody_marked_is_left_alone(place, tmp_path):
    remove_sockets_folder(place, tmp_path)
    remove_sockets_folder(place, tmp_path / "missing")
    assert tmp_path.exists()
