import pytest

from model.world.counts import ConstantCount, CountTable, poisson
from model.world.frequencies import begun_by, times_at
from model.world.journeys import (
    LEG,
    Attribute,
    Batch,
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
from model.world.laws import Constant
from model.world.scenario import ScenarioError
from model.world.slices import BEGIN, CLOCK, END, sliced
from model.world.step_trees import places_in

WORK = Constant(value=0.01)
ASK = Visit(station="shard", key=LEG, work=WORK)
MEMBERS = {"shard": 64, "front": 64, CLOCK: 1}


def fork(count=64, body=ASK, **how):
    return ForEach(count=ConstantCount(count=count), body=body, name="merge", **how)


def cut_of(*steps, k=4, others=(), **how):
    journeys = (Journey(name="page", steps=steps), *others)
    members = {station: n // k for station, n in MEMBERS.items() if station != CLOCK}
    return sliced(journeys, members, k, **how)


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
    assert cut.thinned[0].abroad == f"{root}/merge"


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
