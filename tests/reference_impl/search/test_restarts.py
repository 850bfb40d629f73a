"""What a shard knows after its process died, at any moment, or its folder was damaged."""

import itertools
import shutil

import pytest

from model.rules.search import rebuild_id
from reference_impl.search import drafts
from reference_impl.search.disk import DiskShelf
from reference_impl.search.memory import MemoryIndex, MemoryShelf


@pytest.fixture
def again(tmp_path, make_heard):
    """A function that starts on the same folder, as after a death."""
    shelves: list[DiskShelf] = []

    def start():
        for shelf in shelves:
            shelf.close()
        shelves.append(DiskShelf(tmp_path, shard=1, shards=1))
        return make_heard(shelves[-1])

    yield start
    shelves[-1].close()


def test_a_rebuild_goes_on_after_a_start(again, say):
    again().hears(say.told(1, "Ada"), say.announced("r1", 1, "Ada"), say.all_announced("r1", 1, 2))
    heard = again()
    assert heard.finds() == ["Ada"]
    heard.hears(say.announced("r1", 2, "Bert"), say.all_announced("r1", 2, 2))
    assert again().finds() == ["Ada", "Bert"]
    assert again().generations.is_complete


def test_only_the_one_that_serves_stays_on_disk(again, say, tmp_path):
    heard = again()
    for number in range(1, 4):
        heard.hears(say.announced(f"r{number}", 1, "Ada"), say.all_announced(f"r{number}"))
    assert len(list(tmp_path.iterdir())) == 1


class Dying:
    """A shelf on which removing fails, as if the process died just before."""

    def __init__(self, shelf):
        self._shelf = shelf

    def __getattr__(self, name):
        return getattr(self._shelf, name)

    def remove(self, name):
        raise KeyboardInterrupt


@pytest.mark.parametrize("is_served_complete", [True, False])
def test_of_what_a_death_at_the_change_left_double_the_newer_serves(
    again, make_heard, say, tmp_path, is_served_complete
):
    heard = again()
    if is_served_complete:
        heard.hears(say.all_announced("r1"))
    heard.generations._shelf = Dying(heard.generations._shelf)
    with pytest.raises(KeyboardInterrupt):
        heard.hears(say.announced("r2", 1, "Ada"), say.all_announced("r2"))
    assert len(list(tmp_path.iterdir())) == 2
    heard = again()
    assert heard.finds() == ["Ada"]
    assert heard.generations.is_complete
    assert len(list(tmp_path.iterdir())) == 1


class Died(BaseException):
    """The process is no more."""


class Mortal:
    """Counts the times that an index learns or commits, and dies at one of them."""

    def __init__(self, monkeypatch):
        self.left = None
        for place, name in ((drafts.Draft, "learn"), (MemoryIndex, "commit")):
            self._count(monkeypatch, place, name)

    def _count(self, monkeypatch, place, name):
        done = getattr(place, name)

        def do(*args):
            if self.left is not None:
                if self.left == 0:
                    raise Died
                self.left -= 1
            return done(*args)

        monkeypatch.setattr(place, name, do)


@pytest.mark.parametrize("commit_max", [1, 2, 100])
def test_a_death_at_any_moment_of_a_rebuild_loses_nothing(make_heard, say, monkeypatch, commit_max):
    monkeypatch.setattr(drafts, "COMMIT_MAX", commit_max)
    mortal = Mortal(monkeypatch)
    before = [say.told(1, "Eve", version=2), say.gone(2), say.told(3, "Zoe"), say.told(4, "Max")]
    during = [
        say.announced("r1", 1, "Ada"),
        say.announced("r1", 2, "Bert"),
        say.told(4, "Moritz", version=2),
        say.announced("r1", 5, "Fritz"),
    ]
    for dies_at in itertools.count():
        mortal.left, shelf = None, MemoryShelf()
        make_heard(shelf).hears(*before)
        mortal.left = dies_at
        try:
            make_heard(shelf).hears(*during)
            make_heard(shelf).hears(say.all_announced("r1"))
            break
        except Died:
            mortal.left = None
            for events in (during, [say.all_announced("r1")]):  # what was in hand is taken again
                heard = make_heard(shelf)
                heard.hears(*events)
        assert heard.finds() == ["Eve", "Zoe", "Moritz", "Fritz"], f"died at {dies_at}"
        assert heard.generations.is_complete
    assert dies_at > 10


# A folder that was damaged.


OLD, NEW = rebuild_id(5, "a"), rebuild_id(2_000_000_000, "a")  # before and after every opening


def damage(folder):
    (folder / "meta.json").write_text("{")


def folder_of(tmp_path, heard, is_filling):
    generations = heard.generations
    draft = generations._filling if is_filling else generations._serving
    return tmp_path / draft.name


@pytest.mark.parametrize(
    ("is_filling", "lose"), [(True, damage), (False, damage), (False, shutil.rmtree)]
)
def test_a_rebuild_that_lost_what_it_had_made_does_not_end_with_the_rest(
    again, say, tmp_path, is_filling, lose
):
    heard = again()
    heard.hears(say.told(9, "Zoe"), say.announced(OLD, 1, "Ada"))
    lose(folder_of(tmp_path, heard, is_filling))
    heard = again()
    heard.hears(say.announced(OLD, 2, "Bert"), say.all_announced(OLD))
    assert not heard.generations.is_complete
    heard.hears(say.announced(NEW, 2, "Bert"), say.all_announced(NEW))
    assert heard.generations.is_complete
    assert len(list(tmp_path.iterdir())) == 1


def test_an_index_that_serves_stays_complete_when_the_one_beside_it_is_damaged(
    again, say, tmp_path
):
    heard = again()
    heard.hears(say.announced(OLD, 1, "Ada"), say.all_announced(OLD))
    heard.hears(say.announced(rebuild_id(6, "a"), 1, "Ada"))
    damage(folder_of(tmp_path, heard, is_filling=True))
    heard = again()
    assert heard.generations.is_complete
    assert heard.finds() == ["Ada"]


def test_a_loss_is_known_of_before_what_is_left_of_it_is_removed(again, make_heard, say, tmp_path):
    heard = again()
    heard.hears(say.announced(OLD, 1, "Ada"))
    damage(folder_of(tmp_path, heard, is_filling=True))
    heard.generations._shelf.close()
    shelf = DiskShelf(tmp_path, shard=1, shards=1)
    with pytest.raises(KeyboardInterrupt):
        make_heard(Dying(shelf))
    shelf.close()
    heard = again()
    heard.hears(say.announced(OLD, 2, "Bert"), say.all_announced(OLD))
    assert not heard.generations.is_complete


def test_half_made_and_half_removed_folders_are_no_loss(again, say, tmp_path):
    again().hears(say.announced(OLD, 1, "Ada"))
    (tmp_path / ".begun").mkdir()
    heard = again()
    heard.hears(say.announced(OLD, 2, "Bert"), say.all_announced(OLD))
    assert heard.generations.is_complete
    assert heard.finds() == ["Ada", "Bert"]
    assert len(list(tmp_path.iterdir())) == 1
