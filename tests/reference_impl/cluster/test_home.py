from __future__ import annotations

import os
import shutil
import stat

import pytest

from reference_impl.cluster.errors import Refused
from reference_impl.cluster.home import (
    SOCKETS_PATH_MAX,
    Home,
    find_sockets_folders,
    make_sockets_folder,
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


def test_the_sockets_folder_is_short_and_private_and_found_again(place):
    folder = make_sockets_folder(place)
    try:
        assert len(str(folder)) <= SOCKETS_PATH_MAX
        assert mode_of(folder) == 0o700
        assert find_sockets_folders(place) == [folder]
    finally:
        shutil.rmtree(folder)


def test_it_is_short_even_if_temporary_files_live_deep(place, monkeypatch, tmp_path):
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = make_sockets_folder(place)
    shutil.rmtree(folder)
    assert len(str(folder)) <= SOCKETS_PATH_MAX


def test_another_homes_sockets_folder_is_not_found(place, tmp_path):
    other = make_sockets_folder(Home(folder=tmp_path / "other"))
    try:
        assert find_sockets_folders(place) == []
    finally:
        shutil.rmtree(other)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write in another's name")
def test_what_another_account_claims_to_be_ours_is_not_believed(place):
    folder = make_sockets_folder(place)
    os.chown(folder / "home", 65533, 65533)
    try:
        assert find_sockets_folders(place) == []
    finally:
        shutil.rmtree(folder)
