"""Floods of images: journeys of their own where they send what people do not."""

from pathlib import Path

import numpy as np
import pytest

from model.rules.image_work import taking_in_times
from model.world.design import journeys_of
from model.world.floods import flood_journeys, flooded, image_floods
from model.world.journeys import Emit, Visit
from model.world.laws import QuantileTable
from model.world.reach import Reach, reach_of
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario
from model.world.step_trees import places_in

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
A_SECOND = QuantileTable(probabilities=(0.0, 1.0), values=(1.0, 1.0))
TEXTS = "people.post_types={image=0.5, text=0.5, video=0}"


def scenario(*floods, also=()):
    said = ", ".join(f"{{kind='image-flood', rate='9/s'{each}}}" for each in floods)
    return load_scenario(LAPTOP, (*also, f"events=[{said}]"))


def journeys(asked):
    reach = reach_of(asked)

    def journeys_with(kinds):
        of = {name: getattr(reach, name) for name in Reach.__dataclass_fields__} | {"kinds": kinds}
        return journeys_of(Reach(**of), lambda *_: A_SECOND, lambda _: 0.0)

    found = flood_journeys(asked, journeys_with)
    return {each.name: [p.step for p in places_in(each.name, each.steps)] for each in found}


def work_at(station, steps):
    visits = [step for step in steps if isinstance(step, Visit) and step.station == station]
    return np.sum([visit.work.mean for visit in visits])


def begun_by(steps):
    return [step.journey for step in steps if isinstance(step, Emit)]


def test_where_there_is_no_flood_there_is_no_journey():
    assert journeys(scenario()) == {}


@pytest.mark.parametrize("flood", ["", ", size='20 kB'"])
def test_a_flood_of_what_people_post_goes_the_way_of_their_posts(flood):
    found = journeys(scenario(flood))
    assert list(found) == ["flood"]
    assert begun_by(found["flood"]) == ["fanout"]


@pytest.mark.parametrize(("flood", "also"), [(", size='200 kB'", ()), ("", (TEXTS,))])
def test_a_flood_of_other_posts_has_activities_of_its_own(flood, also):
    found = journeys(scenario(flood, also=also))
    assert set(found) == {"flood", "flood_fanout", "flood_development"}
    assert begun_by(found["flood"]) == ["flood_fanout"]
    assert begun_by(found["flood_fanout"]) == ["flood_development"]


def test_a_floods_images_make_the_work_of_their_size():
    found = journeys(scenario(", size='2 MB'"))
    assert work_at("darkroom", found["flood"]) == pytest.approx(taking_in_times(2_000_000))


def test_a_flood_brings_images_only_and_of_its_size():
    asked = scenario(", size='200 kB'", also=(TEXTS,))
    people = flooded(asked, asked.events[0]).people
    assert (people.image_size, people.post_types.image) == (200_000, 1.0)
    assert people.users == asked.people.users


def test_floods_of_two_sizes_are_refused():
    with pytest.raises(ScenarioError, match=r"must have one size, got \[20000, 30000\] bytes"):
        image_floods(scenario("", ", size='30 kB'"))
