"""What happens meanwhile: what cannot is refused with its field and value."""

from pathlib import Path

import pytest

from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[4] / "scenarios" / "laptop.toml"
STOP = "{kind='broker-stop'}"


def test_nobody_is_followed_by_more_people_than_all_others():
    asked = f"events=[{STOP}, {{kind='celebrity-post', followers='3 k'}}]"
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(LAPTOP, [asked])
    said = "events.1.celebrity-post.followers: must be below people.users, 2,000, got 3,000"
    assert str(refusal.value).endswith(said)


def test_all_others_may_follow_one_who_cannot_follow_themselves():
    asked = "events=[{{kind='celebrity-post', followers={}}}]"
    assert load_scenario(LAPTOP, [asked.format(1_999)]).events
    with pytest.raises(ScenarioError, match="got 2,000"):
        load_scenario(LAPTOP, [asked.format(2_000)])
