"""An edge of the CDN: one per zone, between the front door and the origins of what seldom changes.

Owns: the folder of its cache; nothing in it is missed when it is lost.
Answers: GET and HEAD /media/{name}, /static/{path}; queries are ignored, so that nobody makes
copies of one file by asking for `?1`, `?2` and so on: a new version of a file has a new path.
Asks: media, web.
Events in: media.deleted {urls}, media.cleared {}, each edge in a group of its own; out: none.

What an origin answers is read whole and checked before the first byte of it is passed on, once
for all who wait; from then on it is read from disk, for each client a part at a time.
"""
