"""Rates: means and peaks, whichever of them a scenario gives."""

import pytest

from model.answers.sizing.rates import requests_of
from model.world.scenario.traffic import PEAK_TO_MEAN
from model.world.traffic.demand import busiest_per_s

RATE = {"requests_per_active_day": None, "rate": "900/s"}
DAY = {"peak_hour": 20, "peak_over_trough": 3}
AS_DAY_SAYS = {"day": DAY, "peak_to_mean": PEAK_TO_MEAN}  # left out, that is


def test_a_rate_is_that_of_the_peak(asked):
    mean, peak = requests_of(asked(traffic=RATE))
    assert (mean.value, peak.value) == (450, 900)


@pytest.mark.parametrize("given", [RATE, {}])
@pytest.mark.parametrize(("curve", "ratio"), [({}, 2.0), (AS_DAY_SAYS, 1.5)])
def test_the_peak_is_the_busiest_hour_of_the_traffic(asked, given, curve, ratio):
    scenario = asked(traffic=given | curve)
    mean, peak = requests_of(scenario)
    assert peak.value == pytest.approx(busiest_per_s(scenario))
    assert peak.value / mean.value == pytest.approx(ratio)


def test_regions_share_all_requests(sized):
    regions = {"eu-west": 0.7, "ap-south": 0.3}
    sizing = sized(people={"regions": regions})
    parts = [sizing.figure(f"requests from {region}, at the peak").value for region in regions]
    assert parts == pytest.approx([700, 300])


def test_pictures_are_asked_for_as_often_as_the_mix_says_if_it_does(sized):
    sizing = sized(traffic={"mix": {"newsfeed": 0.3, "image": 0.7}})
    assert sizing.figure("pictures asked of edges, on average").value == pytest.approx(350)
    assert sizing.figure("pictures shown, on average").value == pytest.approx(150 * 10 * 0.7)


def test_that_a_video_shows_as_a_still_is_an_assumption_only_where_there_are_videos(sized):
    name = "pictures shown, on average"
    assert any("still" in source for source in sized().figure(name).sources)
    images = {"post_types": {"image": 1, "text": 0, "video": 0}}
    assert sized(people=images).figure(name).sources == ("scenario",)
