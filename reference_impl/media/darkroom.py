"""A process that decodes images, confined: whatever one of them does to it, it does to it alone.

`python -m reference_impl.media.darkroom CPU_S MEMORY_BYTES` answers questions (`messages.py`)
until its input ends.  An image that takes more CPU time than that ends it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from time import thread_time_ns
from typing import BinaryIO

from reference_impl.media import messages, pictures

_WORK: dict[bytes, Callable[[bytes], list[messages.Picture]]] = {
    messages.TAKE_IN: lambda content: [pictures.taken_in(content)],
    messages.DEVELOP: pictures.developed,
}

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Answer until the input ends."""
    cpu_s, memory_bytes = float(sys.argv[1]), int(sys.argv[2])
    _confine(memory_bytes)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    _say(answers, messages.READY)
    question_bytes = messages.QUESTION.size
    while len(question := sys.stdin.buffer.read(question_bytes)) == question_bytes:
        verb, size_bytes = messages.QUESTION.unpack(question)
        content = sys.stdin.buffer.read(size_bytes)
        signal.setitimer(signal.ITIMER_PROF, cpu_s)  # of CPU time; then SIGPROF ends this process
        answer = _answer(verb, content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _say(answers, answer)


def _answer(verb: bytes, content: bytes) -> bytes:
    # Of the one thread that works: the clock of the whole process is coarse under a timer.
    begun_ns = thread_time_ns()
    try:
        made = _WORK[verb](content)
    except messages.REFUSALS as error:
        return messages.refusal(error, cpu_ns=thread_time_ns() - begun_ns)
    return messages.answer(made, cpu_ns=thread_time_ns() - begun_ns)


def _say(answers: BinaryIO, what: bytes) -> None:
    answers.write(what)
    answers.flush()


def _confine(memory_bytes: int) -> None:
    """Give up what a decoder needs nothing of, and end with the process that began this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is meant for the service, which ends this
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file is written
    if sys.platform == "linux":  # macOS has neither
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
