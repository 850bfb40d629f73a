"""What is forgotten rather than left without something that belongs into it."""

from __future__ import annotations

import logging

from reference_impl.chassis.complaints import Complaint
from reference_impl.timeline.metrics import FORGOTTEN

log = logging.getLogger("feedtwin")


class Forgotten:
    """What one full server has forgotten: counted, and said once in a while."""

    def __init__(self) -> None:
        self._complaint = Complaint("a full timeline server forgets lists")

    def count(self, lists: int, why: object) -> None:
        """Count so many lists, or sets of authors, as forgotten."""
        if lists:
            FORGOTTEN.labels("full").inc(lists)
            self._complaint.make(log, why)
