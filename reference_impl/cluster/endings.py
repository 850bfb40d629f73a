"""What the logs say about the end of a process."""

from __future__ import annotations

from pathlib import Path

from reference_impl.cluster.home import Home

LOG_TAIL_LINES = 15


def obituary(home: Home, name: str, what: str) -> str:
    """Say what became of a process, and what it said last."""
    log = home.log_of(name)
    return "\n  ".join((f"{name} {what}", f"the end of {log}:", *last_lines(log, LOG_TAIL_LINES)))


def last_lines(log: Path, count: int) -> list[str]:
    """Return the last lines of a log; none if there is no log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-count:]
