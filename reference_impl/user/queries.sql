-- {directory} is usernames or emails, {name} its first column.

-- name: reserve
-- Take a name that is free.  Answers whose it is now and for how many seconds, or nothing if
-- someone took it while this statement waited.
WITH reserved AS (
    INSERT INTO {directory} ({name}, user_id) VALUES (%(name)s, %(user_id)s)
    ON CONFLICT DO NOTHING
    RETURNING user_id
)
SELECT user_id, 0.0::double precision FROM reserved
UNION ALL
SELECT user_id, extract(epoch FROM clock_timestamp() - reserved_at)::double precision
FROM {directory} WHERE {name} = %(name)s

-- name: take_over
-- Give a name from a registration that was broken off to another, unless a third was faster.
UPDATE {directory} SET user_id = %(new)s, reserved_at = clock_timestamp()
WHERE {name} = %(name)s AND user_id = %(old)s

-- name: release
-- Free a name that this registration took and will not use.
DELETE FROM {directory} WHERE {name} = %(name)s AND user_id = %(user_id)s

-- name: user_id_of
-- Whose name it is.
SELECT user_id FROM {directory} WHERE {name} = %(name)s

-- name: add_user
-- Store a user, unless it has become so late that the names may have been taken over.
INSERT INTO users (user_id, document, password_hash)
SELECT %(user_id)s, %(document)s, %(password_hash)s
WHERE clock_timestamp() < to_timestamp(%(before_s)s)

-- name: password_hash_of
-- What the user's password is verified against.
SELECT password_hash FROM users WHERE user_id = %(user_id)s

-- name: document_of
-- The whole document, private fields included.
SELECT document FROM users WHERE user_id = %(user_id)s
