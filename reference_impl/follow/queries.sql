-- name: lock
-- Let nobody else change the pairs of these followers until the transaction ends.  Whoever takes
-- several takes them in ascending order.
INSERT INTO follow_changes (follower_id) SELECT unnest(%(follower_ids)s::bigint[])
ON CONFLICT (follower_id) DO UPDATE SET seq = follow_changes.seq;

-- name: follow
-- Make the pair followed, and count the change; unless it is, or a rule is against it.  Under the
-- follower's lock.
WITH changed AS (
    INSERT INTO follows AS pair (follower_id, target_id, following, version, seq)
    SELECT follower_id, %(target_id)s, true, 1, seq + 1
    FROM follow_changes
    WHERE follower_id = %(follower_id)s
    AND NOT EXISTS (SELECT FROM departed WHERE user_id = %(follower_id)s)
    AND NOT EXISTS (
        SELECT FROM blocks
        WHERE user_id = %(follower_id)s AND target_id = %(target_id)s AND blocked
    )
    AND NOT EXISTS (
        SELECT FROM blockers
        WHERE target_id = %(follower_id)s AND user_id = %(target_id)s AND blocked
    )
    AND %(followees_max)s > (
        SELECT count(*) FROM follows WHERE follower_id = %(follower_id)s AND following
    )
    ON CONFLICT (follower_id, target_id) DO UPDATE
    SET following = true, version = pair.version + 1, seq = excluded.seq
    WHERE NOT pair.following
    RETURNING version, seq
), counted AS (
    UPDATE follow_changes SET seq = changed.seq FROM changed WHERE follower_id = %(follower_id)s
)
SELECT version FROM changed;

-- name: why_not
-- Why `follow` changed nothing: the follower has left, one has blocked the other, it is followed.
SELECT
    EXISTS (SELECT FROM departed WHERE user_id = %(follower_id)s),
    EXISTS (
        SELECT FROM blocks
        WHERE user_id = %(follower_id)s AND target_id = %(target_id)s AND blocked
    ) OR EXISTS (
        SELECT FROM blockers
        WHERE target_id = %(follower_id)s AND user_id = %(target_id)s AND blocked
    ),
    EXISTS (
        SELECT FROM follows
        WHERE follower_id = %(follower_id)s AND target_id = %(target_id)s AND following
    );

-- name: end
-- Make those of the pairs that are followed so no longer, and count each change.  Under the locks
-- of their followers.
WITH standing AS (
    SELECT follower_id, target_id, follow_changes.seq
        + row_number() OVER (PARTITION BY follower_id ORDER BY target_id) AS seq
    FROM unnest(%(follower_ids)s::bigint[], %(target_ids)s::bigint[]) AS p (follower_id, target_id)
    JOIN follows USING (follower_id, target_id)
    JOIN follow_changes USING (follower_id)
    WHERE following
), ended AS (
    UPDATE follows AS pair SET following = false, version = version + 1, seq = standing.seq
    FROM standing
    WHERE pair.follower_id = standing.follower_id AND pair.target_id = standing.target_id
    RETURNING pair.follower_id, pair.target_id, pair.version, pair.seq
), counted AS (
    UPDATE follow_changes AS changes SET seq = latest.seq
    FROM (SELECT follower_id, max(seq) AS seq FROM ended GROUP BY follower_id) AS latest
    WHERE changes.follower_id = latest.follower_id
)
SELECT follower_id, target_id, version FROM ended;

