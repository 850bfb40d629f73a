"""How much the services' rows, timelines and events take, weighed on the real engines.

PostgreSQL 18 and Valkey 9 with the services' own tables and functions, all indexes and allocator
overhead included; tests/model/answers/sizing/test_measured.py weighs them again.
"""

from __future__ import annotations

SOURCE = "measured in this project (tests/model/answers/sizing/test_measured.py)"

POST_ROW_BYTES = 223.0  # and whose it is
IMAGE_ROW_BYTES = 1_545.0  # more if it is an image: addresses of six renditions, captions
USER_ROW_BYTES = 960.0  # document, password, username, email and follower count
FOLLOW_ROW_BYTES = 111.0  # on the follower's server
FOLLOWER_ROW_BYTES = 181.0  # on the target's server, with the index that pages are read from
TIMELINE_ENTRY_BYTES = 75.0  # one post in the sorted set of a full timeline
TIMELINE_BYTES = 176.0  # what a timeline knows of itself
EVENT_BYTES = 300.0  # one entry of a stream
