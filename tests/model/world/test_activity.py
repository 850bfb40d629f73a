"""How often people read and post, by the scenario and beside each other."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from model.world.activity import lognormal, posting_of, posts_per_day, reading_of, reads_per_day
from model.world.population import population_of
from model.world.scenario import ScenarioError
from model.world.scenario.people import Activity, Posting
from model.world.scenario_files import load_scenario

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
MIX = "mix = { newsfeed = 0.9, post = 0.1 }"


def laptop(tmp_path, text):
    """Return the laptop's scenario with other traffic."""
    said = LAPTOP.read_text().split("[traffic]")[0] + f"[traffic]\n{text}\n"
    (tmp_path / "laptop.toml").write_text(said)
    return load_scenario(tmp_path / "laptop.toml", ["people.users=2 k", "people.daily_active=50 %"])


def test_rates_per_person_are_shares_of_what_is_asked_for_on_a_day(tmp_path):
    scenario = laptop(tmp_path, f"requests_per_active_day = 40\n{MIX}")
    assert reads_per_day(scenario) == pytest.approx(36)
    assert posts_per_day(scenario) == pytest.approx(2)  # half of the users ask for nothing


def test_where_a_rate_is_given_the_active_users_share_it(tmp_path):
    scenario = laptop(tmp_path, f'rate = "10/s"\n{MIX}')
    assert reads_per_day(scenario) == pytest.approx(10 * 0.9 * 86_400 / 1_000)
    assert posts_per_day(scenario) == pytest.approx(10 * 0.1 * 86_400 / 2_000)


def test_what_is_not_in_the_mix_nobody_does(tmp_path):
    assert posts_per_day(laptop(tmp_path, 'rate = "10/s"\nmix = { newsfeed = 1.0 }')) == 0
    assert reads_per_day(laptop(tmp_path, 'rate = "10/s"\nmix = { post = 1.0 }')) == 0


def test_recorded_traffic_has_no_rate_per_person(tmp_path):
    recorded = laptop(tmp_path, 'recorded = { file = "requests.csv" }')
    with pytest.raises(ScenarioError, match=r"traffic\.recorded"):
        reads_per_day(recorded)


def test_reading_grows_as_a_power_of_whom_one_follows():
    rates = reading_of(Activity(with_followees=0.5), [0, 3, 99])
    assert rates.tolist() == [1, 2, 10]
    assert reading_of(Activity(), [0, 3, 99]).tolist() == [1, 1, 1]


def test_posting_grows_with_the_logarithm_of_who_follows():
    assert posting_of(Posting(), [0, 9, 999]).tolist() == [1, 3, 7]
    assert posting_of(Posting(with_followers=0.0), [0, 9, 999]).tolist() == [1, 1, 1]


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.3])
def test_differences_between_people_cancel_on_average(spread):
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    factors = lognormal(spread, u)
    assert factors.mean() == pytest.approx(1, rel=0.001)
    assert np.log(factors).std() == pytest.approx(spread, rel=0.001)


def test_who_does_something_often_is_met_as_often_as_that():
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    plain, met = lognormal(0.7, u), lognormal(0.7, u, biased=True)
    for least in (0.5, 1.0, 3.0):
        expected = plain[plain > least].sum() / plain.sum()
        assert (met > least).mean() == pytest.approx(expected, rel=0.001)


def share_of_the_top_tenth(rates):
    return np.sort(rates)[-len(rates) // 10 :].sum() / rates.sum()


def test_with_a_spread_of_1_3_a_tenth_of_the_active_readers_reads_half():
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    assert share_of_the_top_tenth(lognormal(1.3, u)) == pytest.approx(0.5, abs=0.01)


# The most active tenth of American adults on Twitter made 80 % of their tweets (Wojcik & Hughes,
# "Sizing Up Twitter Users", Pew Research Center 2019); 44 % of all its accounts had never posted
# (Twopcharts, 2014).
PEW_SHARE, TWOPCHARTS_NEVER = 0.8, 0.44


def shares_of_the_top_tenth(*overrides):
    for seed in range(10):
        chosen = ["people.users=20 k", f"seed={seed}", *overrides]
        yield share_of_the_top_tenth(population_of(load_scenario(LAPTOP, chosen)).posting)


@pytest.mark.parametrize(
    "posting",
    [
        "people.posting={ spread = 2.12, with_followers = 0.0 }",
        "people.posting={ spread = 1.76, with_followers = 0.0, never = 0.44 }",
        "people.posting={ spread = 1.74, with_followers = 2.0, never = 0.44 }",
    ],
)
def test_these_spreads_let_a_tenth_of_the_users_make_the_share_of_posts_that_pew_found(posting):
    shares = list(shares_of_the_top_tenth(posting))
    half_width = 3.25 * np.std(shares, ddof=1) / 10**0.5  # Student t, 99 %, 9 degrees of freedom
    assert np.mean(shares) == pytest.approx(PEW_SHARE, abs=half_width + 0.005)
    assert half_width < 0.02, "too noisy to prove anything"


@pytest.mark.parametrize(("never", "spread"), [(0.0, 2.12), (TWOPCHARTS_NEVER, 1.76)])
def test_those_spreads_are_what_the_lognormal_law_says(never, spread):
    # The share of a lognormal total that the top q of the values make.
    top = 0.1 / (1 - never)
    assert ndtr(spread - ndtri(1 - top)) == pytest.approx(PEW_SHARE, abs=0.002)
