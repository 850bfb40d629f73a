"""What policies keep and spare: originals, timelines, lists, copies in other regions."""

import pytest

from model.answers.sizing.bandwidth import bandwidth_of
from model.answers.sizing.memory import memory_of
from model.answers.sizing.rates import rates_of
from model.answers.sizing.storage import storage_of


def test_dropping_originals_keeps_renditions_and_videos(sized):
    kept, dropped = sized(), sized(policy={"originals": "drop"})
    saved = dropped.figure("saved by dropping originals").value
    assert saved == kept.figure("dropping originals would save").value > 0
    objects = "objects that are kept"
    assert kept.figure(objects).value - dropped.figure(objects).value == pytest.approx(saved)


def test_renditions_take_three_fifths_of_an_image_if_nothing_is_said(sized):
    sizing = sized(people={"post_types": {"renditions_size": None}})
    originals = sizing.figure("originals of images").value
    assert sizing.figure("renditions of images").value == pytest.approx(0.6 * originals)


UNSAID = {"post_types": {"video_renditions_size": None, "video_view_size": None}}


def test_renditions_of_a_video_take_72_percent_of_it_if_nothing_is_said(sized):
    sizing = sized(people=UNSAID)
    # 730, 2,000 and 3,000 kbit/s of 8,000.
    assert sizing.figure("renditions of videos").value == pytest.approx(
        sizing.figure("videos").value * (730 + 2_000 + 3_000) / 8_000, rel=0.01
    )
    assert any("HLS" in each for each in sizing.figure("objects that are kept").sources)


def test_whose_still_is_asked_for_a_quarter_of_a_video_is_sent_if_nothing_is_said(sized):
    said, unsaid = (
        sized(people=people).figure("videos, edges to people")
        for people in ({"post_types": {"video_view_size": "5 MB"}}, UNSAID)
    )
    assert unsaid.value == pytest.approx(said.value)  # of 20 MB
    assert any("540p" in each for each in unsaid.sources)


def test_what_is_seen_and_kept_of_videos_is_paid_for(sized):
    little, much = (
        sized(people={"post_types": {"video_view_size": size, "video_renditions_size": size}})
        for size in ("1 MB", "50 MB")
    )
    for name in ("sent to people a day", "cost of sending to people", "cost of objects"):
        assert much.figure(name).value > 2 * little.figure(name).value, name


@pytest.mark.parametrize("types", [{"image": 0.7, "text": 0.3}, {"image": 0, "text": 1}])
def test_where_there_are_no_videos_nothing_follows_from_their_sizes(sized, types):
    sizes = (
        dict.fromkeys(("video_view_size", "video_renditions_size"), size)
        for size in (None, "1 MB", "50 MB")
    )
    one, *others = (sized(people={"post_types": {"video": 0} | types | each}) for each in sizes)
    for name in ("sent to people a day", "objects that are kept", "cost of everything"):
        assert all(each.figure(name) == one.figure(name) for each in others)
        assert not any("HLS" in source for source in one.figure(name).sources)


def test_a_follow_kept_once_takes_only_the_follower_s_row(sized):
    name = "rows of users and follows, one copy"
    once = sized(policy={"follows_kept": "follower"}).figure(name).value
    assert once == pytest.approx(10e6 * (960 + 50 * 111), rel=1e-6)


def test_influencers_have_lists_and_everybody_has_one_if_all_is_pulled(sized):
    name, full = "lists of influencers' posts", 500 * 75 + 176
    hybrid = {"strategy": "hybrid", "influencer_followers_min": 1_000}
    from model.world.followers import law_of

    sizing = sized(policy=hybrid)
    share = law_of(sizing.scenario.people).share_with_at_least(1_000)
    assert sizing.figure(name).value == pytest.approx(10e6 * share * full)
    pulled = sized(policy={"strategy": "pull"})
    assert pulled.figure(name).value == pytest.approx(10e6 * (4 * 75 + 176))
    assert pulled.figure("timelines").value == pytest.approx(10e6 * (4 * 75 + 176))


def test_who_has_been_away_too_long_has_no_timeline(sized):
    policy, away = {"strategy": "push_active"}, {"activity": {"inactive": 0.25}}
    here = sized(policy=policy).figure("timelines").value
    left = sized(policy=policy, people=away).figure("timelines").value
    assert left == pytest.approx(0.75 * here)


def test_a_timeline_begins_with_what_followees_have_posted_up_to_its_cap(sized):
    name = "posts for a timeline to begin with"
    assert sized().figure(name).value == pytest.approx(50 * 4)
    assert sized(people={"posts_per_user": 90}).figure(name).value == 500


def test_pictures_that_were_sent_smaller_than_they_are_shown_spare_nothing(sized):
    assert sized(people={"image_size": "50 kB"}).figure("spared by showing renditions").value == 0


@pytest.mark.parametrize(
    ("zones", "regions", "rows_abroad", "objects_abroad"),
    [
        (2, ["eu-west", "us-east"], {"post": 1, "user": 1}, 1),  # copies 0, 1, 2 in E, U, E
        (4, ["eu-west", "us-east"], {"post": 1, "user": 1}, 1),
        (3, ["eu-west", "us-east", "ap-south"], {"post": 2, "user": 1}, 2),
        (1, ["eu-west", "us-east"], {"post": 0, "user": 0}, 0),  # one zone is in one region
    ],
)
def test_copies_in_other_regions_are_sent_there(asked, zones, regions, rows_abroad, objects_abroad):
    scenario = asked(fleet={"zones": zones, "regions": regions})
    rates = rates_of(scenario, "no journeys are needed here")
    stored = storage_of(scenario, rates[0])
    wire = bandwidth_of(scenario, rates, stored)
    assert not wire.between_regions_a_day.is_known  # copies into timelines are not

    from model.world.reach import reach_of

    rates = rates_of(scenario, reach_of(asked()))
    wire = bandwidth_of(scenario, rates, stored)
    sent = (
        rows_abroad["post"] * stored.post_rows.value
        + rows_abroad["user"] * stored.user_rows.value
        + rows_abroad["user"] * rates[0].copies.value * 75 * 86_400
        + objects_abroad * stored.objects.value
    )
    assert wire.between_regions_a_day.value == pytest.approx(sent)


def test_events_are_kept_as_long_as_they_may_have_to_be_replayed(asked):
    def broker(replay):
        scenario = asked(growth={"replay": replay})
        mean, _ = rates_of(scenario, "no journeys are needed here")
        return memory_of(scenario, mean).broker.value

    assert broker("6 d") == pytest.approx(3 * broker("2 d"))
