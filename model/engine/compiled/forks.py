"""Steps that begin several child walks at once, and go on when enough of them have succeeded."""

from __future__ import annotations

from model.engine.codes import NONE, Kind, Outcome
from model.engine.compiled.chance import value_of
from model.engine.compiled.choosing import follower_of, member_for, simple_member_for
from model.engine.compiled.heap import SERVICE_END, push
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import step_at, walk_at
from model.engine.compiled.plain import plain_end_s
from model.engine.compiled.walks import FAIL, GO_ON, LEGS, PROCEED, add_task, child_of
from model.engine.compiled.works import work_of
from model.engine.stations import index_of, lanes_of, leg_of

_EACH = int(Kind.FOR_EACH)
_DONE = int(Outcome.DONE)


@compiled
def fork(s: Record, walk_number: int, step: Record) -> None:
    """Begin the legs of the fork that a walk is at."""
    walk = walk_at(s, walk_number)
    walk.legs = int(value_of(s, walk, step)) if step.kind == _EACH else _branches(s, walk)
    if step.collapses != 0:
        _all_at_once(s, walk_number)
        return
    walk.need = walk.legs if step.need == NONE or step.need > walk.legs else step.need
    walk.begun, walk.running, walk.succeeded, walk.failed = 0, 0, 0, 0
    walk.outcome, walk.beginning = _DONE, 1
    add_task(s, LEGS, walk_number, walk.at + 1)


@compiled
def _branches(s: Record, walk: Record) -> int:
    """Return how many branches of the fork that a walk is at may begin."""
    end, branch, count = step_at(s, walk.at).end, walk.at + 1, 0
    while branch < end:
        if _may_begin(s, walk, branch):
            count += 1
        branch = step_at(s, branch).end
    return count


@compiled
def _may_begin(s: Record, walk: Record, branch: int) -> bool:
    return step_at(s, walk.at).station == NONE or _follower(s, walk, branch) != NONE


@compiled
def _follower(s: Record, walk: Record, branch: int) -> int:
    """Return the member that a branch of a write to copies goes to, or NONE.

    Each branch has two rows, its own and the visit's; the walk has just been at the primary.
    """
    ahead = (branch - walk.at + 1) >> 1
    return follower_of(s, step_at(s, walk.at).station, walk.member + 0, ahead)


@compiled
def begin_legs(s: Record, walk_number: int, branch: int) -> None:
    """Begin the next leg, if one may begin, and come back for the one after it.

    `branch` is where the next branch of `AllOf` stands.
    """
    walk = walk_at(s, walk_number)
    step = step_at(s, walk.at)
    together = step.at_once == 0 or walk.begun < step.at_once  # whatever becomes of the others
    in_turn = step.in_lanes == 0 and walk.running < step.at_once and not _is_decided(walk)
    if walk.begun == walk.legs or not (together or in_turn):
        walk.beginning = 0
        _decide(s, walk_number)
        return
    if step.kind == _EACH:
        child_number = _leg(s, walk_number, walk.begun + 0)
        if child_number == NONE:
            return
        following = branch
    else:
        while not _may_begin(s, walk, branch):
            branch = step_at(s, branch).end + 0
        following = step_at(s, branch).end + 0
        child_number = child_of(s, walk_number, branch + 1, following)
        if child_number == NONE:
            return
        if step.station != NONE:
            walk_at(s, child_number).member = _follower(s, walk, branch)
    walk.begun += 1
    walk.running += 1
    add_task(s, LEGS, walk_number, following)
    add_task(s, PROCEED, child_number, 0)


@inlined
def _is_decided(walk: Record) -> bool:
    """Return whether so many legs have succeeded or failed that the others do not matter."""
    failed = walk.failed > walk.legs - walk.need
    return failed or (walk.need > 0 and walk.succeeded >= walk.need)


