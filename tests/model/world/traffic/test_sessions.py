"""Sessions: how long they are, and that their pages come at the rate asked for."""

import numpy as np
import pytest

from model.engine.engines import Engine, simulate_with
from model.engine.network import Network
from model.world.chance import u_block
from model.world.journeys import Delay, Journey
from model.world.laws import Constant, Exponential
from model.world.scenario.traffic import Sessions
from model.world.traffic.sessions import length_law, session_rates


def sessions(pages, think="20 s"):
    return Sessions.model_validate({"pages": pages, "think": think})


@pytest.mark.parametrize("pages", [1, 1.5, 4, 200])
def test_lengths_have_the_mean_asked_for_and_at_least_one_page(pages):
    law = length_law(sessions(pages))
    assert law.mean == pytest.approx(pages, rel=1e-6)
    assert law.quantile(1e-9) == 1


def test_after_any_page_a_session_goes_on_with_one_probability():
    law = length_law(sessions(4))
    lengths = np.array([law.quantile(u) for u in u_block(1, 0, np.arange(40_000), 0, 0, 0, 0)])
    for page in (1, 2, 5):
        there = lengths >= page
        gone_on = (lengths > page).sum() / there.sum()
        assert abs(gone_on - 0.75) < 5 * (0.75 * 0.25 / there.sum()) ** 0.5


def test_the_longest_law_is_one_that_the_engines_take():
    network = Network().journey(Journey(name="page", steps=Delay(time=Constant(value=0.0))))
    think = Exponential(mean=1.0)
    network.sessions("page", rate_per_s=1.0, length=length_law(sessions(1000)), think=think)
    assert len(network.build().laws) > 0


def test_sessions_begin_as_often_as_pages_over_their_length():
    _, per_s = session_rates(sessions(5), np.array([0.0]), np.array([100.0]))
    assert per_s[-1] == 20.0
    since_s, alone = session_rates(sessions(1), np.array([0.0]), np.array([100.0]))
    assert (since_s.tolist(), alone.tolist()) == ([0.0], [100.0])


def test_sessions_of_before_the_run_are_as_many_as_little_has_it():
    # L = rate * time: 25 sessions a second, each of 3 thoughts of 20 s on average.
    since_s, per_s = session_rates(sessions(4), np.array([0.0]), np.array([100.0]))
    extra = per_s[:-1] - 25.0
    assert (extra * np.diff(since_s)).sum() == pytest.approx(25 * 3 * 20, rel=1e-4)


def test_a_rate_that_changes_later_changes_sessions_then():
    since_s, per_s = session_rates(sessions(4, "1 s"), np.array([0.0, 50.0]), np.array([8.0, 40.0]))
    assert per_s[since_s == 50.0].tolist() == [10.0]
    assert per_s[(since_s > 20.0) & (since_s < 50.0)].tolist() == []  # one piece until then


def test_pages_come_at_their_rate_from_the_first_second_on():
    """The engine starts empty: without what was there before, it would begin with a quarter."""
    of = sessions(4, "2 s")
    rates = session_rates(of, np.array([0.0]), np.array([200.0]))
    network = Network().journey(Journey(name="page", steps=Delay(time=Constant(value=0.0))))
    network.sessions(
        "page",
        rate_per_s=list(zip(*(column.tolist() for column in rates), strict=True)),
        length=length_law(of),
        think=Exponential(mean=of.think),
    )
    run = simulate_with(Engine.SIMPY)(network.build(), seed=3, until_s=24.0)
    counts = np.histogram(run.requests.arrived_s, np.arange(0, 25, 2))[0]
    # Pages of a session come in company: of n in 2 s the variance is at most 2 * 4 - 1 times n.
    assert (np.abs(counts - 400) < 4.5 * (400 * 7) ** 0.5).all()
    assert abs(counts[:2].sum() - 800) < 4.5 * (800 * 7) ** 0.5
    assert abs(counts.mean() - 400) < 4.5 * (400 * 7 / 12) ** 0.5
