"""All that comes into a twin: how often, when, and with which rows."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.inflow import background_in, floods, let_in
from model.engine.codes import StreamKind
from model.engine.network import Network
from model.engine.program import Stream
from model.world.attributes import Attribute
from model.world.celebrities import celebrity_name
from model.world.floods import FLOOD
from model.world.hot_shards import hot_of
from model.world.journeys import Delay, Journey, Visit
from model.world.laws import Constant
from model.world.parts import Parts
from model.world.routes import CLIENT, SHARD, ZONE
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario
from model.world.slicing import sliced

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
RUN = ("simulation.warmup=2 s", "simulation.duration=98 s", "traffic.rate=30/s")
SPREAD = ("fleet.zones=2", "fleet.regions=['eu-west', 'us-east']")
NAMES = [endpoint.value for endpoint in Endpoint]
ZONE_LOSS = "{kind='zone-loss', zone=1, at='10 s', lasts='20 s'}"


def scenario(*events, also=()):
    return load_scenario(LAPTOP, (*RUN, *also, f"events=[{', '.join(events)}]"))


def whole(slice_of=1):
    return sliced((), Parts(members={}, of=slice_of, hot=None))


def streams(asked, *more, slice_of=1, let=let_in):
    """The streams of a Program to which this scenario's requests come, by journey.

    It has every kind of journey: of those that nobody takes, one stream to which nobody comes.
    """
    network = Network()
    if asked.fleet.zones > 1:
        network.zones(asked.fleet.zones, of_request=Attribute(name=ZONE))
    for name in (*NAMES, FLOOD, *more):
        network.journey(Journey(name=name, steps=Delay(time=Constant(value=0.0))))
        network.arrivals(name, rate_per_s=0.0, attributes={ZONE: [0.0]})
    let(network, asked, whole(slice_of))
    program = network.build()
    found: dict[str, list[Stream]] = {}
    for stream in program.streams:
        if stream.rates_per_s.any() or len(stream.at_s):
            found.setdefault(program.journeys[stream.journey], []).append(stream)
    return found


def rate_at(of_journey, instant_s):
    """Requests per second of all streams of one journey, at an instant."""
    return sum(
        stream.rates_per_s[np.searchsorted(stream.since_s, instant_s, side="right") - 1]
        for stream in of_journey
        if stream.since_s[0] <= instant_s
    )


def test_every_kind_of_request_comes_as_often_as_the_mix_says():
    asked = scenario()
    for endpoint, share in asked.traffic.mix.items():
        assert rate_at(streams(asked)[endpoint.value], 50.0) == pytest.approx(30.0 * share)


@pytest.mark.parametrize("instant_s", [0.0, 5.0, 16.9, 17.1, 40.0, 99.9])
def test_what_happens_to_the_fleet_makes_nobody_come_more_or_less_often(instant_s):
    cut = streams(scenario(ZONE_LOSS, also=SPREAD))["newsfeed"]
    assert len(cut) > 1
    assert rate_at(cut, instant_s) == pytest.approx(30.0 * 0.6)


def test_a_slice_gets_its_part_of_every_stream():
    for name, of_slice in streams(scenario(), slice_of=3).items():
        assert rate_at(of_slice, 9.0) == pytest.approx(rate_at(streams(scenario())[name], 9.0) / 3)


FLOODED = "{kind='image-flood', rate='7/s', at='10 s', lasts='20 s'}"


def test_a_flood_comes_beside_the_usual_posts_and_is_told_apart():
    found = streams(scenario(FLOODED))
    assert [rate_at(found[FLOOD], at_s) for at_s in (11.0, 13.0, 31.0, 33.0)] == [0, 7, 7, 0]
    assert rate_at(found["post"], 13.0) == pytest.approx(30.0 * 0.06)


def test_what_a_flood_sends_is_as_long_on_its_way_as_it_is_large():
    large = FLOODED.replace("rate=", "size='5 MB', rate=")
    asked = scenario(large, also=("targets.measured_at=client", "traffic.mix={post=1.0}"))
    network, way = Network(), Delay(time=Attribute(name=CLIENT))
    for name in ("post", FLOOD):
        network.journey(Journey(name=name, steps=way))
    let_in(network, asked, whole())
    post_s, flood_s = (stream.attributes.mean() for stream in network.build().streams)
    sent_s = (5_000_000 - asked.people.image_size) / asked.people.network.bandwidth
    mean_of_luck = np.exp(asked.people.network.spread**2 / 2)
    assert flood_s - post_s == pytest.approx(sent_s * mean_of_luck, rel=0.02)


def test_a_scenario_floods_if_one_of_its_events_does():
    assert floods(scenario(FLOODED))
    assert not floods(scenario("{kind='flash-crowd', times=3}"))


def test_sessions_bring_as_many_pages_as_the_mix_says():
    asked = scenario(also=("traffic.arrivals=sessions", "traffic.sessions.pages=5"))
    [sessions] = streams(asked)["newsfeed"]
    assert sessions.kind == StreamKind.SESSIONS
    assert sessions.rates_per_s[-1] * 5 == pytest.approx(30.0 * 0.6)


CELEBRITY = "{kind='celebrity-post', followers=1900, at='40 s'}"


@pytest.mark.parametrize("slice_of", [1, 4])
def test_a_celebrity_posts_once_and_whole_into_any_slice(slice_of):
    name = celebrity_name(0)
    [stream] = streams(scenario(CELEBRITY), name, slice_of=slice_of)[name]
    assert stream.at_s.tolist() == [42.0]


AT_S = np.arange(0.0, 105.0, 1.5)


def replayed(tmp_path, *events, also=()):
    text = LAPTOP.read_text(encoding="utf-8")
    begin, end = text.index("[traffic]"), text.index("[fleet]")
    rows = "".join(f"{each},newsfeed\n" for each in AT_S)
    (tmp_path / "came.csv").write_text(f"at_s,endpoint\n{rows}", encoding="utf-8")
    said = "[traffic]\nrecorded = { file = 'came.csv' }\n\n"
    (tmp_path / "replay.toml").write_text(text[:begin] + said + text[end:], encoding="utf-8")
    happening = f"events=[{', '.join(events)}]"
    return load_scenario(tmp_path / "replay.toml", (*RUN[:2], *also, happening))


@pytest.mark.parametrize("events", [(), (ZONE_LOSS,)])
def test_recorded_requests_come_when_they_came_each_once(tmp_path, events):
    found = streams(replayed(tmp_path, *events, also=SPREAD))["newsfeed"]
    at_s = np.sort(np.concatenate([stream.at_s for stream in found]))
    assert at_s.tolist() == AT_S.tolist()


def test_recorded_requests_are_dealt_over_the_rows_evenly(tmp_path):
    asked = replayed(tmp_path, also=("fleet.zones=2",))
    [stream] = streams(asked)["newsfeed"]
    zones = stream.attributes[:, 0]
    assert np.abs(np.bincount(zones.astype(int)) - len(AT_S) / 2).max() <= 2


def test_what_comes_one_by_one_cannot_be_sliced(tmp_path):
    with pytest.raises(ScenarioError, match=r"slice: must be 1 with traffic.recorded, got 2"):
        streams(replayed(tmp_path), slice_of=2)


GROWS = "{kind='add-shards', shards=1}"
HOT = "{kind='hot-shard', share='60 %', at='10 s', lasts='20 s'}"


def test_added_shards_beside_a_hot_one_cannot_be_sliced():
    with pytest.raises(ScenarioError, match=r"slice: must be 1 with a hot-shard beside .* got 4"):
        streams(scenario(HOT, GROWS), slice_of=4)


def asking_for_shards(network, asked, _):
    """Let in half of all newsfeeds, and of the others who asks for a timeline by its shard."""
    hot = hot_of(asked)
    work = Constant(value=0.001)
    ask = Visit(station=hot.station, key=Attribute(name=SHARD), work=work)
    pages = (Journey(name="newsfeed", steps=ask),)
    cut = sliced(pages, Parts(members={hot.station: 9}, of=2, hot=hot))
    network.station(hot.station, members=9)
    for background in cut.backgrounds:
        network.journey(background.journey)
    let_in(network, asked, cut)
    background_in(network, asked, cut)


@pytest.mark.parametrize(("instant_s", "share"), [(5.0, 1 / 16), (20.0, 0.6)])
def test_all_of_the_world_who_ask_for_the_hot_shard_come_to_its_slice(instant_s, share):
    sets = ("fleet.placement=dedicated", "fleet.timeline_store.shards=16", "simulation.slice=2")
    asked = scenario(HOT, also=sets)
    found = streams(asked, let=asking_for_shards)
    here, elsewhere = found["newsfeed"], found["newsfeed elsewhere"]
    rate_per_s = 30.0 * asked.traffic.mix[Endpoint.NEWSFEED]
    to_hot = sum(
        rate_at([stream], instant_s) * (stream.attributes == 0).mean()
        for stream in (*here, *elsewhere)
    )
    assert rate_at(here, instant_s) == pytest.approx(rate_per_s / 2)
    assert to_hot == pytest.approx(rate_per_s * share, rel=0.02)


def test_a_whole_has_nobody_elsewhere():
    assert streams(scenario(), let=background_in) == {}


@pytest.mark.parametrize("events", [(), (ZONE_LOSS,), (FLOODED,), (CELEBRITY, ZONE_LOSS)])
def test_it_is_told_which_journeys_anybody_asks_for(events):
    asked = scenario(*events, also=SPREAD)
    network = Network()
    told = let_in(network, asked, whole())
    mix = {endpoint.value for endpoint in asked.traffic.mix}
    more = {FLOODED: FLOOD, CELEBRITY: celebrity_name(0)}
    assert told == mix | {more[event] for event in events if event in more}