-- name: reflect
-- Bring reverse rows up to newer versions, and the counts with those that flip.  The flips are
-- computed from the rows that the upsert holds locked, so that requests and the consumer may come
-- with the same change, or with two, at one time.  Rows and then counts are locked in ascending
-- order, so that two of these statements never wait for each other.  A count that leaves its
-- bucket (see model/rules/followers.py) is told of, as `events.append` tells.
WITH reflected AS (
    INSERT INTO followers (target_id, follower_id, following, version, delta)
    SELECT target_id, follower_id, following, version, following::int
    FROM unnest(
        %(target_ids)s::bigint[], %(follower_ids)s::bigint[],
        %(following)s::boolean[], %(versions)s::bigint[]
    ) AS news (target_id, follower_id, following, version)
    ORDER BY target_id, follower_id
    ON CONFLICT (target_id, shard, follower_id) DO UPDATE
    SET following = excluded.following,
        version = excluded.version,
        delta = excluded.following::int - followers.following::int
    WHERE followers.version < excluded.version
    RETURNING target_id, delta
), changed AS (
    SELECT target_id, sum(delta) AS delta FROM reflected
    GROUP BY target_id HAVING sum(delta) <> 0
), counted AS (
    INSERT INTO follower_counts (target_id, count)
    SELECT target_id, delta FROM changed ORDER BY target_id
    ON CONFLICT (target_id) DO UPDATE
    SET count = follower_counts.count + excluded.count, version = follower_counts.version + 1
    RETURNING target_id, count, version
), told AS (
    INSERT INTO outbox (stream, kind, body)
    SELECT %(stream)s, 'user.followers', jsonb_build_object(
        'user_id', target_id::text, 'followers', count, 'version', version
    )
    FROM counted JOIN changed USING (target_id)
    WHERE width_bucket(count, %(bounds)s::bigint[])
        <> width_bucket((count - delta)::bigint, %(bounds)s::bigint[])
    RETURNING event_id
)
SELECT pg_notify('outbox', '') FROM told LIMIT 1;

-- name: backlog
-- The oldest changes of a follower that are not known to be in the reverse rows.
SELECT target_id, following, version, follows.seq
FROM follow_changes JOIN follows USING (follower_id)
WHERE follower_id = %(follower_id)s AND follows.seq > reflected AND follows.seq > 0
ORDER BY follows.seq LIMIT %(limit)s;

-- name: note_reflected
-- Remember that the reverse rows know a follower's changes up to this one.
UPDATE follow_changes SET reflected = %(upto)s
WHERE follower_id = %(follower_id)s AND reflected < %(upto)s;

-- name: followees
-- Whom a user follows, and how many changes led to that, as of one moment.
SELECT
    ARRAY(
        SELECT target_id FROM follows WHERE follower_id = %(follower_id)s AND following
        LIMIT %(limit)s
    ),
    coalesce((SELECT seq FROM follow_changes WHERE follower_id = %(follower_id)s), 0);

-- name: followees_since
-- The same, only those whose pair changed after the change `since`; and oneself, if one was to
-- look for one's own posts since.
SELECT
    ARRAY(
        (
            SELECT target_id FROM follows
            WHERE follower_id = %(follower_id)s AND seq > %(since)s AND seq > 0 AND following
            LIMIT %(limit)s
        )
        UNION ALL
        SELECT follower_id FROM follow_changes
        WHERE follower_id = %(follower_id)s AND own_seq > %(since)s
    ),
    coalesce((SELECT seq FROM follow_changes WHERE follower_id = %(follower_id)s), 0);

-- name: look_for_own
-- Count a change of no pair: from here on the follower is to look for their own posts.
INSERT INTO follow_changes (follower_id, seq, own_seq) VALUES (%(follower_id)s, 1, 1)
ON CONFLICT (follower_id) DO UPDATE
SET seq = follow_changes.seq + 1, own_seq = follow_changes.seq + 1;

-- name: followed_among
-- Which of these users the user follows.
SELECT target_id FROM follows
WHERE follower_id = %(follower_id)s AND target_id = ANY (%(ids)s::bigint[]) AND following;

-- name: followees_page
-- The next of those whom a user follows, by ascending id.
SELECT target_id FROM follows
WHERE follower_id = %(follower_id)s AND following AND target_id > %(after)s
ORDER BY target_id LIMIT %(limit)s;

-- name: followers
-- The next followers of a user, by logical shard and id.
SELECT follower_id FROM followers
WHERE target_id = %(target_id)s AND following
AND (shard, follower_id) > (%(shard)s::smallint, %(after)s::bigint)
AND shard <= %(last_shard)s::smallint
ORDER BY shard, follower_id LIMIT %(limit)s;

