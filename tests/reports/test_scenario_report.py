"""The report of one scenario, and the verb that writes it."""

import re
from math import inf
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from model.answers import questions
from model.answers.asked import Question
from model.answers.calibrations import load_calibration
from model.answers.expectations import Checked, Outcome
from model.answers.numbers import FAILURES
from model.answers.questions import Answer, Simulated, Variant
from model.answers.statistics import Interval
from model.learnt import SHIPPED
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario
from reports.cli import add_verbs
from reports.folders import places_in, put
from reports.quantities import shown, table
from reports.scenario_report import fingerprint_of, scenario_report

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
STOP = "events=[{kind='broker-stop', at='5 s', lasts='5 s'}]"


def between(low, high):
    middle = (low + high) / 2 if high < inf else low
    return Interval(value=middle, low=low, high=high, confidence=0.95, n=9, method="given")


NUMBERS = {
    "newsfeed.p50": between(0.010, 0.012),
    "newsfeed.p99": between(0.9, 1.1),
    "newsfeed.failed": between(0.0, 0.02),
    "newsfeed.late": between(0.0, 0.005),
    "all.failed": between(0.0, 0.02),
    "lag.fanout.p50": between(0.1, 0.3),
    "lag.fanout.p99": between(2.0, inf),
    "lag.fanout.unended": between(0.02, 0.04),
    "busy.user_db": between(0.1, 0.1),
    "busiest.user_db": between(0.3, 0.5),
    "busy.gateway": between(0.6, 0.6),
    "busiest.gateway": between(0.6, 0.8),
}


def variant(name="base", *overrides, numbers=NUMBERS):
    scenario = load_scenario(LAPTOP, overrides)
    return Variant(
        name=name,
        overrides=overrides,
        scenario=scenario,
        simulated=Simulated(numbers=numbers),
    )


def report(*variants, checks=(), extrapolated=(), found=""):
    said = Question(question="is it quick?", expected="yes.", found=found)
    answer = Answer(
        question=said,
        variants=variants or (variant(),),
        checks=checks,
        extrapolated=extrapolated,
    )
    return scenario_report(answer, LAPTOP)


def rows(text, heading):
    """The cells of the table below a heading, without the line under its columns."""
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if set(row) != {"---"}]


def test_a_report_begins_with_what_was_asked_and_expected():
    lines = [line for line in report().splitlines() if line]
    assert lines[:3] == ["# laptop", "**Question.** is it quick?", "**Expected.** yes."]


def test_what_came_otherwise_is_said_at_the_top_if_it_did():
    assert "**Found.** no.\n" in report(found="no.")
    assert "**Found.**" not in report()


def test_what_a_recording_has_and_the_simulation_has_not_is_said_once(tmp_path):
    line = '192.0.2.7 - - [10/Oct/2025:13:55:36 +0000] "GET {} HTTP/1.1" 200 9\n'
    paths = ("/user/1/newsfeed", "/favicon.ico", "/favicon.ico")
    (tmp_path / "access.log").write_text("".join(map(line.format, paths)), encoding="utf-8")
    recorded = f"traffic.recorded={{file='{tmp_path}/access.log', form='access-log'}}"
    told = report(variant("base", recorded), variant("fast", recorded, "traffic.recorded.faster=2"))
    said = "access.log: 2 of the 3 requests left out, being of other routes: GET /favicon.ico (2)"
    assert told.count(f"- traffic.recorded: {said}\n") == 1


def test_what_an_answer_does_not_say_is_said():
    scenario = load_scenario(LAPTOP)
    short = Variant(
        name="many",
        overrides=(),
        scenario=scenario,
        simulated=Simulated(numbers=NUMBERS, untold="of copies nothing is said"),
    )
    assert "- many: of copies nothing is said\n" in report(short)
    assert "## What is not said" not in report()


def test_how_requests_fail_is_said_of_those_that_do():
    nothing = between(0.0, 0.0)
    numbers = NUMBERS | {
        "newsfeed.refused": between(0.01, 0.03),
        "newsfeed.expired": nothing,
        "newsfeed.lost": nothing,
        **{f"search.{how}": nothing for how in FAILURES},
    }
    found = rows(report(variant(numbers=numbers)), "Why requests fail")[1:]
    assert [row[:3] for row in found] == [["base", "newsfeed", "2 % (1 % to 3 %)"]]
    assert "## Why requests fail" not in report()


