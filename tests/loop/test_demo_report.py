from html.parser import HTMLParser

import pytest

from loadtest.protocols.demo import Demo
from loadtest.protocols.held_out import compare_held_out
from model.answers.predict import predict
from reference_impl.seeding.seed import Seeded
from reports.builder import html_of
from reports.demo_report import report_of

IMAGES = [
    {
        "what": what,
        "number": 3,
        "bytes": size,
        "bytes_mean": size / 3,
        "share": share,
        "share_of": of,
    }
    for what, size, share, of in (
        ("originals of images ready", 9_000, None, None),
        ("saved if originals are dropped", 6_000, 0.42, "all that is stored"),
    )
]


class Outline(HTMLParser):
    """What a page is made of: its tags, its text, and whatever it would load."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.loads = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text.append(data)


def outline_of(page):
    outline = Outline()
    outline.feed(page)
    return outline


@pytest.fixture(scope="module")
def demo(scenario, ladder, truth):
    comparison = compare_held_out(ladder, jobs=1, report=lambda *_: None)
    return Demo(
        scenario=scenario,
        seeded=Seeded(users=2000, follows=24_000, posts=10_000, rows=200_000, seconds=1.5),
        measurements=ladder,
        images=IMAGES,
        comparison=comparison,
        planet=predict(scenario.at_rate(30.0), truth),
        extrapolated=["load: learnt at 20/s to 40/s, asked for 9000/s"],
        why="",
    )


def test_the_report_says_measured_and_predicted_with_the_error(demo):
    page = outline_of(html_of(report_of(demo)))
    text = " ".join(page.text)
    [row] = [r for r in demo.comparison.rows if (r.endpoint, r.quantile) == ("newsfeed", 0.99)]
    assert f"measured as {row.measured_s.value * 1e3:.0f} ms" in text
    assert f"an error of {row.error:+.0%}" in text
    assert "load: learnt at 20/s to 40/s, asked for 9000/s" in text
    assert "the generator was late" in text


def test_the_report_is_one_file_that_asks_no_network(demo):
    page = outline_of(html_of(report_of(demo)))
    assert page.tags.count("svg") == 3
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert all(target.startswith("#") for target in page.loads)


def test_every_figure_says_in_words_what_it_shows(demo):
    figures = [s.figure for s in report_of(demo).sections if s.figure is not None]
    assert len(figures) == 3
    assert all(len(figure.says) > 40 for figure in figures)


def test_the_report_says_what_compression_saves(demo):
    text = " ".join(outline_of(html_of(report_of(demo))).text)
    assert "42% of all that is stored" in text


def test_without_enough_valid_loads_the_report_says_so_and_why(demo, ladder):
    empty = Demo(
        scenario=demo.scenario,
        seeded=demo.seeded,
        measurements=ladder[2:3],
        images=[],
        comparison=None,
        planet=None,
        extrapolated=[],
        why="fewer than two loads were measured validly",
    )
    text = " ".join(outline_of(html_of(report_of(empty))).text)
    assert "Inconclusive: fewer than two loads were measured validly" in text
    assert "the generator was late" in text


def test_what_people_wrote_cannot_become_markup(demo):
    from dataclasses import replace

    page = html_of(replace(report_of(demo), title="<script>alert(1)</script>"))
    assert "<script>" not in page
