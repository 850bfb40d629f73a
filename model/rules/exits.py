"""What the exit code of a command says; every verb keeps to it."""

from __future__ import annotations

from enum import IntEnum

from model.rules.targets import Verdict


class Exit(IntEnum):
    """Exit codes; 1 is left to Python for errors of our own."""

    MET = 0
    USAGE = 2  # wrong words on the command line, or a scenario that cannot mean anything
    MISSED = 3
    INCONCLUSIVE = 4  # the interval straddles the target, or the measurement is invalid
    EXTRAPOLATED = 5  # the question lies outside the range that was calibrated
    UNHEALTHY = 6  # the services are not there, or not ready
    INTERRUPTED = 130
    UNREAD = 141  # nobody reads stdout any more: as a shell says of what SIGPIPE ends


def exit_of(verdicts: list[Verdict]) -> Exit:
    """Return the code for many targets at once: a miss outweighs a doubt.

    >>> exit_of([Verdict.PASS, Verdict.INCONCLUSIVE]).name
    'INCONCLUSIVE'
    """
    if Verdict.MISS in verdicts:
        return Exit.MISSED
    if not verdicts or Verdict.INCONCLUSIVE in verdicts:
        return Exit.INCONCLUSIVE
    return Exit.MET
