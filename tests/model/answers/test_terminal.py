"""How verbs end that failed."""

import signal

import pytest
import typer

from model.answers.terminal import failures_leave_with
from model.rules.exits import Exit


class Wrong(Exception):
    """What a caller got wrong."""


class VeryWrong(Wrong):
    """Wrong in a way that has a code of its own."""


class AlsoWrong(Wrong):
    """Wrong in a way that has none."""


CODES: dict[type[Exception], Exit] = {Wrong: Exit.USAGE, VeryWrong: Exit.UNHEALTHY}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Wrong("so"), Exit.USAGE),
        (VeryWrong("so"), Exit.UNHEALTHY),
        (AlsoWrong("so"), Exit.USAGE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
    ],
)
def test_each_failure_has_its_code_and_says_why(capsys, error, code):
    with pytest.raises(typer.Exit) as left, failures_leave_with(CODES, interrupted="so"):
        raise error
    assert left.value.exit_code == code
    assert capsys.readouterr() == ("", "so\n")


def test_an_error_of_ours_passes():
    with pytest.raises(ZeroDivisionError), failures_leave_with(CODES):
        raise ZeroDivisionError


def test_a_polite_kill_is_an_interrupt_inside_and_what_it_was_before_outside():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(typer.Exit) as left, failures_leave_with(CODES):
        signal.raise_signal(signal.SIGTERM)
    assert left.value.exit_code == Exit.INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) is before
