"""The processes that images are decoded in: few at once, and none of them able to harm us."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Defective, Unavailable, Unprocessable
from reference_impl.chassis.stages import charge, visit
from reference_impl.media import messages
from reference_impl.media.messages import Garbled, Picture, Rendition

__all__ = ["Darkrooms", "Limits", "Picture", "Rendition"]

STATION = "darkroom"
WAITING_MAX = 32  # at a fifth of a second for most photos, the last one waits some seconds

_COMMAND = (sys.executable, "-P", "-m", "reference_impl.media.darkroom")
# Of our environment, what Python may need to start; our secrets are nothing for a decoder.
_TOLD = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one darkroom may take.

    25 million pixels took 3 s and 750 MB at most (a WebP with transparency, 2026-11, one core).
    """

    cpu_s: float = 4.0  # of one image
    memory_bytes: int = 768 << 20
    images_max: int = 200  # then a new process takes its place, with fresh memory


class Darkrooms:
    """Takes images in and develops them, `count` at a time; use it as an async context manager.

    Both raise UnsupportedMedia, TooLarge or Unprocessable for what is wrong with the image, and
    Unavailable if too many wait or the caller's deadline comes first.
    """

    def __init__(
        self,
        count: int,
        station: str = STATION,
        *,
        limits: Limits = Limits(),
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._rooms = [_Room(limits) for _ in range(count)]
        self._station = station
        self._idle: asyncio.LifoQueue[_Room] = asyncio.LifoQueue()
        self._at_once = 0
        self._at_once_max = count + waiting_max

    async def __aenter__(self) -> Self:
        try:
            for room in self._rooms:
                await room.open()
                self._idle.put_nowait(room)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def taken_in(self, content: bytes) -> Picture:
        """Return the image as it is to be stored: upright, in sRGB, and without anything else."""
        return (await self._ask(messages.TAKE_IN, content))[0]

    async def developed(self, content: bytes) -> list[Rendition]:
        """Return the image's renditions, widest first, each as WebP and as JPEG."""
        return await self._ask(messages.DEVELOP, content)

    async def _close(self) -> None:
        for room in self._rooms:
            await room.close()

    async def _ask(self, verb: bytes, content: bytes) -> list[Picture]:
        if self._at_once >= self._at_once_max:
            raise Unavailable("too many images wait to be decoded")
        self._at_once += 1
        try:
            with visit(self._station), within_deadline(self._station):
                room = await self._idle.get()
                try:
                    head, pictures = await _asked(room, verb, content)
                finally:
                    self._idle.put_nowait(room)
        finally:
            self._at_once -= 1
        charge(self._station, cpu_ns=head.cpu_ns)
        if head.refusal:
            raise head.refusal
        return pictures


async def _asked(room: _Room, verb: bytes, content: bytes) -> tuple[messages.Head, list[Picture]]:
    """Ask a darkroom, and once more if it ended: that need not be the image's fault."""
    for _ in range(2):
        try:
            return await room.ask(verb, content)
        except _Ended as ended:
            if ended.exit_code == -signal.SIGPROF:
                break
    raise Unprocessable("the image cannot be decoded within limits")


class _Ended(Exception):
    """A darkroom that ended while it worked."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"a darkroom ended with {exit_code}")
        self.exit_code = exit_code


class _Room:
    """A place for one process after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: Process | None = None
        self._images = 0
        self._leaving: set[asyncio.Task[tuple[bytes, bytes]]] = set()

    async def open(self) -> Process:
        """Return the process, which is started if there is none; raise Defective if it is not."""
        if self._process is not None:
            return self._process
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            str(self._limits.cpu_s),
            str(self._limits.memory_bytes),
            stdin=PIPE,
            stdout=PIPE,
            cwd="/",
            env={name: os.environ[name] for name in _TOLD if name in os.environ},
        )
        self._process, self._images = process, 0
        assert process.stdout, "it is a pipe"
        if await process.stdout.read(1) != messages.READY:
            raise Defective("a darkroom does not start")
        return process

    async def ask(self, verb: bytes, content: bytes) -> tuple[messages.Head, list[Picture]]:
        """Return the answer; raise _Ended if the process ended before it gave one.

        Whoever is cancelled leaves no process at work on what nobody waits for.
        """
        if self._images >= self._limits.images_max:
            self._leave()
        is_answered = False
        try:
            process = await self.open()
            self._images += 1
            answer = await _answer(process, verb, content)
            is_answered = True
        except Garbled as garbled:
            raise Defective("a darkroom gave no answer") from garbled
        else:
            return answer
        finally:
            if not is_answered:
                self._leave()

    async def close(self) -> None:
        """End the process, and wait until it and all before it are gone."""
        self._leave()
        await asyncio.gather(*self._leaving)

    def _leave(self) -> None:
        """End the process, if there is one, without waiting."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        leaving = asyncio.create_task(process.communicate())  # to the end of its pipes
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _answer(
    process: Process, verb: bytes, content: bytes
) -> tuple[messages.Head, list[Picture]]:
    assert process.stdin, "it is a pipe"
    try:
        process.stdin.write(messages.question(verb, content))
        process.stdin.write(content)
        await process.stdin.drain()
        return await _read_answer(process)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise _Ended(await process.wait()) from None


async def _read_answer(process: Process) -> tuple[messages.Head, list[Picture]]:
    assert process.stdout, "it is a pipe"
    read = process.stdout.readexactly
    (head_bytes,) = messages.HEAD_SIZE.unpack(await read(messages.HEAD_SIZE.size))
    if head_bytes > messages.HEAD_BYTES_MAX:
        raise Garbled(f"the head of an answer has {head_bytes} bytes")
    head = messages.head_of(await read(head_bytes))
    pictures = [
        Picture(
            content=await read(known["bytes"]),
            content_type=known["content_type"],
            width=known["width"],
            height=known["height"],
        )
        for known in head.pictures
    ]
    return head, pictures
