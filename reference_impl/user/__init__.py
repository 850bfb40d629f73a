"""Users: who they are, and that they are who they say.

Owns: profiles public and private, passwords; `users`, `usernames`, `emails` (schema.sql).
Answers: POST /register, POST /login; inside, GET /internal/users/{id}.
Asks: media, for the profile image; the session store, for tokens.
Events out: user.registered {user_id, username, first_name, last_name, created_ms}.
"""
