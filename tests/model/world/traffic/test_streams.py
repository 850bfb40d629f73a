"""The streams of a scenario, as whoever simulates it gets them."""

from pathlib import Path

import numpy as np
import pytest

from model.world import traffic
from model.world.scenario import Endpoint, ScenarioError
from model.world.scenario_files import load_scenario, resolved_toml
from model.world.traffic import RecordedStream, SessionStream, Stream

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
SPREAD = "people.regions={ eu-west = '40 %', us-east = '35 %', ap-northeast = '25 %' }"
DAY_LONG = ("traffic.day={}", "simulation.warmup='1 h'", "simulation.duration='23 h'")
FLOOD = "{ kind = 'image-flood', at = '5 s', lasts = '10 s', rate = '200/s' }"


def streams_of(of):
    return traffic.streams_of(of)


def scenario(*overrides):
    return load_scenario(LAPTOP, overrides)


def recorded(tmp_path, text, form="csv"):
    file = tmp_path / "requests"
    file.write_text(text)
    of = scenario()
    said = {
        "rate": None,
        "recorded": {"file": str(file), "form": form},
        "mix": {},
    }
    tree = {**of.model_dump(mode="json"), "traffic": said}
    return type(of).model_validate(tree)


def rate_at(streams, at_s):
    return sum([rate for since_s, rate in s.pieces if since_s <= at_s][-1] for s in streams)


def test_a_constant_rate_is_one_stream_of_each_kind():
    of = scenario()
    assert streams_of(of) == tuple(
        Stream(endpoint=endpoint, region="eu-west", pieces=((0.0, share * 30.0),))
        for endpoint, share in of.traffic.mix.items()
    )


@pytest.mark.parametrize("hour", [0, 0.5, 6, 17.3, 23.9])
def test_at_any_hour_all_streams_add_up_to_the_rate_of_the_world(hour):
    of = scenario(SPREAD, *DAY_LONG)
    streams = streams_of(of)
    assert len(streams) == 3 * len(of.traffic.mix)
    # Independently: cosines of the local hour, from where the sum of all of them is highest.
    hours = np.arange(0, 24, 0.001)
    shares_and_longitudes = [(0.4, -6.3), (0.35, -77.5), (0.25, 139.7)]
    parts = [
        share * (1 + 2.5 / 4.5 * np.cos((hours + longitude / 15 - 20) * np.pi / 12))
        for share, longitude in shares_and_longitudes
    ]
    world = np.sum(parts, axis=0)
    now = (np.argmax(world) + round(hour / 0.001)) % len(hours)
    expected = 30.0 * world[now] / world.max()
    assert rate_at(streams, hour * 3600) == pytest.approx(expected, rel=0.011)


def test_a_flood_is_a_stream_of_posts_of_its_own_beside_the_usual_ones():
    usual, flooded = streams_of(scenario()), streams_of(scenario(f"events=[{FLOOD}]"))
    assert flooded[: len(usual)] == usual
    (flood,) = flooded[len(usual) :]
    assert flood.is_flood
    assert not any(stream.is_flood for stream in usual)
    # The warm-up lasts 3 s.
    assert (flood.endpoint, flood.pieces) == (Endpoint.POST, ((8.0, 200.0), (18.0, 0.0)))


def test_a_flood_comes_from_where_most_people_are_and_may_go_on_for_ever():
    endless = FLOOD.replace("lasts = '10 s', ", "")
    people = "people.regions={ us-east = 0.3, eu-west = 0.5, sa-east = 0.2 }"
    flood = streams_of(scenario(people, f"events=[{endless}]"))[-1]
    assert (flood.region, flood.pieces) == ("eu-west", ((8.0, 200.0),))


def test_events_count_from_the_end_of_the_warm_up():
    of = scenario("events=[{ kind = 'flash-crowd', at = '4 s', times = 2 }]")
    assert all([since_s for since_s, _ in s.pieces] == [0.0, 7.0] for s in streams_of(of))


def test_only_pages_of_the_newsfeed_come_in_sessions():
    of = scenario("traffic.arrivals=sessions", "traffic.sessions={ pages = 5, think = '8 s' }")
    for stream in streams_of(of):
        if stream.endpoint is not Endpoint.NEWSFEED:
            assert isinstance(stream, Stream)
            continue
        assert isinstance(stream, SessionStream)
        assert stream.think.mean == 8.0
        pages_per_s = stream.pieces[-1][1] * stream.length.mean
        assert pages_per_s == pytest.approx(30.0 * of.traffic.mix[Endpoint.NEWSFEED])


def test_the_pieces_are_rates_that_the_engine_takes():
    from model.engine.network import Network
    from model.world.journeys import Delay, Journey
    from model.world.laws import Constant

    of = scenario(SPREAD, *DAY_LONG, "traffic.arrivals=sessions", f"events=[{FLOOD}]")
    network = Network()
    for endpoint in of.traffic.mix:
        network.journey(Journey(name=endpoint.value, steps=Delay(time=Constant(value=0.1))))
    streams = streams_of(of)
    for stream in streams:
        if isinstance(stream, SessionStream):
            network.sessions(
                stream.endpoint.value,
                rate_per_s=stream.pieces,
                length=stream.length,
                think=stream.think,
            )
        else:
            network.arrivals(stream.endpoint.value, rate_per_s=stream.pieces)
    assert len(network.build().streams) == len(streams)


