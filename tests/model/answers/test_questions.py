"""A scenario file as a question, and the answer that its variants give."""

from pathlib import Path

import pytest

from model.answers import questions
from model.answers.asked import question_of
from model.answers.expectations import Outcome
from model.answers.questions import Simulated, answer_of
from model.answers.statistics import Interval
from model.engine import replications
from model.engine.limits import TooMuch
from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
ASKED = "# Question: is it quick?\n# Expected: yes, with colons: even these.\n"
FEW = 'quick = ["traffic.rate=7/s", "simulation.duration=2 s"]\n'


@pytest.fixture
def file(tmp_path):
    """Write a scenario that extends the laptop's; returns what writes it."""

    def write(said="", head=ASKED):
        path = tmp_path / "tiny.toml"
        path.write_text(f'{head}extends = "{LAPTOP}"\nname = "tiny"\n{said}', encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def calibration(learnt_on):
    return learnt_on(load_scenario(LAPTOP), rates_per_s=(10, 100))


def known(value):
    return Interval(value=value, low=value, high=value, confidence=0.95, n=3, method="given")


@pytest.fixture
def simulated(monkeypatch):
    """Instead of simulating, find a p99 of 1 s per 30 requests a second; returns who was asked."""
    asked = []

    def fake(scenario, calibration, *, jobs):
        asked.append((scenario, jobs))
        return Simulated(numbers={"newsfeed.p99": known(scenario.requests_per_s / 30)})

    monkeypatch.setattr(questions, "simulated", fake)
    return asked


def test_a_file_says_what_it_asks_and_expects(file):
    found = question_of(file())
    assert found.question == "is it quick?"
    assert found.expected == "yes, with colons: even these."
    assert found.found == ""


def test_a_file_may_say_what_came_otherwise(file):
    assert question_of(file(head=f"{ASKED}# Found: it is slow.\n")).found == "it is slow."


def test_remarks_further_down_are_no_part_of_the_question(file):
    assert question_of(file("# Found: something else.\n")).found == ""


@pytest.mark.parametrize(
    ("head", "mark"),
    [
        ("", "Question"),
        ("# Question: is it?\n", "Expected"),
        ("# Expected: yes.\n", "Question"),
        ("\n# Question: is it?\n# Expected: yes.\n", "Question"),
    ],
)
def test_a_file_that_asks_nothing_is_refused(file, head, mark):
    with pytest.raises(ScenarioError, match=rf"tiny.toml: begin with a line `# {mark}: …`"):
        question_of(file(head=head))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match=r"none.toml: cannot be read: No such file"):
        question_of(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"# Question: \xff")
    with pytest.raises(ScenarioError, match=r"bytes.toml: is not UTF-8 text"):
        question_of(tmp_path / "bytes.toml")


VARIANTS = '[variants]\nbusy = ["traffic.rate=60/s"]\n'


def test_the_scenario_itself_is_the_first_of_its_variants(file, calibration, simulated):
    answer = answer_of(file(VARIANTS), calibration, jobs=2)
    assert [variant.name for variant in answer.variants] == ["base", "busy"]
    assert [scenario.requests_per_s for scenario, _ in simulated] == [30.0, 60.0]
    assert [list(variant.overrides) for variant in answer.variants] == [[], ["traffic.rate=60/s"]]
    assert {jobs for _, jobs in simulated} == {2}


def test_all_variants_have_the_same_luck(file, calibration, simulated):
    answer_of(file(VARIANTS), calibration)
    assert len({scenario.seed for scenario, _ in simulated}) == 1


def test_a_quick_answer_is_that_of_the_quick_form_in_every_variant(file, calibration, simulated):
    answer_of(file(FEW + VARIANTS), calibration, quick=True)
    assert [s.simulation.duration for s, _ in simulated] == [2.0, 2.0]
    assert [s.requests_per_s for s, _ in simulated] == [7.0, 60.0], "variants outweigh it"
    answer_of(file(FEW + VARIANTS), calibration)
    assert simulated[2][0].simulation.duration == 27.0


EXPECT = '[[expect]]\nthat = "newsfeed.p99"\n'


def test_what_is_expected_is_checked_in_the_variant_that_it_is_expected_of(
    file, calibration, simulated
):
    said = f'{VARIANTS}{EXPECT}below = "1500 ms"\n{EXPECT}below = "1500 ms"\nvariant = "busy"\n'
    answer = answer_of(file(said), calibration)
    assert [check.outcome for check in answer.checks] == [Outcome.YES, Outcome.NO]


