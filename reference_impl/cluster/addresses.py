"""The address book: where the instances of every service are by now, for those who call them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

from reference_impl.chassis.addresses import LOOK_S
from reference_impl.cluster.home import write_whole
from reference_impl.cluster.members import CALLED, Member

RE_READ_S = 2 * LOOK_S  # every caller has looked by then; as long again for the busy


def publish(book: Path, members: Iterable[Member]) -> None:
    """Write the book of these members, in place of the one before at once."""
    listed = tuple(members)
    entries = {
        station: [
            {"url": member.called_address, "zone": member.zone}
            for member in listed
            if member.station == station
        ]
        for station in CALLED
    }
    write_whole(book, json.dumps(entries, indent=1))


def wait_until_read_again() -> None:
    """Return when nobody asks anything any more of an instance that was left out just now."""
    time.sleep(RE_READ_S)
