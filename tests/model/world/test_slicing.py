from dataclasses import replace

import pytest

from model.world.attributes import Attribute
from model.world.counts import ConstantCount, CountTable, poisson
from model.world.frequencies import begun_by, times_at
from model.world.hot_shards import Hot
from model.world.journeys import (
    AllOf,
    Batch,
    Breaker,
    Cached,
    Call,
    Delay,
    Emit,
    ForEach,
    Hold,
    Journey,
    Visit,
    WithProbability,
)
from model.world.keys import LANE, LEG, Beside
from model.world.laws import Constant
from model.world.parts import Parts
from model.world.scenario import ScenarioError
from model.world.slices import BEGIN, CLOCK, END, OfWhom, abroad, nobodys
from model.world.slicing import sliced
from model.world.step_trees import places_in
from model.world.wiring import DOOR

WORK = Constant(value=0.01)
ASK = Visit(station="shard", key=LEG, work=WORK)
MEMBERS = {"shard": 64, "front": 64, CLOCK: 1}


def fork(count=64, body=ASK, **how):
    return ForEach(count=ConstantCount(count=count), body=body, name="merge", **how)


def cut_of(*steps, k=4, others=(), **how):
    journeys = (Journey(name="page", steps=steps), *others)
    members = {station: n // k for station, n in MEMBERS.items() if station != CLOCK}
    hot = how.pop("hot", None)
    if hot is not None:
        members["shard"] += 1
    return sliced(journeys, Parts(members=members, of=k, hot=hot), **how)


def steps_of(journey):
    return {place.path: place.step for place in places_in(journey.name, journey.steps)}


def test_a_slice_of_one_is_the_world():
    cut = cut_of(fork(), k=1)
    assert cut.journeys == (Journey(name="page", steps=(fork(),)),)
    assert not cut.thinned
    assert not cut.backgrounds


def test_of_a_wide_fork_as_many_legs_are_here_as_the_slice_has_of_all_members():
    here = steps_of(cut_of(fork()).journeys[0])["page/merge"].count
    assert here.mean == pytest.approx(64 / 4)
    assert here.quantile(0.999) > 20  # and it varies, as a binomial does


BESIDE = fork(63, Visit(station="shard", key=Beside(key="own"), work=WORK))


def test_of_the_shards_beside_its_own_a_request_asks_all_others_of_its_slice():
    here = steps_of(cut_of(BESIDE).journeys[0])["page/merge"]
    assert here.count.counts == (64 // 4 - 1,)
    assert here.body.key == Beside(key="own")


def test_who_belongs_elsewhere_asks_all_shards_of_the_slice_for_the_own_is_not_here():
    [background] = cut_of(BESIDE).backgrounds
    here = steps_of(background.journey)["page/merge elsewhere/merge"]
    assert here.count.counts == (64 // 4,)
    assert here.body[0].key == LANE


FAR = Delay(time=Attribute(name="far_s"), name="way")
AWAY = WithProbability(p=1.0, then=(FAR, ASK), name="away")


@pytest.mark.parametrize("body", [(FAR, ASK), AWAY], ids=["at once", "inside a step"])
def test_the_way_that_all_legs_have_is_before_a_wide_fork(body):
    cut = cut_of(fork(body=body))
    steps = steps_of(cut.journeys[0])
    order = [path for path in steps if path.count("/") == 2]
    assert order == [f"page/merge_any/merge{end}" for end in ("_leaves", "_way", "_begins", "")]
    assert steps["page/merge_any"].p == 1.0
    assert steps["page/merge_any/merge_way"].time == Attribute(name="far_s")
    left = [step for step in steps.values() if isinstance(step, Delay)]
    assert [step.time for step in left] == [Attribute(name="far_s"), Constant(value=0.0)]
    assert cut.thinned[0].leaves == "page/merge_any/merge_leaves"


def test_who_has_no_leg_has_no_way():
    some = ForEach(
        count=CountTable(counts=(0, 40, 64), cumulated=(0.5, 0.75, 1.0)), body=AWAY, name="merge"
    )
    cut = cut_of(some)
    assert steps_of(cut.journeys[0])["page/merge_any"].p == 0.5
    assert cut.thinned[0].thinning.width == CountTable(counts=(40, 64), cumulated=(0.5, 1.0))
    [background] = cut.backgrounds
    assert background.per_arrival["page"] == pytest.approx(0.5, rel=1e-3)


def test_who_belongs_elsewhere_has_the_way_before_its_legs_too():
    [background] = cut_of(fork(body=AWAY)).backgrounds
    steps = steps_of(background.journey)
    name = background.journey.name
    assert [*steps][:2] == [f"{name}/merge{end}" for end in ("_way", "")]
    assert steps[f"{name}/merge_way"].time == Attribute(name="far_s")


@pytest.mark.parametrize("body", [(ASK, FAR), (Delay(time=WORK), ASK), replace(AWAY, p=0.5)])
def test_what_not_all_legs_begin_with_stays_in_them(body):
    assert "page/merge" in steps_of(cut_of(fork(body=body)).journeys[0])


def test_a_narrow_fork_keeps_the_way_in_its_legs():
    steps = steps_of(cut_of(fork(count=1, body=(FAR, ASK))).journeys[0])
    assert [*steps] == ["page/merge", "page/merge/way", "page/merge/shard"]


def test_a_narrow_fork_stays_whole():
    cut = cut_of(fork(count=1))
    assert steps_of(cut.journeys[0])["page/merge"].count == ConstantCount(count=1)
    assert not cut.backgrounds


def test_what_does_not_go_by_leg_stays_whole():
    cut = cut_of(fork(body=Visit(station="shard", work=WORK)))
    assert not cut.thinned


def test_other_steps_keep_their_paths():
    twice = (fork(), fork(body=(Visit(station="front", key="own", work=WORK), ASK)), ASK)
    paths = set(steps_of(Journey(name="page", steps=twice)))
    cut = cut_of(*twice)
    assert [thinned.path for thinned in cut.thinned] == [
        "page/merge",
        "page/merge-2_whole/1/merge-2",
    ]
    left = {path for path in paths if not path.startswith("page/merge-2")}
    assert left <= set(steps_of(cut.journeys[0]))


def test_those_of_elsewhere_bring_as_much_as_is_missing():
    cut = cut_of(WithProbability(p=0.5, then=fork(), name="half"))
    legs = steps_of(cut.backgrounds[0].journey)["page/half/merge elsewhere/merge"].count
    rate_per_s = cut.background_per_s(cut.backgrounds[0], {"page": 100.0})
    # In the world 100 · 0.5 · 64 legs a second, of which the slice has a quarter; of that quarter
    # those who belong here bring a quarter.
    assert rate_per_s * legs.mean == pytest.approx(100 * 0.5 * 64 / 4 * (1 - 1 / 4))
    assert legs.quantile(1e-9) == 1


def test_a_journey_that_is_emitted_has_a_background_as_often_as_it_begins():
    spread = Journey(name="spread", steps=fork())
    emit = WithProbability(p=0.5, then=(Emit(journey="spread"), Emit(journey="spread")))
    cut = cut_of(emit, others=(spread,))
    per_arrival = cut.backgrounds[0].per_arrival
    assert per_arrival == pytest.approx({"page": 1.0, "spread": 1.0}, rel=1e-6)


def test_probabilities_that_requests_bring_count_by_their_mean():
    places = list(places_in("page", WithProbability(p=Attribute(name="cold"), then=ASK)))
    assert times_at(places[1], {"cold": 0.25}) == 0.25
    with pytest.raises(ScenarioError, match="mean of the attribute cold"):
        times_at(places[1], {})


def test_legs_of_a_fork_bring_as_many_requests_as_there_are_legs():
    page = list(places_in("page", ForEach(count=poisson(mean=3), body=Emit(journey="news"))))
    begun = begun_by("page", {"page": page, "news": []}, {})
    assert begun == pytest.approx({"page": 1, "news": 3})


def test_what_all_legs_ask_of_the_requests_own_shard_is_asked_here():
    own = Visit(station="front", key="reader", work=WORK)
    cut = cut_of(fork(body=(own, ASK)))
    steps = steps_of(cut.journeys[0])
    here = steps["page/merge_whole/1/merge"]
    others = steps["page/merge_whole/2/merge_elsewhere"]
    assert here.count.mean + others.count.mean == pytest.approx(64)
    assert others.body == (own.__class__(**_fields(own, name="front")), _passing("shard"))
    foreign = steps_of(cut.backgrounds[0].journey)["page/merge elsewhere/merge"]
    assert _passing("front") in foreign.body
    assert [step.station for step in foreign.body if isinstance(step, Visit)] == [
        CLOCK,
        "shard",
        CLOCK,
    ]


def _fields(step, **changed):
    return {name: getattr(step, name) for name in step.__slots__} | changed


def _passing(name):
    return Delay(time=WORK, name=name)


def test_legs_of_several_steps_say_when_they_begin_and_end():
    body = (Delay(time=WORK), ASK)
    steps = steps_of(cut_of(fork(body=body)).journeys[0])
    assert {f"page/merge/{BEGIN}", f"page/merge/{END}", "page/merge_begins"} <= set(steps)


def test_of_forks_inside_one_another_the_innermost_is_thinned():
    chunks = ForEach(
        count=ConstantCount(count=100), body=(ASK, fork(count=40)), at_once=8, name="chunks"
    )
    cut = cut_of(Visit(station="front", work=WORK), chunks)
    assert [thinned.path for thinned in cut.thinned] == ["page/chunks/merge"]
    assert [(outer.path, outer.at_once) for outer in cut.thinned[0].around] == [("page/chunks", 8)]
    foreign = steps_of(cut.backgrounds[0].journey)
    root = "page/chunks elsewhere/chunks"
    assert foreign[root].count == ConstantCount(count=100)
    assert foreign[root].at_once == 8
    assert foreign[f"{root}/shard"] == _passing("shard")
    assert foreign[f"{root}/merge"].count.mean == pytest.approx(10)
    assert cut.thinned[0].abroad == (f"{root}/merge",)


def test_what_is_done_elsewhere_holds_nothing_and_starts_nothing_here():
    counted = Batch(station="front", base=WORK, per_item=WORK, count=ConstantCount(count=3))
    around = (
        Hold(station="front", steps=fork(), name="slot"),
        Cached(cache="near", miss=ASK),
        Emit(journey="news"),
        counted,
    )
    chunks = ForEach(count=ConstantCount(count=2), body=around, name="chunks")
    cut = cut_of(chunks, others=(Journey(name="news", steps=ASK),))
    foreign = steps_of(cut.backgrounds[0].journey)
    root = "page/chunks elsewhere/chunks"
    assert isinstance(foreign[f"{root}/slot"], WithProbability)
    assert foreign[f"{root}/slot/merge"].count.mean == pytest.approx(16)
    assert foreign[f"{root}/near"].time.value == 0
    assert foreign[f"{root}/emit_news"].time.value == 0
    assert foreign[f"{root}/front"].time.value == pytest.approx(0.04)


def test_the_strictest_deadline_around_a_wide_fork_is_kept():
    inner = Call(steps=fork(), deadline=Constant(value=3.0), name="inner")
    cut = cut_of(Call(steps=inner, deadline=Constant(value=5.0)))
    assert cut.thinned[0].deadline_s == 3.0


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        (fork(need=60), "does not wait for all of its legs, need is 60"),
        (
            ForEach(count=Attribute(name="lists"), body=ASK),
            "as wide as the attribute lists says",
        ),
        (fork(at_once=30), "its legs go in turns of 30"),
        (Call(steps=fork(), hedge_after=WORK), "page/call around it is hedged"),
        (
            ForEach(
                count=ConstantCount(count=2),
                body=(
                    fork(),
                    Batch(
                        station="front",
                        base=WORK,
                        per_item=WORK,
                        count=Attribute(name="lists"),
                    ),
                ),
            ),
            "is a batch by an attribute",
        ),
    ],
)
def test_what_cannot_be_completed_is_refused(steps, complaint):
    with pytest.raises(ScenarioError, match=f"simulation.slice: .*page/.*{complaint}"):
        cut_of(steps)


def test_a_width_that_varies_is_thinned_width_by_width():
    widths = CountTable(counts=(10, 60), cumulated=(0.5, 1.0))
    cut = cut_of(ForEach(count=widths, body=ASK, name="merge"))
    assert cut.thinned[0].thinning.here().mean == pytest.approx((10 + 60) / 2 / 4)


def test_what_is_waited_for_beside_a_wide_fork_is_known():
    own = Visit(station="front", work=WORK)
    cut = cut_of(AllOf(branches=(own, fork(), own)))
    assert cut.thinned[0].beside == ("page/all/1", "page/all/3")


def test_nothing_is_waited_for_beside_a_fork_where_one_branch_is_enough():
    cut = cut_of(AllOf(branches=(Visit(station="front", work=WORK), fork()), need=1))
    assert cut.thinned[0].beside == ()


def test_what_is_done_otherwise_is_left_whole_and_nobody_is_expected_to_do_it():
    otherwise = (fork(), Emit(journey="spread"))
    spread = Journey(name="spread", steps=fork())
    call = Call(steps=fork(), otherwise=otherwise, name="lists")
    cut = cut_of(call, others=(spread,))
    here = steps_of(cut.journeys[0])
    assert here["page/lists/merge"].count.mean == pytest.approx(64 / 4)
    assert here["page/lists/otherwise/merge"].count == fork().count
    assert here["page/lists/otherwise/emit_spread"] == Emit(journey="spread", name="emit_spread")
    assert [thinned.path for thinned in cut.thinned] == ["page/lists/merge", "spread/merge"]
    assert cut.backgrounds[1].per_arrival == {"page": 0.0, "spread": pytest.approx(1.0)}


def test_what_is_done_otherwise_passes_where_it_is_done_elsewhere():
    call = Call(steps=BY_NUMBER, otherwise=Visit(station="front", work=WORK), name="lists")
    journey = by_whom(cut_of(call, fork(), hot=HOT))[OfWhom.ASKING]
    elsewhere = steps_of(journey)["page elsewhere/lists/otherwise/front"]
    assert elsewhere == _passing("front")


def test_who_belongs_elsewhere_passes_the_same_door():
    door = Visit(station=DOOR, work=WORK, replica="nearest")
    spread = Journey(name="spread", steps=fork())
    cut = cut_of(door, fork(), Emit(journey="spread"), others=(spread,))
    for background in cut.backgrounds:
        assert next(iter(steps_of(background.journey).values())).station == DOOR


def test_who_belongs_elsewhere_takes_a_fork_inside_the_same_calls():
    inner = Call(steps=fork(), breaker=Breaker(failures=3, open_s=1.0), name="asked")
    cut = cut_of(Call(steps=inner, retries=2, deadline=WORK, name="client"))
    name, foreign = cut.backgrounds[0].journey.name, steps_of(cut.backgrounds[0].journey)
    assert foreign[f"{name}/client"].retries == 2
    assert foreign[f"{name}/client"].deadline == WORK
    assert foreign[f"{name}/client/asked"].breaker == inner.breaker
    assert cut.thinned[0].abroad == (f"{name}/client/asked/merge",)
    assert cut.thinned[0].abroad[0] in foreign


def test_a_call_that_is_around_the_door_is_around_it_for_who_belongs_elsewhere():
    door = Visit(station=DOOR, work=WORK, replica="nearest")
    inner = Call(steps=fork(), name="asked")
    cut = cut_of(Call(steps=(door, inner), retries=2, name="client"))
    name = cut.backgrounds[0].journey.name
    assert list(steps_of(cut.backgrounds[0].journey))[:3] == [
        f"{name}/client",
        f"{name}/client/door",
        f"{name}/client/asked",
    ]


HOT = Hot(station="shard", shards=64, copies=1, share=0.5)
BY_NUMBER = Visit(station="shard", key=Attribute(name="shard"), work=WORK)


def by_whom(cut):
    return {background.of_whom: background.journey for background in cut.backgrounds}


def test_a_shard_that_is_hot_is_here_beside_the_slices_own():
    # Of 64 shards a slice of 4 has 16, and the hot one: 17 legs in 64 meet one of them.
    here = steps_of(cut_of(fork(), hot=HOT).journeys[0])["page/merge"].count
    assert here.mean == pytest.approx(17)
    assert cut_of(fork(), hot=HOT).thinned[0].members_elsewhere == 64 - 17


def test_a_narrow_fork_is_thinned_where_one_of_its_legs_may_meet_the_hot_shard():
    assert cut_of(fork(count=1), hot=HOT).thinned
    assert not cut_of(fork(count=0), hot=HOT).thinned


def test_who_asks_for_the_hot_shard_elsewhere_takes_the_whole_journey_and_asks_it_here():
    front = Visit(station="front", work=WORK)
    journey = by_whom(cut_of(front, BY_NUMBER, fork(), hot=HOT))[OfWhom.ASKING]
    front_elsewhere, asked, merge = list(steps_of(journey).values())[:3]
    assert front_elsewhere == _passing("front")
    assert asked == Visit(**_fields(BY_NUMBER, name="shard"))
    assert merge.count.mean == pytest.approx(17)


def test_others_bring_their_legs_as_ever():
    cut = cut_of(BY_NUMBER, fork(), hot=HOT)
    assert set(by_whom(cut)) == {OfWhom.ASKING, OfWhom.OTHERS}
    assert len(cut.thinned[0].abroad) == 2


def test_what_who_asks_elsewhere_holds_is_held_elsewhere():
    held = Hold(station="front", steps=(BY_NUMBER, fork()), name="slot")
    slot = steps_of(by_whom(cut_of(held, hot=HOT))[OfWhom.ASKING])["page elsewhere/slot"]
    assert slot.station == abroad("front")
    assert nobodys(("front", abroad("front"), CLOCK)) == {abroad("front"), CLOCK}


def test_the_door_of_a_zone_is_no_machine_of_anybodys():
    assert nobodys(("front", DOOR)) == {DOOR}


def test_as_many_ask_for_the_hot_shard_at_most_as_its_share_says():
    cut = cut_of(BY_NUMBER, hot=HOT)
    [asking] = cut.backgrounds
    assert cut.background_per_s(asking, {"page": 100.0}) == pytest.approx(100 * 3 / 4 * 0.5)


def test_legs_at_a_hot_shard_and_elsewhere_are_refused():
    both = (ASK, Visit(station="front", key=LEG, work=WORK))
    with pytest.raises(ScenarioError, match=r"legs of page/merge go to .* shard of shard is hot"):
        cut_of(fork(body=both), hot=HOT)


CHUNKS = ForEach(count=ConstantCount(count=100), body=(ASK, fork(40)), at_once=8, name="chunks")


def test_of_what_is_done_once_in_turns_a_slice_has_its_part_in_fewer_turns():
    cut = cut_of(CHUNKS, single=("page",))
    here = steps_of(cut.journeys[0])["page/chunks"]
    [background] = cut.backgrounds
    elsewhere = steps_of(background.journey)["page/chunks elsewhere/chunks"]
    assert (here.count.mean, here.at_once) == (25, 2)
    assert (elsewhere.count.mean, elsewhere.at_once) == (75, 6)
    assert background.of_whom is OfWhom.SINGLE
    assert cut.thinned[0].around[0].at_once == 2


BY_LANE = fork(40, body=Visit(station="shard", key=LANE, work=WORK))
LANES = ForEach(
    count=ConstantCount(count=100), body=(ASK, BY_LANE), at_once=8, in_lanes=True, name="chunks"
)


def test_what_goes_by_lane_is_thinned_as_what_goes_by_leg_and_stays_in_its_lanes():
    by_leg = cut_of(CHUNKS, single=("page",))
    by_lane = cut_of(LANES, single=("page",))
    (lane,), (leg,) = by_lane.thinned, by_leg.thinned
    assert lane.thinning.here().mean == pytest.approx(leg.thinning.here().mean)
    assert (lane.thinning.members, leg.thinning.members) == (16, None)  # of lanes no two meet
    assert by_lane.thinned[0].around[0].in_lanes
    here = steps_of(by_lane.journeys[0])
    elsewhere = steps_of(by_lane.backgrounds[0].journey)
    chunks = here["page/chunks"], elsewhere["page/chunks elsewhere/chunks"]
    assert [(each.count.mean, each.at_once, each.in_lanes) for each in chunks] == [
        (25, 2, True),
        (75, 6, True),
    ]
    keys = {getattr(step, "key", "") for steps in (here, elsewhere) for step in steps.values()}
    assert keys == {"", LEG, LANE}


def test_who_does_it_often_brings_what_goes_by_lane_in_lanes():
    cut = cut_of(LANES)
    [background] = cut.backgrounds
    steps = steps_of(background.journey)
    assert steps["page/chunks elsewhere/chunks"].in_lanes
    assert LANE in {getattr(step, "key", "") for step in steps.values()}


def test_lanes_that_are_too_wide_themselves_are_refused():
    wide = fork(at_once=64, in_lanes=True)
    with pytest.raises(ScenarioError, match="page/merge is too wide, and its legs go in turns"):
        cut_of(wide)


def test_a_turn_takes_the_time_of_its_legs_elsewhere_too():
    cut = cut_of(CHUNKS, single=("page",))
    [background], [thinned] = cut.backgrounds, cut.thinned
    for journey, at in ((cut.journeys[0], thinned.path), (background.journey, thinned.abroad[0])):
        steps = steps_of(journey)
        beside = at.replace("/1/", "/2/")
        assert steps[at].count.mean < steps[f"{beside}_passing"].count.mean == 40
    assert thinned.passed in steps_of(cut.journeys[0])


def test_what_is_done_once_and_not_in_turns_is_done_nowhere_else():
    cut = cut_of(fork(), single=("page",))
    assert cut.thinned
    assert not cut.backgrounds


def test_turns_that_do_not_fit_into_a_slice_are_refused():
    with pytest.raises(ScenarioError, match="16 does not divide the 8 legs at once of page/chunks"):
        cut_of(CHUNKS, k=16, single=("page",))


def test_turns_that_are_never_taken_fit_into_any_slice():
    assert cut_of(WithProbability(p=0.0, then=CHUNKS), k=16, single=("page",))
