"""Which answers an edge keeps, in the order of their last use, and how much room they take."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from model.rules.caching import is_selected
from reference_impl.cdn.entries import Entry

ENTRIES_MAX = 50_000  # of some 2 KB of memory each, however small their files are
VARIANTS_MAX = 8  # of one path: there are four that can be asked for, and the origin may change


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An entry and the file that it is in."""

    entry: Entry
    name: str
    file_bytes: int


class Shelf:
    """At most so many bytes of files; who comes in pushes out who was not asked for longest."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._places: OrderedDict[str, Place] = OrderedDict()  # by name, the least used first
        self._of_path: dict[str, list[Place]] = {}  # the latest last
        self._promised_bytes = 0  # to files that are being written
        self.bytes_used = 0

    def __len__(self) -> int:
        return len(self._places)

    def find(self, path: str, told: Mapping[str, str]) -> Place | None:
        """Return the latest answer to such a request, and count this as a use."""
        for place in reversed(self._of_path.get(path, ())):
            if is_selected(place.entry.selecting, told):
                self._places.move_to_end(place.name)
                return place
        return None

    def make_room(self, file_bytes: int) -> list[Place] | None:
        """Promise room to a file; return those that had to go for it, None if there is no room."""
        if self._promised_bytes + file_bytes > self._bytes_max:
            return None
        self._promised_bytes += file_bytes
        gone = []
        while self._places and not self._fits():
            gone.append(self.remove(next(iter(self._places.values()))))
        return gone

    def give_room_back(self, file_bytes: int) -> None:
        """Take the promise back."""
        self._promised_bytes -= file_bytes

    def put(self, place: Place) -> list[Place]:
        """Put an answer where room was promised; return those in whose place it comes."""
        self._promised_bytes -= place.file_bytes
        of_path = self._of_path.setdefault(place.entry.path, [])
        former = [its for its in of_path if its.entry.selecting == place.entry.selecting]
        others = [its for its in of_path if its not in former]
        gone = [self.remove(its) for its in (*former, *others[: 1 - VARIANTS_MAX])]
        self._of_path.setdefault(place.entry.path, []).append(place)
        self._places[place.name] = place
        self.bytes_used += place.file_bytes
        return gone

    def renew(self, place: Place, entry: Entry) -> None:
        """Say that the content of a place is that of this answer, too."""
        if self._places.get(place.name) is place:
            renewed = Place(entry=entry, name=place.name, file_bytes=place.file_bytes)
            of_path = self._of_path[entry.path]
            of_path[of_path.index(place)] = renewed
            self._places[place.name] = renewed

    def holds(self, place: Place) -> bool:
        """Say whether the file of this place is still on the shelf."""
        return place.name in self._places

    def of_path(self, path: str) -> list[Place]:
        """Return all that is kept of a path."""
        return list(self._of_path.get(path, ()))

    def below(self, prefix: str) -> list[Place]:
        """Return all that is kept of paths that begin like this."""
        return [place for place in self._places.values() if place.entry.path.startswith(prefix)]

    def remove(self, place: Place) -> Place:
        """Take an answer off the shelf, and return it."""
        its = self._places.pop(place.name)
        of_path = self._of_path[its.entry.path]
        of_path.remove(its)
        if not of_path:
            del self._of_path[its.entry.path]
        self.bytes_used -= its.file_bytes
        return its

    def _fits(self) -> bool:
        return (
            self.bytes_used + self._promised_bytes <= self._bytes_max
            and len(self._places) < ENTRIES_MAX
        )
