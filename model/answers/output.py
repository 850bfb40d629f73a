"""What becomes of a command whose output is not taken: a full disk, or a reader who has left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO, cast

from model.answers.terminal import say
from model.rules.exits import Exit


class Unwritten(Exception):
    """Stdout does not take what is printed; its cause says why."""


class _Output:
    """A stream whose failures are told from those of other files: all of them are Unwritten."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _failures_told():
            return self._stream.write(text)

    def flush(self) -> None:
        with _failures_told():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def unwritten_output_leaves() -> Iterator[None]:
    """Leave the block with code 2, and say why, if stdout does not take what is printed there.

    Where nobody reads it any more, as after `| head -1`, leave quietly.
    """
    if sys.__stdout__ is None:  # it was closed before, and takes everything
        yield
        return
    stdout = sys.stdout
    try:
        with redirect_stdout(cast(TextIO, _Output(stdout))):
            try:
                yield
            finally:
                sys.stdout.flush()
    except Unwritten as unwritten:
        _give_up(stdout)
        if isinstance(unwritten.__cause__, BrokenPipeError):
            sys.exit(Exit.UNREAD)
        say(f"stdout: cannot be written: {unwritten}")
        sys.exit(Exit.USAGE)


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritten(error.strerror) from error


def _give_up(stdout: TextIO) -> None:
    """Let what is still to be written go nowhere: Python writes it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