@compiled
def _leg(s: Record, walk_number: int, index: int) -> int:
    """Return the walk of a leg of the `ForEach` that a walk is at."""
    walk = walk_at(s, walk_number)
    step = step_at(s, walk.at)
    number = child_of(s, walk_number, walk.at + 1, step.end)
    if number == NONE:
        return NONE
    leg = walk_at(s, number)
    leg.leg = leg_of(walk.leg, index)
    lanes = lanes_of(walk.legs, step.at_once) if step.in_lanes != 0 else walk.legs + 0
    leg.lane, leg.lanes = walk.lane * lanes + index % lanes, walk.lanes * lanes
    return number


@compiled
def _decide(s: Record, walk_number: int) -> None:
    """Go on or fail, if enough legs have succeeded, or too many failed."""
    walk = walk_at(s, walk_number)
    if walk.succeeded >= walk.need:
        add_task(s, GO_ON, walk_number, 0)
    elif walk.failed > walk.legs - walk.need:
        add_task(s, FAIL, walk_number, walk.outcome)


@compiled
def leg_ended(s: Record, walk_number: int, leg: int, outcome: int) -> None:
    """Count a leg that has ended, and go on, fail, or begin the next one."""
    walk = walk_at(s, walk_number)
    walk.running -= 1
    if outcome == _DONE:
        walk.succeeded += 1
    else:
        walk.failed += 1
        walk.outcome = outcome
    step = step_at(s, walk.at)
    if step.in_lanes != 0 and not _is_decided(walk):
        following = index_of(leg) + lanes_of(walk.legs, step.at_once)
        if following < walk.legs:
            _begin_in_lane(s, walk_number, following)
            return
    if walk.beginning != 0:
        return
    if walk.begun < walk.legs:  # only of `ForEach`: branches all begin together
        walk.beginning = 1
        add_task(s, LEGS, walk_number, walk.at + 1)
        return
    _decide(s, walk_number)


@compiled
def _begin_in_lane(s: Record, walk_number: int, index: int) -> None:
    """Begin a leg that another of its lane has ended before."""
    child_number = _leg(s, walk_number, index)
    if child_number != NONE:
        walk_at(s, walk_number).running += 1
        add_task(s, PROCEED, child_number, 0)


@compiled
def _all_at_once(s: Record, walk_number: int) -> None:
    """Send all legs, each one visit to a plain station, and wait for the last to end.

    Plain stations know when a visit ends, so the fork needs one event: that of the leg which
    ends last, in the order that events at one instant have.
    """
    walk = walk_at(s, walk_number)
    fork_at, outer, last_s = walk.at + 0, walk.leg + 0, -1.0
    lane, lanes, avoids = walk.lane + 0, walk.lanes + 0, walk.avoids + 0
    walk.avoids = NONE  # a hedge avoids a copy itself; its legs are walks of their own
    last_member, last_step, last_leg = 0, 0, 0
    each = step_at(s, fork_at).kind == _EACH
    visit_at = fork_at + 1
    for index in range(walk.legs):
        if each:
            walk.leg = leg_of(outer, index)
            walk.lane, walk.lanes = lane * walk.legs + index, lanes * walk.legs
        else:
            visit_at += 1  # from the branch to what is inside
        step = step_at(s, visit_at)
        walk.at = visit_at
        if step.simple != 0:
            walk.work_s = value_of(s, walk, step)
            member = simple_member_for(s, walk, step)
        else:
            walk.work_s = work_of(s, walk, step)
            member = member_for(s, walk, step)
        end_s = plain_end_s(s, walk, member)
        later = end_s > last_s or (
            end_s == last_s and (member, visit_at, walk.leg) > (last_member, last_step, last_leg)
        )
        if later:
            last_s, last_member, last_step, last_leg = end_s, member, visit_at, walk.leg + 0
        if not each:
            visit_at += 1
    walk.at, walk.leg, walk.lane, walk.lanes, walk.avoids = fork_at, outer, lane, lanes, avoids
    if walk.legs == 0:
        add_task(s, GO_ON, walk_number, 0)
        return
    walk.next = NONE
    walk.member, walk.joined_step, walk.joined_leg = last_member, last_step, last_leg
    push(s, last_s, walk_number, SERVICE_END)