def test_variants_are_compared_with_one_another(file, calibration, simulated):
    said = f'{VARIANTS}{EXPECT}above = "1.9"\nvariant = "busy"\ntimes = "base"\n'
    [check] = answer_of(file(said), calibration).checks
    assert check.outcome is Outcome.YES


@pytest.mark.parametrize(
    ("said", "head", "message"),
    [
        ("", "", "begin with a line"),
        (f'{EXPECT}below = "1 parsec"\n', ASKED, r"expect.0: below: newsfeed.p99: .* '1 parsec'"),
        (f'{EXPECT}below = "1 s"\nabove = "2 s"\n', ASKED, "expect.0: below must not be less"),
        (f'{EXPECT}below = "2"\nof = "newsfeed.p98"\n', ASKED, "no number 'newsfeed.p98'"),
        (
            f'[variants]\nodd = ["traffic.rate=3/s"]\n{EXPECT}below = "two"\ntimes = "odd"\n',
            ASKED,
            "write a number, such as 1.2",
        ),
        ('[variants]\nodd = ["traffic.rat=3/s"]\n', ASKED, "traffic.rat: unknown key"),
        ('[variants]\nbase = ["traffic.rate=3/s"]\n', ASKED, "variants.base: that is the scenario"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_simulated(
    file, calibration, simulated, said, head, message
):
    with pytest.raises(ScenarioError, match=message):
        answer_of(file(said, head), calibration)
    assert not simulated


def test_it_is_said_in_what_the_scenario_leaves_what_was_measured(file, calibration, simulated):
    assert list(answer_of(file(FEW), calibration).extrapolated) == []
    [sentence] = answer_of(file(FEW), calibration, quick=True).extrapolated
    assert sentence == "load: learnt at 10/s to 100/s, asked for 7/s"


def test_what_is_wrong_in_a_variant_is_said_with_its_name(file, calibration):
    path = file('[variants]\nodd = ["traffic.rate=3 parsec"]\n')
    with pytest.raises(ScenarioError, match=r"variants.odd: .*traffic.rate"):
        answer_of(path, calibration)


def test_a_variant_that_cannot_be_built_is_told_by_name_before_anything_is_simulated(
    file, calibration, simulated
):
    path = file('[variants]\nthirds = ["simulation.slice=3"]\n')
    with pytest.raises(ScenarioError, match=r"tiny.toml: thirds: simulation.slice: one shared"):
        answer_of(path, calibration)
    assert simulated == []


def test_a_number_that_no_answer_has_is_refused_before_anything_is_simulated(
    file, calibration, simulated
):
    path = file('[[expect]]\nthat = "newsfeed.p98"\nbelow = "1 s"\n')
    with pytest.raises(ScenarioError, match=r"expect.0: the answer has no number 'newsfeed.p98'"):
        answer_of(path, calibration)
    assert simulated == []


def test_an_event_after_the_end_is_refused(file, calibration, simulated):
    path = file('[[events]]\nkind = "broker-stop"\nat = "1 h"\n')
    with pytest.raises(ScenarioError, match=r"base: events.0.at: the run ends .* got 3600 s"):
        answer_of(path, calibration)


def test_whoever_waits_is_told_what_is_simulated(file, calibration, simulated):
    told: list[str] = []
    answer_of(file(VARIANTS), calibration, report=told.append)
    assert told == ["simulating tiny, base", "simulating tiny, busy"]


def test_whoever_waits_is_told_first_what_of_a_recording_is_left_out(
    file, calibration, simulated, tmp_path
):
    stamp = "192.0.2.7 - - [10/Oct/2025:13:55:{:02}.000 +0000]"
    paths = ["/user/1/newsfeed"] * 59 + ["/favicon.ico"]
    lines = (f'{stamp.format(s)} "GET {path} HTTP/1.1" 200 9\n' for s, path in enumerate(paths))
    (tmp_path / "access.log").write_text("".join(lines), encoding="utf-8")
    told: list[str] = []
    recorded = "recorded = { file = 'access.log', form = 'access-log' }\n"
    answer_of(file(f"[traffic]\nrate = '1/s'\n{recorded}"), calibration, report=told.append)
    said = "1 of the 60 requests left out, being of other routes: GET /favicon.ico (1)"
    assert told[0].endswith(said)


def test_an_idle_laptop_answers_all_it_is_asked(file, calibration):
    short = '[simulation]\nwarmup = "1 s"\nduration = "5 s"\nreplications = 3\n'
    short += "[traffic.mix]\nnewsfeed = 0.7\npost = 0.1\nfollow = 0.1\nregister = 0.1\n"
    expected = '[[expect]]\nthat = "all.failed"\nbelow = "10 %"\n'
    answer = answer_of(file(short + expected), calibration)
    [variant] = answer.variants
    assert [check.outcome for check in answer.checks] == [Outcome.YES]
    # A page does at least all the work of its gateway and timeline calls, a millisecond each.
    assert 0.002 < variant.numbers["newsfeed.p50"].value < 0.5
    assert 0 < variant.numbers["busy.gateway"].value < 0.2


SLOW = (
    '[simulation]\nwarmup = "1 s"\nduration = "6 s"\nreplications = 2\n'
    '[traffic]\nrate = "30/s"\n[traffic.mix]\nnewsfeed = 1.0\n'
    '[fleet]\nplacement = "dedicated"\n'
    '[[events]]\nkind = "slow"\nstation = "timeline"\nspeed = "20 %"\nat = "2 s"\nlasts = "2 s"\n'
)


def test_while_it_is_slow_answers_take_longer_than_before(file, calibration):
    asked = SLOW.replace("replications = 2", "replications = 6")
    during = '[[expect]]\nthat = "newsfeed.p50.during"\nof = "newsfeed.p50.before"\n'
    answer = answer_of(file(f'{asked}{during}above = "1"\n{during}below = "1"\n'), calibration)
    assert [check.outcome for check in answer.checks] == [Outcome.YES, Outcome.NO]
    assert answer.checks[0].beside == answer.variants[0].numbers["newsfeed.p50.before"]


def test_a_slow_service_is_busier_while_it_is_slow(file, calibration):
    numbers = answer_of(file(SLOW), calibration).variants[0].numbers
    busy = {when: numbers[f"busy.timeline.{when}"].value for when in ("before", "during")}
    assert busy["during"] > 2 * busy["before"] > 0


@pytest.fixture
def no_room(monkeypatch):
    """No run can keep its visits; returns whether each that was asked for was to keep them."""
    asked = []

    def replicate(*words, keep_visits, **named):
        asked.append(keep_visits)
        if keep_visits:
            raise TooMuch("more than 1 visits")
        return replications.replicate(*words, keep_visits=False, **named)

    monkeypatch.setattr(questions, "replicate", replicate)
    return asked


def test_of_more_visits_than_are_kept_it_is_said_what_nobody_knows(file, calibration, no_room):
    [variant] = answer_of(file(SLOW), calibration).variants
    busy = "how busy all is before, during and after what happens is not said"
    assert variant.simulated.untold.startswith(busy), "and nothing of copies, for there are none"
    assert "busy.timeline.during" not in variant.numbers
    assert variant.numbers["busy.timeline"].value > 0


COPIES = (
    '[simulation]\nwarmup = "1 s"\nduration = "2 s"\nreplications = 2\n'
    '[fleet]\nplacement = "dedicated"\nzones = 2\npost_store = { replicas = 2 }\n'
)


def test_where_nothing_happens_only_copies_can_stay_untold(file, calibration, no_room):
    [variant] = answer_of(file(COPIES), calibration).variants
    assert variant.simulated.untold.startswith("how far copies are behind is not said")


def test_of_more_than_a_run_holds_it_is_said_what_to_shorten(file, calibration, monkeypatch):
    def replicate(*_, **__):
        raise TooMuch("at 1 s: more than 9 requests and legs under way at once")

    monkeypatch.setattr(questions, "replicate", replicate)
    with pytest.raises(ScenarioError, match=r"^tiny: the whole fleet .* which is 6 s"):
        questions.simulated(load_scenario(file(SLOW)), calibration)


def test_who_wants_nothing_from_visits_has_none_kept(file, calibration, no_room):
    found = questions.simulated(load_scenario(file(SLOW)), calibration, from_visits=False)
    assert no_room == [False]
    assert found.untold == ""
    assert "all.failed.during" in found.numbers
