"""What stays when everybody is cleared away, whichever of the two streams is read first."""

from model.rules.search import rebuild_id

BEFORE_S, CLEARED_S, AFTER_S = 2_900.0, 3_000.0, 3_010.0
LATER = rebuild_id(3_005_000, "x")  # than the clearing


def test_when_everybody_was_cleared_away_nobody_is_found_until_a_rebuild_tells_of_the_next(
    heard, say
):
    heard.hears(say.told(1, "Ada"), say.cleared(at_s=2.0))
    assert heard.finds() == []
    assert not heard.generations.is_complete
    later = rebuild_id(3_000, "x")
    heard.hears(say.announced(later, 2, "Bert"), say.all_announced(later))
    assert heard.finds() == ["Bert"]
    assert heard.generations.is_complete


def test_a_rebuild_that_was_begun_before_all_were_cleared_away_counts_for_nothing(heard, say):
    before = rebuild_id(1_000, "x")
    heard.hears(say.announced(before, 1, "Ada"), say.cleared(at_s=2.0), say.all_announced(before))
    assert heard.finds() == []
    assert not heard.generations.is_complete


def test_what_a_later_rebuild_has_told_is_not_cleared_away(heard, say):
    later = rebuild_id(3_000, "x")
    heard.hears(say.announced(later, 2, "Bert"), say.cleared(at_s=2.0), say.all_announced(later))
    assert heard.finds() == ["Bert"]


def test_a_clearing_that_is_heard_after_a_later_rebuild_has_begun_clears_all_the_same(heard, say):
    heard.hears(
        say.announced("0", 1, "Ada"), say.all_announced("0"), say.told(3, "Cleo", at_s=BEFORE_S)
    )
    heard.hears(say.announced(LATER, 2, "Bert", at_s=AFTER_S), say.cleared(at_s=CLEARED_S))
    assert heard.finds() == []
    assert not heard.generations.is_complete
    heard.hears(say.told(4, "Dora", at_s=AFTER_S), say.all_announced(LATER))
    assert heard.finds() == ["Bert", "Dora"], "Cleo was inherited, and is gone"
    assert heard.generations.is_complete


def test_a_clearing_that_is_heard_after_a_later_rebuild_has_ended_takes_what_it_inherited(
    heard, say
):
    heard.hears(say.told(3, "Cleo", at_s=BEFORE_S), say.announced(LATER, 2, "Bert", at_s=AFTER_S))
    heard.hears(say.all_announced(LATER), say.told(4, "Dora", at_s=AFTER_S))
    heard.hears(say.cleared(at_s=CLEARED_S))
    assert heard.finds() == ["Bert", "Dora"]
    assert heard.generations.is_complete


def test_whose_id_was_announced_anew_may_be_lost_with_the_clearing_and_then_it_says_so(heard, say):
    heard.hears(say.told(2, "Bea", version=7, at_s=BEFORE_S))
    heard.hears(say.announced(LATER, 2, "Bert", at_s=AFTER_S), say.cleared(at_s=CLEARED_S))
    heard.hears(say.announced(LATER, 5, "Eve", at_s=AFTER_S), say.all_announced(LATER))
    assert heard.finds() == []
    assert not heard.generations.is_complete
    again = rebuild_id(4_000_000, "x")
    heard.hears(say.announced(again, 2, "Bert"), say.all_announced(again))
    assert heard.finds() == ["Bert"]
    assert heard.generations.is_complete


def test_whose_announcement_a_clearing_took_from_the_index_that_serves_is_known_to_miss(heard, say):
    heard.hears(say.told(2, "Bea", version=7, at_s=BEFORE_S))
    heard.hears(say.announced(LATER, 2, "Bert", at_s=AFTER_S), say.all_announced(LATER))
    heard.hears(say.cleared(at_s=CLEARED_S))
    assert heard.finds() == []
    assert not heard.generations.is_complete


def test_what_an_earlier_rebuild_announced_is_not_taken_for_an_announcement_of_the_next(heard, say):
    heard.hears(say.announced("0", 3, "Cleo"), say.all_announced("0"))
    heard.hears(say.told(3, "Cleo", version=2, at_s=BEFORE_S))
    heard.hears(say.announced(LATER, 2, "Bert", at_s=AFTER_S), say.cleared(at_s=CLEARED_S))
    heard.hears(say.all_announced(LATER))
    assert heard.finds() == ["Bert"]
    assert heard.generations.is_complete


def test_a_clearing_clears_also_where_a_later_gap_is_known_of(heard, say):
    heard.generations.note_gap(of_users=True, upto=LATER)
    heard.hears(say.told(1, "Ada"), say.cleared(at_s=CLEARED_S))
    assert heard.finds() == []
    heard.hears(say.all_announced(LATER))
    assert not heard.generations.is_complete, "the gap is known of still"
