"""Newsfeeds: timelines filled on write, influencers' posts merged on read.

Owns: the timeline stores.
Answers: GET /user/{id}/newsfeed.
Asks: follow, post.
Events in: post.created, by the fan-out worker; out: none.
"""