def test_of_services_that_scale_it_is_said_how_many_instances_there_are():
    numbers = NUMBERS | {"instances.timeline": between(3.0, 3.0)}
    [row] = rows(report(variant(numbers=numbers)), "Instances")[1:]
    assert row == ["base", "timeline", "3 (3 to 3)", "-", "-", "-"]
    assert "## Instances" not in report()


def test_a_number_that_is_compared_is_said_beside_the_other_and_as_times_it():
    check = Checked(
        expected="newsfeed.p50 (busy) above 2 times that of base",
        found=between(0.030, 0.030),
        outcome=Outcome.YES,
        beside=between(0.012, 0.012),
    )
    [_, row] = rows(report(checks=[check]), "What was expected")
    assert row[1] == "30 ms (30 ms to 30 ms), 2.5 times 12 ms (12 ms to 12 ms)"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (between(0.030, 0.030), "30 ms (30 ms to 30 ms), with nothing to compare it with"),
        (None, "-"),
    ],
)
def test_a_number_with_nothing_to_compare_it_with_is_said_so(found, said):
    check = Checked(
        expected="newsfeed.p50.during above 3 times newsfeed.p50.before",
        found=found,
        outcome=Outcome.UNKNOWN,
    )
    [_, row] = rows(report(checks=[check]), "What was expected")
    assert row[1:] == [said, "unknown"]


def test_nothing_is_no_number_of_times_nothing():
    nothing = between(0.0, 0.0)
    check = Checked(
        expected="all.late (busy) above 1 times that of base",
        found=nothing,
        outcome=Outcome.YES,
        beside=nothing,
    )
    [_, row] = rows(report(checks=[check]), "What was expected")
    assert row[1] == "0 % (0 % to 0 %), for 0 % (0 % to 0 %)"


def test_every_expectation_is_said_with_what_was_found_and_whether_it_came_so():
    check = Checked(
        expected="newsfeed.p99 below 1 s", found=NUMBERS["newsfeed.p99"], outcome=Outcome.UNCLEAR
    )
    columns, row = rows(report(checks=[check]), "What was expected")
    assert columns == ["expected", "found", "came so"]
    assert row == ["newsfeed.p99 below 1 s", "1 s (900 ms to 1.1 s)", "unclear"]


def test_where_nothing_is_expected_nothing_is_said_of_it():
    assert "What was expected" not in report()


def test_a_request_has_its_numbers_with_their_intervals_and_its_verdict():
    columns, row, _ = rows(report(), "Requests")
    cells = dict(zip(columns, row, strict=True))
    assert cells["p50"] == "11 ms (10 ms to 12 ms)"
    assert cells["p95"] == "-"
    assert cells["failed"] == "1 % (0 % to 2 %)"
    assert (cells["target"], cells["p99 in target"]) == ("1 s", "pass")


@pytest.mark.parametrize(
    ("late", "verdict"), [((0.02, 0.03), "miss"), ((0.005, 0.02), "inconclusive")]
)
def test_a_p99_is_out_of_its_target_if_more_than_one_in_a_hundred_is_late(late, verdict):
    _, row, _ = rows(
        report(variant(numbers=NUMBERS | {"newsfeed.late": between(*late)})), "Requests"
    )
    assert row[-1] == verdict


def test_every_variant_has_its_rows_and_is_told_by_what_was_set():
    text = report(variant(), variant("busy", "traffic.rate=60/s"))
    assert [row[0] for row in rows(text, "Requests")[1:]] == ["base", "base", "busy", "busy"]
    assert "- **busy**: `traffic.rate=60/s`" in text
    assert "- **base**" not in text


WINDOWS = {f"newsfeed.failed.{when}": between(0.0, 0.1) for when in ("before", "during", "after")}


