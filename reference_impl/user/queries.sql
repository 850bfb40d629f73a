-- {directory} is usernames or emails, {name} its first column.  A reservation is told from
-- earlier and later ones of the same name by the microsecond in which it was made: its claim.

-- name: reserve
-- Take a name that is free.  Answers who has it now, for how many seconds, by which claim, and
-- whether it was free; or nothing if someone took it while this statement waited.
WITH reserved AS (
    INSERT INTO {directory} ({name}, user_id) VALUES (%(name)s, %(user_id)s)
    ON CONFLICT DO NOTHING
    RETURNING user_id, reserved_at
)
SELECT user_id, 0.0::double precision, (extract(epoch FROM reserved_at) * 1000000)::bigint, true
FROM reserved
UNION ALL
SELECT user_id, extract(epoch FROM clock_timestamp() - reserved_at)::double precision,
    (extract(epoch FROM reserved_at) * 1000000)::bigint, false
FROM {directory} WHERE {name} = %(name)s

-- name: take_over
-- Give a name that a broken change left behind to another user, unless a third was faster.
UPDATE {directory} SET user_id = %(new)s, reserved_at = clock_timestamp()
WHERE {name} = %(name)s AND user_id = %(old)s
    AND (extract(epoch FROM reserved_at) * 1000000)::bigint = %(claim)s
RETURNING (extract(epoch FROM reserved_at) * 1000000)::bigint

-- name: release
-- Free a name that was taken by this claim.
DELETE FROM {directory} WHERE {name} = %(name)s AND user_id = %(user_id)s
    AND (extract(epoch FROM reserved_at) * 1000000)::bigint = %(claim)s

-- name: release_any
-- Free a name of a user who is gone, by whichever claim they had it.
DELETE FROM {directory} WHERE {name} = %(name)s AND user_id = %(user_id)s

-- name: holder_of
-- Whose name it is, and by which claim.
SELECT user_id, (extract(epoch FROM reserved_at) * 1000000)::bigint
FROM {directory} WHERE {name} = %(name)s

-- name: add_user
-- Store a user, unless it has become so late that the names may have been taken over.
INSERT INTO users (user_id, document, password_hash)
SELECT %(user_id)s, %(document)s, %(password_hash)s
WHERE clock_timestamp() < to_timestamp(%(before_s)s)

-- name: record_of
-- All that is stored of a user.
SELECT document, password_hash, version FROM users WHERE user_id = %(user_id)s

-- name: document_of
-- The whole document, private fields included.
SELECT document FROM users WHERE user_id = %(user_id)s

-- name: documents_of
-- The documents of those users of one server who exist.
SELECT user_id, document FROM users WHERE user_id = ANY(%(user_ids)s)

-- name: change_document
-- Store a document in place of the one it was made from, unless it has become so late that its
-- names may have been taken over.
UPDATE users SET document = %(document)s, version = version + 1
WHERE user_id = %(user_id)s AND version = %(version)s
    AND clock_timestamp() < to_timestamp(%(before_s)s)

-- name: develop
-- Say what became of the user's image, if they still have that one.  It counts as a change, so that
-- none that was made from what was there before takes it back.
UPDATE users SET document = document || %(said)s, version = version + 1
WHERE user_id = %(user_id)s AND document ->> 'profile_image' = %(url)s

-- name: change_password
-- Store another password's hash, if nothing has changed since the old one was verified.
UPDATE users SET password_hash = %(password_hash)s, version = version + 1
WHERE user_id = %(user_id)s AND version = %(version)s

-- name: rehash
-- Store another hash of the same password; nothing that anybody knows has changed.
UPDATE users SET password_hash = %(new)s
WHERE user_id = %(user_id)s AND password_hash = %(old)s

-- name: remove_user
-- Remove a user, if nothing has changed since; what remains to be done is left as a departure.
WITH removed AS (
    DELETE FROM users WHERE user_id = %(user_id)s AND version = %(version)s
    RETURNING user_id, version
)
INSERT INTO departures (user_id, version, username, email)
SELECT user_id, version + 1, %(username)s, %(email)s FROM removed

-- name: departure_of
-- What remains to be done of somebody who is gone.
SELECT version, username, email FROM departures WHERE user_id = %(user_id)s

-- name: forget_departure
-- Nothing remains to be done.
DELETE FROM departures WHERE user_id = %(user_id)s

-- name: newest_rebuild
-- The newest rebuild of the search index that this server knows.
SELECT coalesce(max(rebuild), '') FROM announcements

-- name: begin_announcements
-- All users of this server are to be announced for a rebuild; those before it are of no use.
WITH ended AS (DELETE FROM announcements WHERE rebuild < %(rebuild)s)
INSERT INTO announcements (rebuild) VALUES (%(rebuild)s) ON CONFLICT DO NOTHING

-- name: announcements_due
-- Where the newest rebuild stands, unless it is done; how many events wait to leave, counted up
-- to a bound, and whether none of these is an announcement.
SELECT rebuild, after_id,
    (SELECT count(*) FROM (SELECT FROM outbox LIMIT %(outbox_max)s) AS waiting),
    NOT EXISTS (
        SELECT FROM (SELECT stream FROM outbox LIMIT %(outbox_max)s) AS waiting
        WHERE stream = %(stream)s
    )
FROM announcements
WHERE rebuild = (SELECT max(rebuild) FROM announcements) AND NOT is_done

-- name: users_after
-- The next users of this server by id, without their passwords.
SELECT user_id, document, version FROM users
WHERE user_id > %(after_id)s ORDER BY user_id LIMIT %(limit)s

-- name: advance_announcements
-- Move a rebuild on from where it stood, unless it stands elsewhere by now or another is newer.
UPDATE announcements SET after_id = %(upto_id)s, is_done = %(is_last)s
WHERE rebuild = %(rebuild)s AND after_id = %(after_id)s AND NOT is_done
    AND rebuild = (SELECT max(rebuild) FROM announcements)
