"""Our engines beside their peers; writes `reports/bench.md`, and holds it to what was asked."""

from collections.abc import Callable

import pytest
from models import FanoutSamples, TandemSamples
from our_engine import (
    logical_events,
    many_shards,
    page_read,
    run_fanout,
    run_tandem,
    tandem,
)
from report import OURS, Claim, Contest, write
from timing import Ratio, alternated, ratios

from model.engine import compiled_engine, simpy_engine

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1_800)]

FAST, MIDDLING, SLOW = 500_000, 100_000, 20_000  # requests, by how fast a peer is
SIMPY, OUR_SIMPY, CIW, CIMBA, C = (
    "naive SimPy",
    "our SimPy engine",
    "Ciw",
    "cimba",
    "C, by hand",
)
Run = Callable[[int], object]


def contest(title: str, about: str, runs: dict[str, tuple[int, Run]]) -> Contest:
    """Run everybody, and return their seconds per request."""
    for _, run in runs.values():
        run(0)  # compiles, imports
    times = alternated({name: run for name, (_, run) in runs.items()})
    request_s = {name: [s / runs[name][0] for s in seconds] for name, seconds in times.items()}
    return Contest(title=title, about=about, request_s=request_s)


def tandem_contest() -> Contest:
    import cimba_peer
    import ciw_peer
    import hand_written
    import naive_simpy

    fast, middling, slow = (TandemSamples.draw(count, 1) for count in (FAST, MIDDLING, SLOW))
    ours, ours_slow = tandem(fast), tandem(slow)
    about = (
        "Poisson 1,200/s through a gateway of 4 servers (2 ms), a service of 8 (5 ms), and one of"
        " 16 shards (10 ms); lognormal works.  Ours, SimPy and C take the same numbers, drawn"
        " beforehand; Ciw and cimba draw their own.  Four logical events per request."
    )
    return contest(
        "Tandem",
        about,
        {
            OURS: (FAST, lambda _: run_tandem(compiled_engine.simulate, ours)),
            OUR_SIMPY: (SLOW, lambda _: run_tandem(simpy_engine.simulate, ours_slow)),
            SIMPY: (SLOW, lambda seed: naive_simpy.run_tandem(slow, seed)),
            C: (FAST, lambda seed: hand_written.run_tandem(fast, seed)),
            CIW: (SLOW, lambda seed: ciw_peer.run_tandem(slow, seed)),
            CIMBA: (MIDDLING, lambda seed: cimba_peer.run_tandem(middling, seed)),
        },
    )


def fanout_contest() -> Contest:
    import cimba_peer
    import hand_written
    import naive_simpy

    fast, middling, slow = (FanoutSamples.draw(count, 1) for count in (FAST, MIDDLING, SLOW))
    about = (
        "Nine in ten requests read: gateway, service, and a fork over three of 16 shards.  One in"
        " ten posts: gateway, service, SQL, and after the answer about 20 writes to shards.  Ours"
        " draw all chance themselves; SimPy and C are given theirs.  Ciw cannot express it."
    )
    return contest(
        "Fork-join and fan-out",
        about,
        {
            OURS: (FAST, lambda seed: run_fanout(compiled_engine.simulate, FAST, seed)),
            OUR_SIMPY: (SLOW, lambda seed: run_fanout(simpy_engine.simulate, SLOW, seed)),
            SIMPY: (SLOW, lambda seed: naive_simpy.run_fanout(slow, seed)),
            C: (FAST, lambda seed: hand_written.run_fanout(fast, seed)),
            CIMBA: (MIDDLING, lambda seed: cimba_peer.run_fanout(middling, seed)),
        },
    )


def compiled(program, until_s: float) -> Run:
    return lambda seed: compiled_engine.simulate(
        program, seed=seed, until_s=until_s, keep_visits=False
    )


def growth(more: Run, less: Run) -> Ratio:
    """Return how many times as long one run takes as another."""
    for run in (more, less):
        run(0)
    return ratios(alternated({"more": more, "less": less}), of="more", to="less")


def page_rate() -> Ratio:
    """Return millions of logical events of page reads per second."""
    until_s = 100.0
    events = logical_events(page_read(), compiled_engine.simulate, until_s=until_s)
    times = alternated({"page": compiled(page_read(), until_s)})["page"]
    rates = sorted(events / seconds / 1e6 for seconds in times)
    return Ratio(median=rates[len(rates) // 2], least=rates[0], most=rates[-1])


def claims_of(tandems: Contest, fanouts: Contest) -> list[Claim]:
    claims = []
    for model in (tandems, fanouts):
        name = model.title.lower()
        claims += [
            Claim(text=f"{name}: faster than naive SimPy", ratio=model.faster(SIMPY), at_least=60),
            Claim(text=f"{name}: faster than cimba", ratio=model.faster(CIMBA), at_least=3),
            Claim(text=f"{name}: as long as C", ratio=model.faster(OURS, one=C), at_most=2),
            Claim(
                text=f"{name}: our SimPy engine beside naive SimPy",
                ratio=model.faster(SIMPY, one=OUR_SIMPY),
                at_least=1,
            ),
        ]
    sixteen, more = many_shards(16), many_shards(160)
    return [
        *claims,
        Claim(text="tandem: faster than Ciw", ratio=tandems.faster(CIW), at_least=250),
        Claim(
            text="page reads: million logical events/s, chance included",
            ratio=page_rate(),
            at_least=8,
        ),
        Claim(
            text="ten times the requests take as long",
            ratio=growth(compiled(sixteen, 600.0), compiled(sixteen, 60.0)),
            at_most=11,
        ),
        Claim(
            text="ten times the shards at one rate take as long",
            ratio=growth(compiled(more, 300.0), compiled(sixteen, 300.0)),
            at_most=1.5,
        ),
    ]


def test_the_engines_are_as_fast_as_was_asked():
    tandems, fanouts = tandem_contest(), fanout_contest()
    claims = claims_of(tandems, fanouts)
    write([tandems, fanouts], claims)
    for claim in claims:
        assert claim.holds, claim.row()
