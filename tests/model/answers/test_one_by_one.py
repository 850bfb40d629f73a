"""What comes at given instants comes once each, from where it should."""

from pathlib import Path

import numpy as np
import pytest

from model.answers.one_by_one import arrive_at, celebrities_in, recorded_in, warm_edges
from model.engine.network import Network
from model.world.attributes import Attribute
from model.world.edges import FILLING
from model.world.incoming import Part
from model.world.journeys import Delay, Journey
from model.world.laws import Constant
from model.world.routes import ZONE
from model.world.scenario_files import load_scenario
from model.world.slices import Background, OfWhom, Slice

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
RUN = ("simulation.warmup=2 s", "simulation.duration=98 s")
SPREAD = ("fleet.zones=2", "fleet.regions=['eu-west', 'us-east']")
CELEBRITY = "{kind='celebrity-post', followers=1900, at='40 s'}"
ZONE_LOSS = "{kind='zone-loss', zone=1, at='10 s', lasts='20 s'}"
WHOLE = Slice(of=1, journeys=())


def journey(name):
    return Journey(name=name, steps=Delay(time=Constant(value=0.0)))


def scenario(*events, also=SPREAD):
    return load_scenario(LAPTOP, (*RUN, *also, f"events=[{', '.join(events)}]"))


def zones_network():
    return Network().zones(2, of_request=Attribute(name=ZONE))


def came(network, name):
    """The instants of all streams of one journey, and the zones of these requests."""
    program = network.journey(journey(name)).build()
    at_s = np.concatenate([stream.at_s for stream in program.streams])
    zones = np.concatenate([stream.attributes[:, 0] for stream in program.streams])
    return at_s.tolist(), zones.tolist()


def test_given_requests_come_at_their_instants_and_no_others():
    network = zones_network()
    given = {"newsfeed": np.asarray([1.0, 30.0, 31.0])}
    assert recorded_in(network, scenario(ZONE_LOSS), given) == {"newsfeed"}
    assert came(network, "newsfeed")[0] == [1.0, 30.0, 31.0]


def test_a_celebrity_posts_once_however_the_run_is_cut():
    network = zones_network()
    asked = scenario(ZONE_LOSS, CELEBRITY)
    assert celebrities_in(network, asked, WHOLE) == {"celebrity_1"}
    assert came(network, "celebrity_1")[0] == [42.0]


def test_a_celebrity_is_where_most_people_are():
    people = "people.regions={us-east='30 %', eu-west='70 %'}"
    network = zones_network()
    celebrities_in(network, scenario(CELEBRITY, also=(*SPREAD, people)), WHOLE)
    assert came(network, "celebrity_0")[1] == [0.0], "eu-west is the first zone"


@pytest.mark.parametrize(("of_whom", "comes"), [(OfWhom.SINGLE, True), (OfWhom.ALL, False)])
def test_only_what_a_celebrity_itself_does_elsewhere_comes_when_it_posts(of_whom, comes):
    background = Background(
        journey=journey("beside"), per_arrival={"celebrity_0": 1.0}, of_whom=of_whom
    )
    cut_out = Slice(of=4, journeys=(), backgrounds=(background,))
    names = celebrities_in(zones_network(), scenario(CELEBRITY), cut_out)
    assert names == {"celebrity_0"} | ({"beside"} if comes else set())


def test_requests_are_dealt_over_the_rows_evenly():
    network = zones_network()
    rows = {ZONE: np.asarray([0.0, 1.0])}
    part = Part(since_s=0.0, until_s=100.0, columns=rows)
    arrive_at(network, "newsfeed", np.arange(70.0), part)
    zones = came(network, "newsfeed")[1]
    assert abs(sum(zones) - 35) <= 2


def test_nobody_comes_in_a_part_of_the_run_that_has_none_of_the_instants():
    part = Part(since_s=5.0, until_s=9.0, columns={})
    assert not arrive_at(zones_network(), "newsfeed", np.asarray([4.9, 9.0]), part)


def test_edges_are_asked_before_anybody_comes_only_where_it_is_simulated_what_they_hold():
    assert warm_edges(zones_network(), scenario()) == set()
    popular = "fleet.cdn.popular={images=1000}"
    network = zones_network()
    assert warm_edges(network, scenario(also=(*SPREAD, popular))) == {FILLING}
    assert came(network, FILLING) == ([0.0, 0.0], [0.0, 1.0])
