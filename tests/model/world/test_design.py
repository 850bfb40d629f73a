"""What happens side by side and what one after another, in the journeys of the design."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.engine.compiled_engine import simulate
from model.engine.network import Network
from model.rules.fanouts import NEW, PURGE
from model.world.attributes import Attribute
from model.world.design import journeys_of
from model.world.entries import ENTRY_S
from model.world.journeys import (
    AllOf,
    Cached,
    ForEach,
    Journey,
    Visit,
    WithProbability,
    own_name,
    sequence,
)
from model.world.keys import LANE, LEG, RANDOM, Beside
from model.world.kinds import Kinds
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.routes import FIRST_OF_INDEX, OTHERS_OF_INDEX, ZONE
from model.world.scenario_files import load_scenario
from model.world.spreading import spreading_of
from model.world.step_trees import places_in
from model.world.wiring import Wiring

BASELINE = Path(__file__).parents[3] / "scenarios" / "baseline.toml"
A_SECOND = QuantileTable(probabilities=(0.0, 1.0), values=(1.0, 1.0))
NO_WORK = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 0.0))


@pytest.fixture(scope="module")
def reach():
    return reach_of(load_scenario(BASELINE))


def steps_of(journey, reach):
    """Return all steps of a journey, those inside others after these."""
    journeys = journeys_of(reach, lambda *_: NO_WORK, lambda _: 0.0)
    [steps] = [each.steps for each in journeys if each.name == journey]
    return list(walked(steps))


def walked(steps):
    for step in sequence(steps):
        yield step
        match step:
            case AllOf(branches=branches):
                for branch in branches:
                    yield from walked(branch)
            case ForEach(body=inner) | WithProbability(then=inner):
                yield from walked(inner)


def named(name, steps):
    [found] = [step for step in steps if own_name(step) == name]
    return found


@pytest.mark.parametrize("at_once", [1, 8])
def test_ranges_of_followers_are_brought_a_post_side_by_side(reach, at_once):
    spreading = replace(reach.spreading, at_once=at_once)
    steps = steps_of("fanout", replace(reach, spreading=spreading))
    assert named("chunks", steps).at_once == at_once


def chunks_of(followers, servers):
    """How a post to so many is brought to timelines on so many servers, as a network of its own."""
    sizes = f"fleet.timeline_store.shards={servers}", "fleet.fanout.instances=8"
    scenario = load_scenario(BASELINE, sizes)
    reach = replace(
        reach_of(scenario), spreading=spreading_of(scenario, np.full(9, followers, np.int64))
    )
    journeys = journeys_of(reach, lambda *_: WORK, lambda _: 0.0)
    [steps] = [each.steps for each in journeys if each.name == "fanout"]
    chunks = named("chunks", walked(steps))
    network = Network().journey(Journey(name="post", steps=chunks))
    stations = {place.step.station for place in places_in("post", chunks) if has_station(place)}
    for station in stations - {"timeline_store"}:
        network.station(station, servers=64)
    return network.station("timeline_store", members=servers)


def has_station(place):
    return hasattr(place.step, "station")


def most_at_once(run, member):
    """How many visits there are at a member at the same time, at most."""
    mine = run.visits.member == member
    came, left = run.visits.arrived_s[mine], run.visits.done_s[mine]
    return max(int(((came <= at_s) & (left > at_s)).sum()) for at_s in came)


def test_of_eight_chunks_under_way_each_of_four_servers_has_two():
    network = chunks_of(15_500, servers=4)
    posts = 20
    network.recorded("post", at_s=np.arange(posts) * 1_000.0)
    run = simulate(network.build(), seed=1, until_s=posts * 1_000.0)
    at_stores = run.visits_of("timeline_store")
    members = np.unique(run.visits.member[at_stores])
    for number in range(posts):
        of_post = at_stores & (run.visits.request == number)
        chunks = np.bincount(run.visits.member[of_post] - members[0])
        assert chunks.tolist() == [4, 4, 4, 4]
    assert [most_at_once(run, member) for member in members] == [2, 2, 2, 2]


def test_a_chunk_is_asked_for_and_written_where_its_range_lies(reach):
    chunks = named("chunks", steps_of("fanout", reach))
    keys = {step.station: step.key for step in walked(chunks.body) if isinstance(step, Visit)}
    assert chunks.in_lanes
    assert keys["timeline_store"] == LANE
    assert keys["user_db"] in (LANE, "reader")


def test_the_servers_of_one_chunk_are_written_to_at_once(reach):
    assert named("servers", steps_of("fanout", reach)).at_once == 0


def test_the_pages_three_questions_are_asked_at_once(reach):
    own = named("all", steps_of("newsfeed", reach))
    begun = [own_name(sequence(branch)[0]) for branch in own.branches]
    assert begun == ["follow", "timeline_store", "whose"]


def test_a_request_is_let_in_before_and_uncounted_after_its_service_works(reach):
    places = [own_name(step) for step in steps_of("login", reach) if isinstance(step, Visit)]
    counters = [place for place in places if place.startswith("session_store_")]
    assert counters == [
        *(f"session_store_let_in_{n}" for n in range(3)),
        *(f"session_store_answered_{n}" for n in range(2)),
    ]
    let_in, asked = places.index("session_store_let_in_2"), places.index("user")
    answered, uncounted = places.index("user_answer"), places.index("session_store_answered_0")
    assert let_in < asked < answered < uncounted


def test_a_search_asks_the_own_shard_and_each_other_one_at_once(reach):
    steps = steps_of("search", replace(reach, index_shards=5))
    [asked] = [step for step in steps if isinstance(step, AllOf)]
    own, beside = asked.branches
    [others] = sequence(beside)
    assert own_name(sequence(own)[0]) == "search_index"
    assert (others.count.mean, others.at_once) == (4, 0)
    # What another shard searches is in that shard's own process.
    assert {step.key for step in walked(others.body)} == {Beside(key="search")}


def test_over_zones_a_search_goes_to_the_first_shard_and_once_to_the_others(reach):
    wiring = Wiring(zones=3, names_index_shards=True)
    journeys = journeys_of(
        replace(reach, index_shards=5), lambda *_: NO_WORK, lambda _: 0.0, wiring
    )
    [steps] = [each.steps for each in journeys if each.name == "search"]
    ways = [step.time.name for step in walked(steps) if own_name(step) == "way"]
    assert ways.count(FIRST_OF_INDEX) == ways.count(OTHERS_OF_INDEX) == 1
    [found] = [step for step in walked(steps) if isinstance(step, AllOf)]
    way, _ = sequence(found.branches[1])
    assert way.time.name == OTHERS_OF_INDEX


def test_an_image_is_asked_of_an_edge_and_no_gateway_and_only_now_and_then_of_its_origin(reach):
    steps = steps_of("image", replace(reach, image_miss_share=0.25))
    places = {step.station for step in steps if isinstance(step, Visit)}
    assert places == {"cdn", "media", "object_store"}
    [fetched] = [step for step in steps if isinstance(step, WithProbability)]
    assert fetched.p == 0.25
    of_origin = {"media", "object_store"}
    assert of_origin <= {s.station for s in walked(fetched.then) if isinstance(s, Visit)}


@pytest.mark.parametrize(("zones", "member"), [(1, ""), (3, Attribute(name=ZONE))])
def test_where_images_are_known_the_edge_of_the_zone_is_asked_for_one(reach, zones, member):
    known, wiring = replace(reach, knows_images=True), Wiring(zones=zones)
    journeys = journeys_of(known, lambda *_: NO_WORK, lambda _: 0.0, wiring)
    [steps] = [each.steps for each in journeys if each.name == "image"]
    [asked] = [place.step for place in places_in("image", steps) if isinstance(place.step, Cached)]
    assert asked.member == member
    assert {"media", "object_store"} <= {
        step.station for step in walked(asked.miss) if isinstance(step, Visit)
    }


@pytest.mark.parametrize("is_fair", [True, False])
def test_workers_bring_posts_by_few_first_if_they_are_fair(is_fair):
    pushed = reach_of(load_scenario(BASELINE, ["policy.strategy=push"]))
    steps = steps_of("fanout", replace(pushed, is_fair=is_fair))
    visits = [step for step in steps if isinstance(step, Visit) and step.station == "fanout"]
    urgencies = {many.urgency for many in pushed.spreading.many}
    assert len(urgencies) > 1
    assert {visit.priority for visit in visits} == ({NEW} | urgencies if is_fair else {NEW})
    assert visits[0].priority == NEW, "new events come first"


def test_every_chunk_is_work_of_whichever_worker_is_idle(reach):
    chunks = named("chunks", steps_of("fanout", reach))
    [work, _] = [
        step for step in walked(chunks.body) if isinstance(step, Visit) and step.station == "fanout"
    ]
    assert work.key == RANDOM


def test_purges_come_last_and_chunk_by_chunk(reach):
    steps = steps_of("purge", replace(reach, deleted_share=0.1))
    urgencies = [step.priority for step in steps if isinstance(step, Visit) and step.priority]
    assert set(urgencies) == {PURGE}
    assert named("chunks", steps).at_once == 1


def test_a_share_of_posts_is_purged_and_no_journey_says_so_where_none_is(reach):
    some = replace(reach, deleted_share=0.1)
    assert named("deleted", steps_of("fanout", some)).p == 0.1
    names = {each.name for each in journeys_of(reach, lambda *_: NO_WORK, lambda _: 0.0)}
    assert "purge" not in names


def test_all_entries_of_a_post_lie_on_one_server_where_timelines_lie_by_post(reach):
    by_post = replace(reach.layout, by_post=True)
    written = named("servers", steps_of("fanout", replace(reach, layout=by_post)))
    [entry] = [step for step in walked(written.body) if isinstance(step, Visit)]
    assert entry.key not in (LEG, "")


def test_a_write_works_the_more_the_more_entries_it_holds_than_were_learnt_of(reach):
    def work_s(step, entries_learnt):
        journeys = journeys_of(
            replace(reach, entries_learnt=entries_learnt), lambda *_: A_SECOND, lambda _: 0.0
        )
        [steps] = [each.steps for each in journeys if each.name == "fanout"]
        [write] = [
            each for each in walked(named(step, walked(steps)).body) if hasattr(each, "work")
        ]
        return write.work.mean

    few, many = reach.spreading.few, reach.spreading.many[0].writes
    assert work_s("each", 0.0) == pytest.approx(1 + ENTRY_S * few.entries.mean)
    assert work_s("servers", 0.0) == pytest.approx(1 + ENTRY_S * many.entries.mean)
    assert work_s("servers", many.entries.mean) == pytest.approx(1.0)
    assert work_s("servers", None) == 1.0


WORK = QuantileTable(probabilities=(0.0, 0.5, 1.0), values=(0.0, 1.0, 6.0))


def work_of_pipeline(kinds, reach):
    journeys = journeys_of(replace(reach, kinds=kinds), lambda *_: WORK, lambda _: 0.0)
    [steps] = [each.steps for each in journeys if each.name == "development"]
    halves = [
        step.work.mean
        for step in walked(steps)
        if isinstance(step, Visit) and step.station == "pipeline"
    ]
    return sum(halves) * named("developed", walked(steps)).p


def test_developing_costs_what_images_and_videos_do(reach):
    image, all_videos = WORK.mean, 30 * WORK.mean
    mixed = Kinds(image_share=0.5, video_share=0.1, video_work=30.0)
    assert work_of_pipeline(mixed, reach) == pytest.approx(0.5 * image + 0.1 * all_videos)
    only_videos = Kinds(image_share=0.0, video_share=1.0, video_work=30.0)
    assert work_of_pipeline(only_videos, reach) == pytest.approx(all_videos)
    as_sent = Kinds(image_share=0.5, video_share=0.1, video_work=0.0)
    assert work_of_pipeline(as_sent, reach) == pytest.approx(0.5 * image)
    assert work_of_pipeline(Kinds(image_share=0.0), reach) == 0.0


def test_an_image_of_a_profile_is_developed_whatever_people_post(reach):
    journeys = journeys_of(
        replace(reach, kinds=Kinds(image_share=0.0)), lambda *_: WORK, lambda _: 0.0
    )
    [steps] = [each.steps for each in journeys if each.name == "portrait"]
    assert named("developed", walked(steps)).p == 1.0
