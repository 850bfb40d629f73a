"""Users: who they are, and that they are who they say.

Owns: profiles public and private, passwords; `users`, `usernames`, `emails`, `departures`
(schema.sql).
Answers: POST /register, /login, /logout; GET /user/{id}/profile; GET and PATCH
/user/{id}/account; POST /user/{id}/password, /user/{id}/delete; inside, GET /internal/users
and /internal/users/{id}.
Asks: media, for the profile image; follow, for followers and blocks; post, to hide the posts of
whoever leaves; the session store, for tokens.
Events out: user.registered and user.updated {public profile, created_ms, version};
user.deleted {user_id}.
Events in: its own user.deleted, to finish what a request that died left over.
"""
