"""What a shard knows after any events: while it serves, and while it is made anew."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.rules.search import shard_of_user
from reference_impl.search.generations import FORGET_S, GONE_KEPT_S, INHERITED_S
from reference_impl.search.memory import MemoryShelf


def test_a_shard_begins_empty_and_does_not_claim_to_know_everybody(heard):
    assert heard.finds() == []
    assert not heard.generations.is_complete


def test_who_registers_is_found_and_who_leaves_is_not(heard, say):
    heard.hears(say.told(1, "Ada"), say.told(2, "Bert"))
    assert heard.finds() == ["Ada", "Bert"]
    heard.hears(say.gone(1))
    assert heard.finds() == ["Bert"]


def test_an_older_version_does_not_come_back(heard, say):
    heard.hears(say.told(1, "Eve", version=3))
    heard.hears(say.told(1, "Ada", version=2))
    assert heard.finds() == ["Eve"]


def test_who_is_gone_is_not_found_by_what_comes_late(heard, say):
    heard.hears(say.gone(1), say.told(1, "Ada", version=9), say.followed(1, 5, 5))
    heard.hears(say.told(1, "Ada", version=9))
    assert heard.finds() == []


def test_followers_told_before_their_user_count(heard, say):
    heard.hears(say.followed(2, followers=8, version=1))
    heard.hears(say.told(1, "Ada"), say.told(2, "Bert"))
    assert heard.finds() == ["Bert", "Ada"]


def test_users_of_other_shards_are_none_of_ours(make_heard, say):
    ours = next(user_id for user_id in range(0, 9 << 20, 1 << 20) if shard_of_user(user_id, 2) == 2)
    heard = make_heard(MemoryShelf(), shard=2, shards=2)
    other = ours ^ (1 << 21)
    assert shard_of_user(other, 2) == 1
    heard.hears(
        say.told(ours, "Ada"),
        say.told(other, "Bert"),
        say.announced("r", ours, "Ada"),
        say.announced("r", other, "Bert"),
    )
    assert heard.finds() == ["Ada"]
    heard.hears(say.all_announced("r"))
    assert heard.finds() == ["Ada"]


def test_who_is_gone_is_forgotten_after_a_day(shelf, make_heard, say):
    now_s = say.now_s
    heard = make_heard(shelf, clock_s=lambda: now_s)
    heard.hears(say.gone(1))
    now_s += GONE_KEPT_S + FORGET_S
    heard.hears(say.told(2, "Bert"))
    heard.hears(say.told(1, "Ada"))
    assert heard.finds() == ["Ada", "Bert"]


# A rebuild.


def test_a_rebuild_takes_the_place_of_what_was_known(heard, say):
    heard.hears(say.told(1, "Ada", at_s=say.now_s - 2 * INHERITED_S))
    heard.hears(say.announced("r1", 2, "Bert"))
    assert heard.finds() == ["Ada"], "the old one serves meanwhile"
    heard.hears(say.all_announced("r1"))
    assert heard.finds() == ["Bert"]
    status = heard.generations.status()
    assert (status.is_complete, status.rebuild, status.users) == (True, "r1", 1)
    assert status.filling is None


def test_a_rebuild_of_nobody_is_one_too(heard, say):
    heard.hears(say.all_announced("r1", 1, 2))
    assert not heard.generations.is_complete
    heard.hears(say.all_announced("r1", 2, 2))
    assert heard.generations.is_complete


def test_a_rebuild_ends_when_every_source_has_ended_whichever_is_first(heard, say):
    heard.hears(say.all_announced("r1", 2, 2), say.all_announced("r1", 2, 2))
    assert heard.generations.status().filling == {"rebuild": "r1", "users": 0}
    heard.hears(say.announced("r1", 1, "Ada"), say.all_announced("r1", 1, 2))
    assert heard.finds() == ["Ada"]


def test_what_happens_during_a_rebuild_is_in_both(heard, say):
    heard.hears(say.announced("r1", 1, "Ada"), say.announced("r1", 2, "Bert"))
    heard.hears(say.told(1, "Eve", version=2), say.gone(2), say.told(3, "Zoe"))
    assert heard.finds() == ["Eve", "Zoe"]
    heard.hears(say.announced("r1", 1, "Ada"), say.announced("r1", 2, "Bert"))
    heard.hears(say.all_announced("r1"))
    assert heard.finds() == ["Eve", "Zoe"]


def test_what_happened_shortly_before_is_not_undone_by_who_read_before_that(heard, say):
    heard.hears(say.told(1, "Eve", version=2), say.gone(2), say.told(3, "Zoe"))
    heard.hears(say.announced("r1", 1, "Ada", version=1), say.announced("r1", 2, "Bert"))
    heard.hears(say.all_announced("r1"))
    assert heard.finds() == ["Eve", "Zoe"]


def test_what_only_an_earlier_rebuild_announced_is_not_taken_over(heard, say):
    heard.hears(say.announced("r1", 1, "Ada"), say.all_announced("r1"))
    heard.hears(say.announced("r2", 2, "Bert"))
    assert heard.generations.status().filling == {"rebuild": "r2", "users": 1}
    heard.hears(say.all_announced("r2"))
    assert heard.finds() == ["Bert"]


def test_what_is_told_again_late_harms_no_ended_rebuild(heard, say):
    heard.hears(say.all_announced("r1"), say.announced("r1", 1, "Ada"), say.gone(1))
    heard.hears(say.announced("r1", 1, "Ada"), say.announced("r1", 2, "Bert"))
    heard.hears(say.all_announced("r1"))
    assert heard.finds() == ["Bert"]
    assert heard.generations.status().filling is None


def test_of_two_rebuilds_the_newer_wins(heard, say):
    heard.hears(say.announced("r1", 1, "Ada"), say.announced("r2", 2, "Bert"))
    heard.hears(say.announced("r1", 3, "Cleo"), say.all_announced("r1"))
    assert heard.generations.status().filling == {"rebuild": "r2", "users": 1}
    heard.hears(say.all_announced("r2"))
    assert heard.finds() == ["Bert"]
    heard.hears(say.announced("r1", 3, "Cleo"), say.all_announced("r1"))
    assert heard.finds() == ["Bert"]


def test_announced_followers_count_until_newer_ones_are_told(heard, say):
    heard.hears(
        say.announced("r1", 1, "Ada", followers=9, followers_version=4),
        say.announced("r1", 2, "Bert", followers=2, followers_version=1),
        say.followed(1, followers=1, version=3),
        say.followed(2, followers=70, version=2),
        say.all_announced("r1"),
    )
    assert heard.finds() == ["Bert", "Ada"]


def test_events_that_were_missed_make_the_index_incomplete_until_the_next_rebuild(heard, say):
    heard.hears(say.announced("r1", 1, "Ada"), say.all_announced("r1"))
    heard.hears(say.announced("r2", 1, "Ada"))
    heard.generations.note_gap(of_users=True, upto=None)
    assert not heard.generations.is_complete
    assert heard.generations.status().filling is None
    assert heard.finds() == ["Ada"]
    heard.hears(say.announced("r3", 1, "Ada"), say.all_announced("r3"))
    assert heard.generations.is_complete


def test_announcements_that_were_missed_end_the_rebuild_only(heard, say):
    heard.hears(say.announced("r1", 1, "Ada"), say.all_announced("r1"))
    heard.hears(say.announced("r2", 1, "Ada"))
    heard.generations.note_gap(of_users=False, upto=None)
    assert heard.generations.is_complete
    assert heard.generations.status().filling is None


def test_a_rebuild_that_was_not_heard_from_its_beginning_is_passed_over(heard, say):
    heard.generations.note_gap(of_users=False, upto="r2")
    heard.hears(say.announced("r2", 1, "Ada"), say.all_announced("r2"))
    assert not heard.generations.is_complete
    heard.hears(say.announced("r3", 1, "Ada"), say.all_announced("r3"))
    assert heard.generations.is_complete


@pytest.mark.parametrize("of_users", [True, False])
def test_a_rebuild_with_a_gap_in_it_does_not_begin_again_in_its_middle(heard, say, of_users):
    heard.hears(say.announced("r1", 1, "Ada"))
    heard.generations.note_gap(of_users=of_users, upto=None)
    heard.hears(say.announced("r1", 2, "Bert"), say.all_announced("r1"))
    assert not heard.generations.is_complete
    assert heard.generations.status().filling is None


# Any events in any order.

IDS = st.integers(1, 4)
LIVE = st.one_of(
    st.tuples(st.just("told"), IDS, st.integers(1, 4)),
    st.tuples(st.just("gone"), IDS, st.just(0)),
    st.tuples(st.just("followed"), IDS, st.integers(1, 4)),
)


class Oracle:
    """Whom to find, in which order: the newest of everything, in dicts."""

    def __init__(self):
        self.versions, self.counts, self.gone = {}, {}, set()

    def hears(self, what, user_id, version):
        if what == "told":
            self.versions[user_id] = max(version, self.versions.get(user_id, 0))
        elif what == "gone":
            self.gone.add(user_id)
        else:
            self.counts[user_id] = max(version, self.counts.get(user_id, 0))

    def finds(self):
        found = [user_id for user_id in self.versions if user_id not in self.gone]
        # The count of version v is 4**v: another bucket for each.
        found.sort(key=lambda user_id: (-self.counts.get(user_id, 0), user_id))
        return [f"n{user_id}v{self.versions[user_id]}" for user_id in found]


def event_of(say, what, user_id, version):
    if what == "told":
        return say.told(user_id, f"n{user_id}v{version}", version=version)
    if what == "gone":
        return say.gone(user_id)
    return say.followed(user_id, followers=4**version, version=version)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_order_of_events_any_repetition_and_a_rebuild_amid_them(make_heard, say, data):
    events = data.draw(st.lists(LIVE, max_size=12))
    again = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    told_in = data.draw(st.permutations(events + again))
    oracle, heard = Oracle(), make_heard(MemoryShelf())
    for live in events:
        oracle.hears(*live)
    announced = [(user_id, oracle.versions[user_id]) for user_id in oracle.versions]
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(told_in))] * 2)))
    for place, live in enumerate((*told_in, None)):
        if place == begin:
            # Whoever announces has read any version, and knows of no deletion.
            for user_id, newest in announced:
                version = data.draw(st.integers(1, newest))
                heard.hears(say.announced("r1", user_id, f"n{user_id}v{version}", version=version))
        if place == end:
            heard.hears(say.all_announced("r1"))
        if live is not None:
            heard.hears(event_of(say, *live))
    assert heard.finds() == oracle.finds()
    assert heard.generations.is_complete
