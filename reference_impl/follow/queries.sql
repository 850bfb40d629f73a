-- name: follow
-- Make the pair followed, unless it is, or the follower already follows as many as one may.
INSERT INTO follows (follower_id, target_id, following, version)
SELECT %(follower_id)s, %(target_id)s, true, 1
WHERE (
    SELECT count(*) FROM follows WHERE follower_id = %(follower_id)s AND following
) < %(followees_max)s
ON CONFLICT (follower_id, target_id) DO UPDATE
SET following = true, version = follows.version + 1
WHERE NOT follows.following
RETURNING version;

-- name: unfollow
-- Make the pair unfollowed, if it is followed.
UPDATE follows SET following = false, version = version + 1
WHERE follower_id = %(follower_id)s AND target_id = %(target_id)s AND following
RETURNING version;

-- name: is_following
-- Say whether the pair is followed.
SELECT following FROM follows
WHERE follower_id = %(follower_id)s AND target_id = %(target_id)s AND following;

-- name: reflect
-- Bring the reverse row up to a newer version, and the count with it if the pair flips.  The
-- flip is computed from the row that the upsert holds locked, so that the request and the
-- consumer may come with the same change, or with two, at one time.
WITH reflected AS (
    INSERT INTO followers (target_id, follower_id, following, version, delta)
    VALUES (
        %(target_id)s, %(follower_id)s, %(following)s, %(version)s, %(following)s::boolean::int
    )
    ON CONFLICT (target_id, follower_id) DO UPDATE
    SET following = excluded.following,
        version = excluded.version,
        delta = excluded.following::int - followers.following::int
    WHERE followers.version < excluded.version
    RETURNING target_id, delta
)
INSERT INTO follower_counts (target_id, count)
SELECT target_id, delta FROM reflected WHERE delta <> 0
ON CONFLICT (target_id) DO UPDATE SET count = follower_counts.count + excluded.count;

-- name: followees
-- Whom a user follows.
SELECT target_id FROM follows WHERE follower_id = %(follower_id)s AND following
LIMIT %(limit)s;

-- name: followers
-- The next followers of a user, by ascending id.
SELECT follower_id FROM followers
WHERE target_id = %(target_id)s AND following AND follower_id > %(after)s
ORDER BY follower_id LIMIT %(limit)s;

-- name: follower_count
-- How many follow a user.
SELECT count FROM follower_counts WHERE target_id = %(target_id)s;
