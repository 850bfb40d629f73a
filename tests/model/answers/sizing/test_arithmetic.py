"""Every class of figure against arithmetic done here by hand, for one small platform."""

import pytest

DAY_S = 86_400
MEAN_PER_S, PEAK_PER_S = 500, 1_000  # 10 M users, half of them active, 8.64 requests, peak 2
POSTS, PAGES, FOLLOWS, REGISTERS = 50, 400, 30, 20  # per second on average, by the mix
ENTRY, STATE = 75, 176  # bytes in a timeline, measured


@pytest.fixture
def value(sized):
    sizing = sized()
    return lambda name: sizing.figure(name).value


def test_rates(value):
    assert value("requests, on average") == pytest.approx(MEAN_PER_S)
    assert value("requests, at the peak") == pytest.approx(PEAK_PER_S)
    assert value("post, on average") == pytest.approx(POSTS)
    assert value("newsfeed, at the peak") == pytest.approx(2 * PAGES)
    # Ten posts a page, seven in ten with a picture, of which the browser has six in ten.
    assert value("pictures shown, on average") == pytest.approx(PAGES * 10 * 0.7)
    assert value("pictures asked of edges, on average") == pytest.approx(PAGES * 10 * 0.7 * 0.4)
    assert value("pictures that edges ask for, on average") == pytest.approx(PAGES * 0.7)


def test_bytes_of_objects(value):
    images = (POSTS * 0.5 + REGISTERS) * DAY_S
    originals, renditions, videos = images * 1e6, images * 0.25e6, POSTS * 0.2 * 20e6 * DAY_S
    assert value("originals of images") == pytest.approx(originals)
    assert value("renditions of images") == pytest.approx(renditions)
    assert value("videos") == pytest.approx(videos)
    assert value("renditions of videos") == pytest.approx(0.75 * videos)  # 15 MB of 20 MB
    kept = originals + renditions + 1.75 * videos
    assert value("objects that are kept") == pytest.approx(kept)
    assert value("objects, all copies") == pytest.approx(3 * kept)
    assert value("objects, a year") == pytest.approx(365.25 * kept)
    assert value("objects, as long as they are kept") == pytest.approx(2 * 365.25 * kept)


def test_bytes_of_rows(value):
    post = 223 + 0.5 * 1_545 + 0.3 * 1_000
    assert value("rows of posts") == pytest.approx(POSTS * DAY_S * post)
    assert value("texts, within the rows of posts") == pytest.approx(POSTS * 0.3 * 1_000 * DAY_S)
    people = REGISTERS * 960 + FOLLOWS * (111 + 181)
    assert value("rows of new users and follows") == pytest.approx(people * DAY_S)
    assert value("rows, all copies") == pytest.approx(DAY_S * (3 * POSTS * post + 2 * people))
    assert value("rows of posts there are, one copy") == pytest.approx(10e6 * 4 * post)
    everybody = 10e6 * (960 + 50 * 292)
    assert value("rows of users and follows, one copy") == pytest.approx(everybody, rel=1e-6)


def test_memory(value):
    timelines = 10e6 * (500 * ENTRY + STATE)
    assert value("timelines") == pytest.approx(timelines)
    assert value("lists of influencers' posts") == 0  # everything is pushed
    assert value("timelines and lists, all copies") == pytest.approx(2 * timelines)
    # A post is told of, and so is its image; likewise of who registers.
    events = (2 * POSTS + 2 * REGISTERS + FOLLOWS) * DAY_S
    assert value("events") == pytest.approx(events)
    assert value("broker") == pytest.approx(events * 300 * 2)


def test_bandwidth(value):
    images = (POSTS * 0.5 + REGISTERS) * 1e6 + POSTS * 0.2 * 20e6
    assert value("uploads, from people") == pytest.approx(2 * images)
    assert value("pages, to people") == pytest.approx(2 * PAGES * 10 * 600)
    asked = PAGES * 10 * 0.7 * 0.4
    assert value("pictures, edges to people") == pytest.approx(2 * asked * 100_000)
    assert value("pictures, media service to edges") == pytest.approx(2 * asked * 0.25 * 100_000)
    assert value("spared by showing renditions") == pytest.approx(2 * asked * 900_000)
    videos = asked * 2 / 7 * 3e6  # two in seven pictures are stills of videos
    assert value("videos, edges to people") == pytest.approx(2 * videos)
    assert value("videos, media service to edges") == pytest.approx(2 * videos * 0.25)
    a_day = (asked * 100_000 + videos + PAGES * 10 * 600) * DAY_S
    assert value("sent to people a day") == pytest.approx(a_day)
    assert value("between regions a day") == 0  # there is one


def test_machines(value):
    # Each visit works 1 ms: a page is one call of the timeline service, a post another.
    assert value("cores of timeline, used") == pytest.approx(2 * (PAGES + POSTS) * 0.001)
    assert value("timeline, needed") == 2  # 0.9 cores, half of each may be busy
    assert value("password, needed") == 1  # 0.04 cores, on two threads each
    memory = 10e6 * (500 * ENTRY + STATE) / (0.8 * 32e9)
    assert value("timeline_store, needed") == 2 * -(-memory // 1)  # two copies of each


def test_money(value):
    # 16 processes with a core (two gateways, timelines and ... see topology) and stores alone.
    processes, in_memory, on_disk = (
        value(f"machines of {what}") for what in ("processes", "timelines", "databases")
    )
    assert (in_memory, on_disk) == (4 * 2, 2 * 2 + 4 * 3)
    machines = processes + in_memory + on_disk
    assert value("cost of cores") == pytest.approx(machines * 8 * 0.1 * 730.5)
    assert value("cost of memory") == pytest.approx(machines * 32)
    assert value("cost of disks") == pytest.approx(on_disk * 2_000 * 0.01)
    kept = value("objects, as long as they are kept")
    assert value("cost of objects") == pytest.approx(kept / 1e9 * 0.02)
    sent = value("sent to people a day")
    assert value("cost of sending to people") == pytest.approx(sent / 1e9 * 0.05 * 30.4375)
    assert value("revenue") == pytest.approx(5e6 * 0.02 * 30.4375)
    assert value("revenue lost in a minute of outage, on average") == pytest.approx(1e5 / 1_440)
    assert value("revenue lost in a minute of outage, at the peak") == pytest.approx(2e5 / 1_440)
    cost = value("cost of everything")
    assert value("cost per million daily users") == pytest.approx(cost / 5)
    assert value("cost over revenue") == pytest.approx(cost / value("revenue"))


def test_all_cost_adds_up_to_its_classes_and_their_shares_to_one(sized):
    money = next(group for group in sized().groups if group.title == "Money").figures
    classes = [f for f in money if f.name.startswith("cost of ") and "all cost" not in f.name]
    *parts, whole = classes
    assert whole.name == "cost of everything"
    assert sum(part.value for part in parts) == pytest.approx(whole.value)
    shares = [f.value for f in money if f.name.endswith("of all cost")]
    assert sum(shares) == pytest.approx(1)
    assert len(shares) == len(parts) == 6
