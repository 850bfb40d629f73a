"""What the door decides before it asks anybody."""

import doctest

import pytest

from model.rules.regions import REGIONS
from reference_impl.chassis.settings import Settings, SettingsError
from reference_impl.frontdoor import routes
from reference_impl.frontdoor.app import assemble
from reference_impl.frontdoor.places import signpost_of
from reference_impl.frontdoor.routes import box_for

ZONES = ["zone-1", "zone-2", "zone-3"]
PLACES = ("zone-1=eu-west", "zone-2=us-east", "zone-3=ap-south")


def test_the_examples_in_the_routes_are_true():
    assert doctest.testmod(routes).failed == 0


@pytest.mark.parametrize(
    ("request_line", "box"),
    [
        ("GET /media/0a-1b.jpg", "cdn"),
        ("HEAD /media/0a-1b.jpg", "cdn"),
        ("GET /static/style.0a.css", "cdn"),
        ("DELETE /media/0a-1b.jpg", "gateway"),
        ("POST /static/style.css", "gateway"),
        ("GET /media", "gateway"),
        ("GET /", "web"),
        ("HEAD /", "web"),
        ("POST /", "gateway"),
        ("GET /register", "web"),
        ("POST /register", "gateway"),
        ("GET /login", "web"),
        ("POST /login", "gateway"),
        ("GET /feed", "web"),
        ("GET /find", "web"),
        ("GET /new", "web"),
        ("GET /settings", "web"),
        ("GET /people/7", "web"),
        ("GET /photos/7", "web"),
        ("POST /do/login", "web"),
        ("GET /do/login", "web"),
        ("POST /logout", "gateway"),
        ("GET /feeds", "gateway"),
        ("GET /user/7/newsfeed", "gateway"),
        ("GET /users", "gateway"),
        ("GET /search", "gateway"),
        ("GET /openapi.json", "gateway"),
        ("OPTIONS /feed", "gateway"),
        ("GET //media/x", "gateway"),
        ("GET /MEDIA/x", "gateway"),
    ],
)
def test_method_and_path_say_who_answers(request_line, box):
    assert box_for(*request_line.split()) == box


def test_a_client_is_where_it_says_or_else_where_the_settings_say():
    signpost = signpost_of(Settings(zone_regions=PLACES, client_region="us-east"))
    assert signpost.zones_for("ap-northeast", ZONES)[0] == "zone-3"
    assert signpost.zones_for("", ZONES)[0] == "zone-2"
    assert signpost.zones_for("atlantis", ZONES)[0] == "zone-2"


def test_where_nothing_is_said_a_client_is_where_the_door_is():
    signpost = signpost_of(Settings(zone_regions=PLACES, zone="zone-3"))
    assert signpost.zones_for("", ZONES) == ["zone-3", "zone-1", "zone-2"]


def test_without_any_places_all_zones_are_there_by_name():
    signpost = signpost_of(Settings(zone="zone-3"))
    assert signpost.zones_for("eu-west", reversed(ZONES)) == ZONES


def test_a_zone_that_the_settings_place_nowhere_comes_last():
    signpost = signpost_of(Settings(zone_regions=PLACES[1:]))
    assert signpost.zones_for("eu-west", ZONES) == ["zone-2", "zone-3", "zone-1"]


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_region_can_be_given(region):
    signpost = signpost_of(Settings(zone_regions=(f"b={region}",)))
    assert signpost.zones_for(region, ["a", "b"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"zone_regions": ("zone-1",)}, "FEEDTWIN_ZONE_REGIONS: must be zone=region, got 'zone-1'"),
        ({"zone_regions": ("=eu-west",)}, "FEEDTWIN_ZONE_REGIONS: must be zone=region"),
        ({"zone_regions": ("zone-1=",)}, "FEEDTWIN_ZONE_REGIONS: must be zone=region"),
        ({"zone_regions": ("zone-1=mars",)}, "FEEDTWIN_ZONE_REGIONS: there is no region 'mars'"),
        ({"zone_regions": ("a=eu-west", "a=us-east")}, "FEEDTWIN_ZONE_REGIONS: names a twice"),
    ],
)
async def test_places_that_mean_nothing_are_refused_by_the_variable(settings, why):
    with pytest.raises(SettingsError, match=why):
        async with assemble(Settings(addresses="/nowhere", **settings)):
            pass