-- name: followers_on_one_server
-- The same, of those followers whom this server owns; by the index of one_way.sql.
SELECT follower_id FROM follows
WHERE target_id = %(target_id)s AND following
AND (((follower_id >> 10) & 4095)::smallint, follower_id) > (%(shard)s::smallint, %(after)s::bigint)
AND ((follower_id >> 10) & 4095)::smallint <= %(last_shard)s::smallint
ORDER BY ((follower_id >> 10) & 4095)::smallint, follower_id LIMIT %(limit)s;

-- name: follower_count
-- How many follow a user.
SELECT count FROM follower_counts WHERE target_id = %(target_id)s;

-- name: follower_counts
-- How many follow each of these users, and after how many changes of that.
SELECT target_id, count, version FROM follower_counts WHERE target_id = ANY (%(ids)s::bigint[]);

-- name: follower_counts_on_one_server
-- How many of those whom this server owns follow each of these users.
SELECT target_id, count(*) FROM follows
WHERE target_id = ANY (%(ids)s::bigint[]) AND following GROUP BY target_id;

-- name: follower_count_on_one_server
-- How many of those whom this server owns follow a user.
SELECT count(*) FROM follows WHERE target_id = %(target_id)s AND following;

-- name: block
-- Make the pair blocked, unless it is, or a rule is against it.  Under the lock of who blocks.
INSERT INTO blocks AS pair (user_id, target_id, blocked, version)
SELECT %(user_id)s, %(target_id)s, true, 1
WHERE NOT EXISTS (SELECT FROM departed WHERE user_id = %(user_id)s)
AND %(blocked_max)s > (SELECT count(*) FROM blocks WHERE user_id = %(user_id)s AND blocked)
ON CONFLICT (user_id, target_id) DO UPDATE SET blocked = true, version = pair.version + 1
WHERE NOT pair.blocked
RETURNING version;

-- name: unblock
-- Make the pair blocked no longer, if it is.  Under the lock of who blocks.
UPDATE blocks SET blocked = false, version = version + 1
WHERE user_id = %(user_id)s AND target_id = %(target_id)s AND blocked
RETURNING version;

-- name: block_as_it_is
-- Whether the pair is blocked, and in which version.
SELECT blocked, version FROM blocks WHERE user_id = %(user_id)s AND target_id = %(target_id)s;

-- name: version_of_mirrored_block
-- Up to which version the server of who is blocked knows the pair.
SELECT version FROM blockers WHERE target_id = %(target_id)s AND user_id = %(user_id)s;

-- name: mirror_block
-- Bring the mirrored pair up to a newer version.  Under the lock of who is blocked.
INSERT INTO blockers (target_id, user_id, blocked, version)
VALUES (%(target_id)s, %(user_id)s, %(blocked)s, %(version)s)
ON CONFLICT (target_id, user_id) DO UPDATE
SET blocked = excluded.blocked, version = excluded.version;

-- name: hidden_among
-- Which of these users have blocked the user, or are blocked by the user.
SELECT target_id FROM blocks
WHERE user_id = %(user_id)s AND target_id = ANY (%(ids)s::bigint[]) AND blocked
UNION
SELECT user_id FROM blockers
WHERE target_id = %(user_id)s AND user_id = ANY (%(ids)s::bigint[]) AND blocked;

-- name: blocked_page
-- The next of those whom a user has blocked, by ascending id.
SELECT target_id FROM blocks
WHERE user_id = %(user_id)s AND blocked AND target_id > %(after)s
ORDER BY target_id LIMIT %(limit)s;

-- name: blockers_page
-- The next of those who have blocked a user, by ascending id.
SELECT user_id FROM blockers
WHERE target_id = %(user_id)s AND blocked AND user_id > %(after)s
ORDER BY user_id LIMIT %(limit)s;

-- name: depart
-- Remember that the user's account is gone.  Under the user's lock.
INSERT INTO departed (user_id) VALUES (%(user_id)s) ON CONFLICT DO NOTHING;

-- name: has_departed
-- Say whether the user's account is gone.
SELECT 1 FROM departed WHERE user_id = %(user_id)s;

-- name: departed_among
-- Which of these users' accounts are gone.
SELECT user_id FROM departed WHERE user_id = ANY (%(ids)s::bigint[]);
