"""Indexes on disk: a folder of tantivy's for each, in the folder of the shard."""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import tantivy

from model.rules.search import Match, has_typos, parts_of, place_of, rank_of
from reference_impl.search.entries import Entry
from reference_impl.search.index import Hit, Index, State
from reference_impl.search.queries import (
    AT_S,
    KEY,
    KIND,
    RANK,
    SAID,
    U64_MAX,
    WORDS,
    between,
    from_rank,
    having,
    matching,
)  # fmt: skip
from reference_impl.search.soundness import is_sound

HEAP_BYTES = 20 << 20  # of documents not committed yet; tantivy wants 15 MB at least
TIE_BITS = 5  # that a rank has more than the 64 which tantivy sorts by
TIES_MAX = 1 << TIE_BITS  # users whose ranks are the same in 64 bits

_STATE = "state"  # key and kind of the document that holds the state
_FOUND, _GONE = "found", "gone"  # kinds of entries: with a profile, and without
_MADE_FOR = "made-for.json"
_HIDDEN = "."  # begins the names of folders that are half made, or half removed
_FORMAT = 1  # of what is below; indexes of another format are made anew

log = logging.getLogger("feedtwin")


class DiskIndex:
    """An Index of tantivy.  Entries are stored whole, so nothing else must be kept in step."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._schema = index.schema
        self._writer = index.writer(HEAP_BYTES, num_threads=1)
        index.config_reader("manual")
        self._reload()
        self.state = self._stored_state()

    def entry_of(self, user_id: int) -> Entry | None:
        """See Index."""
        said = self._said(self._searcher, str(user_id))
        return None if said is None else Entry.from_json(said)

    def commit(self, entries: Iterable[Entry], state: State) -> None:
        """See Index."""
        for entry in entries:
            self._replace(str(entry.user_id), _document_of(entry))
        document = _document(_STATE, _STATE, state.to_json())
        self._replace(_STATE, document)
        self._writer.commit()
        self._reload()
        self.state = state

    def search(self, query: Sequence[str], *, after: int, limit: int) -> list[Hit]:
        """See Index."""
        searcher, hits = self._searcher, list[Hit]()
        first_match, rank = parts_of(after)
        for match in Match:
            if match is Match.TYPO and not has_typos(query):
                break
            if match >= first_match and len(hits) < limit:
                asked = matching(self._schema, query, match)
                if match == first_match:
                    asked = from_rank(self._schema, asked, rank >> TIE_BITS)
                found = self._hits(searcher, asked, match, limit - len(hits) + 2 * TIES_MAX)
                later = (hit for hit in found if hit.place > after)
                hits += islice(later, limit - len(hits))
        return hits

    def _hits(
        self, searcher: tantivy.Searcher, query: tantivy.Query, match: Match, count: int
    ) -> Iterator[Hit]:
        """Yield in order whom a query finds; of `count`, the last TIES_MAX may be out of it.

        So many may share the last rank of 64 bits, and not all of them be among the found.
        """
        found = searcher.search(
            query, limit=count, count=False, order_by_field=RANK, order=tantivy.Order.Asc
        )
        for _, ties in groupby(found.hits, key=lambda hit: hit[0]):
            entries = [_entry_at(searcher, address) for _, address in ties]
            ranked = ((rank_of(entry.followers, entry.user_id), entry) for entry in entries)
            for rank, entry in sorted(ranked, key=lambda pair: pair[0]):
                yield Hit(place=place_of(match, rank), user=entry.user)

    def changed_since(self, at_s: float) -> Iterator[Entry]:
        """See Index."""
        searcher = self._searcher
        query = between(self._schema, AT_S, max(0, int(at_s)), U64_MAX)
        counted: Any = searcher.search(query, limit=1)
        found = searcher.search(query, limit=max(1, counted.count), count=False)
        for _, address in found.hits:
            entry = _entry_at(searcher, address)
            if entry.at_s >= at_s:
                yield entry

    def forget_gone(self, before_s: float) -> None:
        """See Index."""
        gone = having(self._schema, KIND, _GONE)
        before = between(self._schema, AT_S, 0, max(0, int(before_s) - 1))
        both = [(tantivy.Occur.Must, gone), (tantivy.Occur.Must, before)]
        self._writer.delete_documents_by_query(tantivy.Query.boolean_query(both))

    def drop(self, user_ids: Iterable[int]) -> None:
        """See Index."""
        for user_id in user_ids:
            self._writer.delete_documents_by_term(KEY, str(user_id))

    def users(self) -> int:
        """See Index."""
        found: Any = self._searcher.search(having(self._schema, KIND, _FOUND), limit=1)
        return int(found.count)

    def close(self) -> None:
        """End what still writes in the folder, and let others write there."""
        self._writer.wait_merging_threads()

    def _replace(self, key: str, document: tantivy.Document) -> None:
        self._writer.delete_documents_by_term(KEY, key)
        self._writer.add_document(document)

    def _reload(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def _stored_state(self) -> State:
        said = self._said(self._searcher, _STATE)
        return State() if said is None else State.from_json(said)

    def _said(self, searcher: tantivy.Searcher, key: str) -> dict[str, Any] | None:
        found = searcher.search(having(self._schema, KEY, key), limit=1, count=False)
        return _said_at(searcher, found.hits[0][1]) if found.hits else None


class DiskShelf:
    """A Shelf in a folder, for one shard of so many: an index of another split is of no use."""

    def __init__(self, folder: Path, *, shard: int, shards: int) -> None:
        self._folder = folder
        self._made_for = {"format": _FORMAT, "shard": shard, "shards": shards}
        self._indexes: dict[str, DiskIndex] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def opened(self) -> dict[str, Index | None]:
        """See Shelf."""
        found: dict[str, Index | None] = {}
        for folder in sorted(self._folder.iterdir()):
            if folder.name.startswith(_HIDDEN):
                _remove(folder)  # of a process that died as it made it, or as it removed it
                continue
            index = found[folder.name] = self._open(folder)
            if index is None:
                log.error("%s: not an index of this shard, or damaged: to be removed", folder)
            else:
                self._indexes[folder.name] = index
        return found

    def create(self, state: State) -> tuple[str, Index]:
        """See Shelf."""
        name = secrets.token_hex(8)
        folder, begun = self._folder / name, self._folder / f"{_HIDDEN}{name}"
        begun.mkdir()
        index = DiskIndex(tantivy.Index(_schema(), path=str(begun)))
        index.commit([], state)
        index.close()
        (begun / _MADE_FOR).write_text(json.dumps(self._made_for))
        begun.rename(folder)
        self._indexes[name] = DiskIndex(tantivy.Index.open(str(folder)))
        return name, self._indexes[name]

    def remove(self, name: str) -> None:
        """See Shelf."""
        if (index := self._indexes.pop(name, None)) is not None:
            index.close()
        hidden = (self._folder / name).rename(self._folder / f"{_HIDDEN}{name}")
        _remove(hidden)

    def close(self) -> None:
        """See Shelf."""
        while self._indexes:
            self._indexes.popitem()[1].close()

    def _open(self, folder: Path) -> DiskIndex | None:
        try:
            made_for = json.loads((folder / _MADE_FOR).read_bytes())
        except (OSError, ValueError):
            return None
        if made_for != self._made_for or not is_sound(folder):
            return None
        return DiskIndex(tantivy.Index.open(str(folder)))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in (KEY, KIND, WORDS):  # whose terms are whole: the rules have parted the words
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in (RANK, AT_S):
        builder.add_unsigned_field(field, indexed=True, fast=True)
    builder.add_bytes_field(SAID, stored=True)
    return builder.build()


def _document_of(entry: Entry) -> tantivy.Document:
    kind = _GONE if entry.profile is None else _FOUND
    document = _document(str(entry.user_id), kind, entry.to_json())
    for word in entry.words:
        document.add_text(WORDS, word)
    document.add_unsigned(RANK, rank_of(entry.followers, entry.user_id) >> TIE_BITS)
    document.add_unsigned(AT_S, max(0, int(entry.at_s)))
    return document


def _document(key: str, kind: str, said: dict[str, Any]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text(KEY, key)
    document.add_text(KIND, kind)
    document.add_bytes(SAID, json.dumps(said).encode())
    return document


def _entry_at(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Entry:
    return Entry.from_json(_said_at(searcher, address))


def _said_at(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    stored: Any = searcher.doc(address).get_first(SAID)
    said: dict[str, Any] = json.loads(stored)
    return said