def test_before_during_and_after_are_shown_where_something_happens():
    eventful = variant("stopped", STOP, numbers=NUMBERS | WINDOWS)
    columns, row = rows(report(variant(), eventful), "Before, during and after")
    assert columns == ["variant", "number", "before", "during", "after"]
    assert row == ["stopped", "newsfeed.failed", *["5 % (0 % to 10 %)"] * 3]


def test_the_busiest_stations_are_told_before_during_and_after_too():
    parts = {
        f"{kind}.gateway.{when}": between(share, share)
        for kind, more in (("busy", 0.0), ("busiest", 0.1))
        for when, share in (("before", 0.3 + more), ("during", 0.7 + more), ("after", 0.5 + more))
    }
    eventful = variant("stopped", STOP, numbers=NUMBERS | parts)
    columns, gateway, user_db = rows(report(eventful), "What is busy")
    assert columns[2:] == [
        f"{kind}{when}"
        for kind in ("busy", "its busiest member")
        for when in ("", ", before", ", during", ", after")
    ]
    assert [cell.split(" (")[0] for cell in gateway[1:]] == [
        "gateway", "60 %", "30 %", "70 %", "50 %", "70 %", "40 %", "80 %", "60 %",
    ]  # fmt: skip
    assert user_db[3:6] == ["-"] * 3


def test_what_is_no_machine_is_not_among_the_busy():
    numbers = NUMBERS | {f"{kind}.admission": between(0.9, 0.9) for kind in ("busy", "busiest")}
    stations = [row[1] for row in rows(report(variant(numbers=numbers)), "What is busy")[1:]]
    assert stations == ["gateway", "user_db"]


def test_a_variant_is_said_to_differ_in_what_its_intervals_tell_apart():
    other = NUMBERS | {"newsfeed.p50": between(0.02, 0.03), "newsfeed.p99": between(0.1, 0.2)}
    text = report(variant(), variant("busy", numbers=other), variant("same"))
    assert (
        "- **busy** differs from base in 2 of the 5 numbers judged: more `newsfeed.p50`; less"
        " `newsfeed.p99`.\n- **same** does not differ from base in any of the 5 numbers judged.\n"
    ) in text
    assert "Do the variants differ" not in report()


def test_how_often_calls_are_tried_is_told_where_any_are_repeated():
    numbers = NUMBERS | {"newsfeed.attempts": between(3.0, 5.0)}
    for how in ("policy.protections.retries=1", "traffic.retries.times=2",
                "policy.protections.hedge_after=20 ms"):  # fmt: skip
        [row] = rows(report(variant("base", how, numbers=numbers)), "Attempts")[1:]
        assert row == ["base", "newsfeed", "4 (3 to 5)", "-", "-", "-"]
    assert "## Attempts" not in report(variant(numbers=numbers))


def test_what_settled_an_expectation_without_an_end_is_told():
    check = Checked(
        expected="newsfeed.p99 below 100 ms",
        found=between(0.043, inf),
        outcome=Outcome.YES,
        longer={"100 ms": between(0.002, 0.004)},
    )
    [_, row] = rows(report(checks=[check]), "What was expected")
    assert row[1] == "43 ms (43 ms to ?); 0.3 % (0.2 % to 0.4 %) take longer than 100 ms"


def test_where_nothing_happens_there_is_no_before_and_after():
    assert "Before, during" not in report()


def test_what_goes_on_after_the_answer_is_told_with_an_end_that_nobody_knows():
    columns, row = rows(report(), "Afterwards")
    assert row[:4] == ["base", "lag.fanout", "200 ms (100 ms to 300 ms)", "2 s (2 s to ?)"]
    assert dict(zip(columns, row, strict=True))["unended"] == "3 % (2 % to 4 %)"


def test_what_never_ended_has_its_row_all_the_same():
    never = NUMBERS | {"lag.celebrity_0_fanout.unended": between(1.0, 1.0)}
    _, row = [r[1:] for r in rows(report(variant(numbers=never)), "Afterwards")[1:]]
    assert row == ["lag.celebrity_0_fanout", "-", "-", "100 % (100 % to 100 %)"]


POSTED = "events=[{kind='broker-stop', at='9 s'}, {kind='celebrity-post', followers=500, at='1 s'}]"


