"""What edges hold: how much room they have, and how they are warmed before anybody comes."""

from pathlib import Path

import numpy as np
import pytest

from model.world.edges import FILLING_MAX, filling_of, popularity_of, requests_to_fill, room_of
from model.world.journeys import sequence
from model.world.scenario import ScenarioError
from model.world.scenario.fleet import Popular
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


def known(exponent=0.8, cache="12 MB", also=()):
    """A scenario, and what it says of its images."""
    popular = f"{{images=1000, exponent={exponent}, cache='{cache}'}}"
    scenario = load_scenario(LAPTOP, (f"fleet.cdn.popular={popular}", *also))
    return scenario, scenario.fleet.cdn.popular


def test_an_edge_has_room_for_as_many_pictures_as_feeds_show_them():
    assert room_of(*known(cache="12.1 MB")) == 100
    halved = known(cache="12.1 MB", also=["people.post_types.view_size=60 kB"])
    assert room_of(*halved) == 201


@pytest.mark.parametrize(
    ("cache", "room"), [("100 kB", "0 images, of 1,000"), ("120 MB", "1,000 images, of 1,000")]
)
def test_an_edge_without_room_or_with_room_for_all_is_refused(cache, room):
    with pytest.raises(ScenarioError, match=f"fleet.cdn.popular: .* is {room}"):
        room_of(*known(cache=cache))


def test_images_are_asked_for_by_the_zipf_law():
    law = popularity_of(Popular(images=3, exponent=1.0))
    assert np.diff(law.cumulated, prepend=0.0) == pytest.approx(np.array([6, 3, 2]) / 11)


@pytest.mark.parametrize(("images", "exponent", "room"), [(5_000, 0.8, 500), (2_000, 0.0, 900)])
def test_a_warm_edge_has_been_asked_for_more_images_than_it_holds(images, exponent, room):
    popular = Popular(images=images, exponent=exponent)
    asked = requests_to_fill(popular, room)
    shares = np.diff(popularity_of(popular).cumulated, prepend=0.0)
    rng = np.random.default_rng(5)
    different = [len(set(rng.choice(images, asked, p=shares).tolist())) for _ in range(200)]
    assert min(different) >= room
    assert np.mean(different) < 1.3 * room, "and not of many more"


def test_a_warm_edge_took_no_time_and_each_of_its_requests_after_the_last():
    steps = filling_of(*known()).steps
    assert steps.at_once == 1
    [delay] = sequence(steps.body.miss)
    assert delay.time.mean == 0.0


def test_an_edge_that_takes_too_many_requests_to_warm_is_refused():
    rare = known(exponent=3.0, cache="60 MB")
    with pytest.raises(ScenarioError, match="room for 500 images is warm only after more than 1,0"):
        filling_of(*rare)
    assert requests_to_fill(rare[1], room_of(*rare)) > FILLING_MAX
