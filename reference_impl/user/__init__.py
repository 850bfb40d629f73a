"""Users: who they are, and that they are who they say.

Owns: profiles public and private, passwords; `users`, `usernames`, `emails`, `departures`,
`announcements` (schema.sql).
Answers: POST /register, /login, /logout; GET /user/{id}/profile; GET and PATCH
/user/{id}/account; POST /user/{id}/password, /user/{id}/delete; GET /users; inside, GET
/internal/users and /internal/users/{id}, POST /internal/announcements.
Asks: media, for the profile image; follow, for follows, their counts and blocks; post, to hide
the posts of whoever leaves; the session store, for tokens.
Events out: user.registered and user.updated {public profile, created_ms, version}, the latter
with dropped_image, the former one, if the image has changed; user.deleted {user_id,
profile_image}.  For a rebuild of the search index, of everybody, user.announced {as user.updated,
rebuild, followers, followers_version}; where a server ends, users.announced {rebuild, source,
sources}.
Events in: its own user.deleted, to finish what a request that died left over; media.developed.
"""