@pytest.mark.parametrize(("share", "said"), [(1.0, "16 of 16"), (0.25, "4 of 16")])
def test_how_often_a_celebritys_post_failed_is_told_before_all_that_was_found(share, said):
    failed = NUMBERS | {"celebrity_1.failed": between(share, share)}
    text = report(variant(), variant("posted", POSTED, numbers=failed))
    assert f"\n- posted: `celebrity_1` failed in {said} runs\n\n## Requests" in text


def test_of_a_celebritys_post_that_came_nothing_is_told():
    came = NUMBERS | {"celebrity_1.failed": between(0.0, 0.0)}
    assert "`celebrity_1` failed" not in report(variant("base", POSTED, numbers=came))


def test_where_nothing_goes_on_nothing_is_said_of_it():
    quiet = {name: number for name, number in NUMBERS.items() if not name.startswith("lag.")}
    assert "Afterwards" not in report(variant(numbers=quiet))


def test_the_busiest_stations_come_first_and_not_all_of_them():
    many = {
        f"{kind}.s{n}": between(n / 100, n / 100) for n in range(20) for kind in ("busy", "busiest")
    }
    stations = [row[1] for row in rows(report(variant(numbers=NUMBERS | many)), "What is busy")[1:]]
    assert stations[:2] == ["gateway", "user_db"]
    assert stations[2:] == ["s19", "s18", "s17", "s16", "s15", "s14"]


def test_what_leaves_the_measurements_is_told():
    assert "\n- load: more than learnt\n" in report(extrapolated=["load: more than learnt"])
    assert "extrapolates" not in report()


def test_a_report_is_bound_to_the_very_content_of_its_scenario(tmp_path):
    file = tmp_path / "laptop.toml"
    file.write_bytes(LAPTOP.read_bytes())
    assert fingerprint_of(file) == fingerprint_of(LAPTOP)
    assert f"`laptop.toml`, {fingerprint_of(LAPTOP)}" in report()
    file.write_bytes(LAPTOP.read_bytes() + b"\n")
    assert fingerprint_of(file) != fingerprint_of(LAPTOP)


def test_a_report_says_how_it_was_made():
    told = "16 replications of 27 s after 3 s of warm-up, of 1/1 of the fleet; seed 20261122"
    assert told in report()
    assert "another seed is another world" in report()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0004, "0.4 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (59.96, "60 s"),
        (1_234.5, "1,234 s"),
    ],
)
def test_times_are_said_without_powers_of_ten(seconds, text):
    assert shown("newsfeed.p99", between(seconds, seconds)).startswith(f"{text} (")


def test_shares_are_said_in_percent():
    assert shown("busy.user_db", between(0.25, 0.25)) == "25 % (25 % to 25 %)"
    assert shown("all.late.during", between(0.0, 0.001)) == "0.05 % (0 % to 0.1 %)"


def test_a_number_that_there_is_not_is_a_dash():
    assert shown("newsfeed.p99", None) == "-"


def test_a_bar_in_a_cell_does_not_end_it():
    assert table(("a",), [("x|y",)]).splitlines()[-1] == r"| x\|y |"


