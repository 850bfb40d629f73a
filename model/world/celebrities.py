"""Posts by one author of very many followers, as journeys of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from model.rules.influencers import Delivery, delivery_of
from model.world.design import FANOUT, WorkOf
from model.world.design.fanout import fanout
from model.world.design.guards import request_guarded
from model.world.design.media_works import works_of_media
from model.world.design.posts import post
from model.world.design.steps import Steps
from model.world.journeys import Emit, Journey
from model.world.reach import Reach
from model.world.scenario import Endpoint, Scenario
from model.world.scenario.events import CelebrityPost
from model.world.spreading import spreading_of
from model.world.wiring import Wiring

_CELEBRITY = "celebrity_"


def celebrity_name(number: int) -> str:
    """Return the journey of the celebrity post that is event number so many."""
    return f"{_CELEBRITY}{number}"


def celebrity_posts(scenario: Scenario) -> Iterator[tuple[str, CelebrityPost]]:
    """Yield the celebrity posts of a scenario, each with the name of its journey."""
    for number, event in enumerate(scenario.events):
        if isinstance(event, CelebrityPost):
            yield celebrity_name(number), event


def is_of_celebrity(journey: str) -> bool:
    """Say whether a journey is a celebrity's post, or what becomes of one."""
    return journey.startswith(_CELEBRITY)


def is_celebritys_post(journey: str) -> bool:
    """Say whether a journey is a celebrity's post itself, for whose answer somebody waits."""
    return is_of_celebrity(journey) and not journey.endswith(f"_{FANOUT}")


def celebrity_journeys(
    scenario: Scenario, reach: Reach, work_of: WorkOf, wiring: Wiring
) -> Iterator[Journey]:
    """Yield for each celebrity post of the scenario its journey, and that of its fan-out.

    It is let in, in time, and tried again as anybody's post.
    """
    for name, event in celebrity_posts(scenario):
        of_author = _reach_of_author(scenario, reach, event.followers)
        at = Steps(Endpoint.POST.value, works_of_media(work_of, reach.kinds), wiring)
        spread = Steps(FANOUT, work_of, wiring)
        emits = Emit(journey=f"{name}_{FANOUT}")
        written = at.call("gateway", *post(at, of_author))
        sent = request_guarded(wiring, (*written, emits), is_admitted=True)
        yield Journey(name=name, steps=sent)
        yield Journey(name=f"{name}_{FANOUT}", steps=fanout(spread, of_author))


def _reach_of_author(scenario: Scenario, reach: Reach, followers: int) -> Reach:
    """Return the widths of posts by somebody with so many followers."""
    policy = scenario.policy.of_feeds
    is_merged = delivery_of(policy, followers) is Delivery.MERGE
    counts = np.asarray([] if is_merged else [followers], dtype=np.int64)
    return replace(reach, merge_share=float(is_merged), spreading=spreading_of(scenario, counts))
