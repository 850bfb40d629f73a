"""Finding people by what they say of themselves: one index shard per process, fed by events.

Owns: the index in the folder FEEDTWIN_SEARCH_INDEX.
Answers: GET /search; inward GET /internal/search, /internal/index.
Asks: the other shards; follow, for whom the reader must not see.
Events in: user.registered, user.updated, user.deleted, user.followers; user.announced and
users.announced {rebuild, source, sources}, of which a new index is made.
"""
