"""What media cost by their size, beside what was learnt of the load's images."""

import pytest

from model.rules.image_work import developing_times, storing_times, taking_in_times
from model.world.design.media_works import works_of_media
from model.world.kinds import Kinds
from model.world.laws import QuantileTable

LEARNT = QuantileTable(probabilities=(0.0, 0.5, 1.0), values=(0.0, 1.0, 6.0))
LARGE = 2_500_000


def works(**kinds):
    return works_of_media(lambda *_: LEARNT, Kinds(**kinds))


@pytest.mark.parametrize(
    ("journey", "station", "times"),
    [
        ("post", "darkroom", taking_in_times),
        ("register", "darkroom", taking_in_times),
        ("development", "pipeline", developing_times),
        ("portrait", "pipeline", developing_times),
        ("post", "object_store", storing_times),
        ("register", "object_store", storing_times),
    ],
)
def test_what_a_larger_image_costs_follows_its_size(journey, station, times):
    work = works(image_bytes=LARGE)(journey, station)
    assert work.mean == pytest.approx(times(LARGE) * LEARNT.mean)
    assert work.mean > 10 * LEARNT.mean


@pytest.mark.parametrize(
    ("journey", "station"), [("image", "object_store"), ("post", "media"), ("post", "post_db")]
)
def test_all_else_costs_what_was_learnt(journey, station):
    assert works(image_bytes=LARGE)(journey, station) == LEARNT


@pytest.mark.parametrize("station", ["darkroom", "pipeline", "object_store"])
def test_images_of_the_loads_size_cost_what_was_learnt_to_the_bit(station):
    assert works()("post", station) == LEARNT


@pytest.mark.parametrize("station", ["darkroom", "pipeline", "object_store"])
def test_what_was_learnt_of_large_images_is_what_large_images_cost(station):
    assert works(image_bytes=LARGE, learnt_bytes=LARGE)("post", station).mean == LEARNT.mean
    assert works(learnt_bytes=LARGE)("post", station).mean < LEARNT.mean / 10


def test_to_store_a_video_costs_what_its_own_size_does():
    work = works(image_share=0.3, video_share=0.1, video_bytes=10_000_000)("post", "object_store")
    mean = 0.75 + 0.25 * storing_times(10_000_000)
    assert work.mean == pytest.approx(mean * LEARNT.mean)


def test_portraits_are_images_whatever_is_posted():
    of = works(image_share=0.0, video_share=1.0, video_work=30.0, video_bytes=10_000_000)
    assert of("portrait", "pipeline") == of("register", "object_store") == LEARNT