@pytest.fixture
def answered(monkeypatch, tmp_path):
    """Ask the verb about a file that says this; every p99 of the newsfeed is about a second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(questions, "simulated", lambda *_, **__: Simulated(numbers=NUMBERS))
    app = typer.Typer()
    add_verbs(app)

    def ask(*expected, words=(), head="# Question: is it?\n# Expected: yes.\n"):
        limits = "".join(f'[[expect]]\nthat = "newsfeed.p99"\n{each}\n' for each in expected)
        file = tmp_path / "tiny.toml"
        file.write_text(f'{head}extends = "{LAPTOP}"\nname = "tiny"\n{limits}', encoding="utf-8")
        return CliRunner().invoke(app, ["answer", str(file), *words])

    return ask


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ((), 0),
        (('below = "2 s"',), 0),
        (('below = "1 s"',), 4),
        (('below = "1 ms"', 'below = "1 s"'), 3),
    ],
)
def test_the_verb_exits_by_whether_all_came_as_expected(answered, expected, code):
    done = answered(*expected)
    assert done.exit_code == code
    assert "# tiny\n\n**Question.** is it?" in done.stdout


def test_a_report_goes_into_the_folder_that_is_asked_for(answered, tmp_path):
    (tmp_path / "here").mkdir()
    done = answered(words=("--into", "here"))
    assert done.stdout == ""
    assert (tmp_path / "here" / "tiny.md").read_text(encoding="utf-8").startswith("# tiny\n")


def test_a_folder_that_is_not_there_is_made(answered, tmp_path):
    answered(words=("--into", "deep/down"))
    assert (tmp_path / "deep" / "down" / "tiny.md").exists()


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_simulated(answered, tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    done = answered(words=("--into", "taken"))
    assert done.exit_code == 2
    assert done.stderr == "--into taken: File exists\n"


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_simulated(
    answered, tmp_path
):
    (tmp_path / "here" / "tiny.md").mkdir(parents=True)
    done = answered(words=("--into", "here"))
    assert done.exit_code == 2
    assert done.stderr == "--into here/tiny.md: is a folder\n"


def test_two_reports_of_one_name_are_refused(tmp_path):
    files = [Path("one/same.toml"), Path("two/same.toml")]
    with pytest.raises(ScenarioError, match="two scenarios would be reported there"):
        places_in(tmp_path, files)


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "figures").write_text("")
    with pytest.raises(ScenarioError, match="figures: File exists"):
        put(tmp_path / "figures" / "laptop.svg", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ScenarioError, match="folder: Is a directory"):
        put(tmp_path / "folder", "")


def test_a_file_that_asks_nothing_is_a_mistake_of_who_asks(answered):
    done = answered(head="")
    assert done.exit_code == 2
    assert re.search(r"tiny.toml: begin with a line `# Question: …`", done.stderr)


def test_a_calibration_that_is_none_is_a_mistake_too(answered, tmp_path):
    (tmp_path / "odd.json").write_text("[]", encoding="utf-8")
    done = answered(words=("--calibration", "odd.json"))
    assert done.exit_code == 2
    assert "odd.json: is not a calibration" in done.stderr


def test_what_came_with_feedtwin_is_a_calibration():
    assert load_calibration(SHIPPED).works


def copied(*overrides):
    numbers = {
        "lag.replication.post_db.p50": between(0.001, 0.003),
        "lag.replication.post_db.p99": between(0.004, 0.008),
        "lag.replica.post_db.p50": between(0.001, 0.001),
        "lost_writes.post_db.per_crash": between(0.25, 0.75),
        "lost_writes.post_db.per_year": between(20.0, 22.0),
        "lost_writes.post_db": between(1.0, 3.0),
    }
    return variant("base", *overrides, numbers=NUMBERS | numbers)


def test_stores_with_copies_say_how_far_they_are_behind_and_what_a_lost_server_takes():
    text = report(copied("fleet.post_store={shards=2, replicas=3, acks=2}"))
    [row] = rows(text, "Copies")[1:]
    assert row[:4] == ["base", "post_db", "2 of 3", "2 ms (1 ms to 3 ms)"]
    assert row[4:] == ["6 ms (4 ms to 8 ms)", "0.5 (0.25 to 0.75)", "21 (20 to 22)", "2 (1 to 3)"]


@pytest.mark.parametrize(
    ("lag", "lost", "is_told"), [(0.0, 0.0, True), (None, 0.5, True), (None, 0.0, False)]
)
def test_stores_that_nobody_writes_to_have_no_row_among_copies(lag, lost, is_told):
    numbers = {"lost_writes.user_db.per_crash": between(lost, lost)}
    if lag is not None:
        numbers["lag.replication.user_db.p50"] = between(lag, lag)
    base = copied()
    text = report(variant(numbers={**base.numbers, **numbers}))
    stores = [row[1] for row in rows(text, "Copies")[1:]]
    assert stores == (["user_db", "post_db"] if is_told else ["post_db"])


def test_copies_have_a_table_of_their_own_among_lags():
    assert [row[1] for row in rows(report(copied()), "Afterwards")[1:]] == ["lag.fanout"]


def test_where_no_store_has_copies_nothing_is_said_of_them():
    assert "## Copies" not in report()
