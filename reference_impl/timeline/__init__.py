"""Newsfeeds: timelines filled on write, and what is merged or gathered on read.

Owns: the timeline stores.
Answers: GET /user/{id}/newsfeed; inward POST /internal/users/{id}/own.
Asks: follow, post.
Events in: see `fanout`, whose workers fill the timelines; out: none.
"""
