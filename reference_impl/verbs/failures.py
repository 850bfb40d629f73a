"""How a verb ends that did not do what it was asked to."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from model.answers.terminal import say
from model.rules.exits import Exit


@contextmanager
def failures_as_exit_codes() -> Iterator[None]:
    """Say what went wrong and leave with the code for it."""
    from model.rules.policy import PolicyError
    from model.world.scenario import ScenarioError
    from reference_impl.chassis.settings import SettingsError
    from reference_impl.cluster.errors import ClusterError, Refused

    # So that a polite kill cleans up as Ctrl-C does.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (ScenarioError, SettingsError, PolicyError, Refused) as error:
        say(str(error))
        raise typer.Exit(Exit.USAGE) from None
    except ClusterError as error:
        say(str(error))
        raise typer.Exit(Exit.UNHEALTHY) from None
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