def test_recorded_requests_come_at_their_instants(tmp_path):
    rows = "".join(f"{at_s},{'post' if at_s % 5 == 0 else 'newsfeed'}\n" for at_s in range(31))
    streams = streams_of(recorded(tmp_path, "at_s,endpoint\n" + rows))
    assert all(isinstance(stream, RecordedStream) for stream in streams)
    by_endpoint = {stream.endpoint: stream.at_s.tolist() for stream in streams}
    assert by_endpoint[Endpoint.POST] == list(range(0, 31, 5))
    assert by_endpoint[Endpoint.NEWSFEED] == [at_s for at_s in range(31) if at_s % 5]


def test_recorded_requests_are_dealt_over_the_regions_by_their_shares(tmp_path):
    rows = "".join(f"{number / 100},newsfeed\n" for number in range(3_000))
    of = recorded(tmp_path, "at_s,endpoint\n" + rows)
    regions = {"eu-west": 0.7, "us-east": 0.3}
    of = of.model_copy(update={"people": of.people.model_copy(update={"regions": regions})})
    west, east = streams_of(of)
    assert (west.region, east.region) == ("eu-west", "us-east")
    assert len(west.at_s) + len(east.at_s) == 3_000
    assert abs(len(east.at_s) - 900) < 5 * (3_000 * 0.3 * 0.7) ** 0.5
    assert streams_of(of)[0].at_s.tolist() == west.at_s.tolist()


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"day": {}}, r"traffic\.day: what was recorded has its own hours"),
        ({"arrivals": "sessions"}, r"traffic\.arrivals: recorded requests come as they came"),
    ],
)
def test_what_would_change_recorded_requests_is_refused(tmp_path, changed, complaint):
    of = recorded(tmp_path, "at_s,endpoint\n0,post\n40,post\n")
    said = type(of.traffic).model_validate({**of.traffic.model_dump(mode="json"), **changed})
    with pytest.raises(ScenarioError, match=complaint):
        streams_of(of.model_copy(update={"traffic": said}))


def test_a_crowd_at_recorded_requests_is_refused(tmp_path):
    of = recorded(tmp_path, "at_s,endpoint\n0,post\n40,post\n")
    crowd = scenario("events=[{ kind = 'flash-crowd', times = 2 }]").events
    with pytest.raises(ScenarioError, match=r"events: a flash-crowd multiplies rates"):
        streams_of(of.model_copy(update={"events": crowd}))


def test_a_recording_that_ends_before_the_run_is_refused(tmp_path):
    of = recorded(tmp_path, "at_s,endpoint\n0,post\n20,post\n")
    with pytest.raises(ScenarioError, match=r"lasts 20 s at this speed, the run 30 s"):
        streams_of(of)


def test_recorded_rates_are_streams_with_all_that_rates_can_have(tmp_path):
    text = """{"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {"endpoint": "newsfeed"}, "values": [[100, "9"], [115, "6"], [160, "12"]]},
        {"metric": {"endpoint": "post"}, "values": [[100, "1"], [115, "2"], [160, "0"]]}]}}"""
    of = recorded(tmp_path, text, form="prometheus")
    crowd = scenario("events=[{ kind = 'flash-crowd', at = '17 s', times = 2 }]").events
    pages, posts = streams_of(of.model_copy(update={"events": crowd}))
    assert pages.pieces == ((0.0, 6.0), (15.0, 12.0), (20.0, 24.0), (60.0, 0.0))
    assert posts.pieces == ((0.0, 2.0), (15.0, 0.0))


def test_the_mix_of_deathstarbench_has_a_name_and_is_shown_written_out():
    of = scenario()
    tree = {**of.model_dump(mode="json"), "traffic": {"rate": "10/s", "mix": "deathstarbench"}}
    named = type(of).model_validate(tree)
    rates = {stream.endpoint: stream.pieces[0][1] for stream in streams_of(named)}
    # mixed-workload.lua: 60 % of home timelines, 30 % of user timelines, 10 % of posts.
    assert rates == {Endpoint.NEWSFEED: 6.0, Endpoint.PROFILE: 3.0, Endpoint.POST: 1.0}
    shown = resolved_toml(named)
    assert "[traffic.mix]\nnewsfeed = 0.6\nprofile = 0.3\npost = 0.1\n" in shown


def test_a_mix_of_an_unknown_name_is_refused():
    of = scenario()
    tree = {**of.model_dump(mode="json"), "traffic": {"rate": "10/s", "mix": "deathstar"}}
    with pytest.raises(ValueError, match="mix must be a table or one of deathstarbench"):
        type(of).model_validate(tree)
