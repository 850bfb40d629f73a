-- name: hold_author
-- Until the transaction ends, let nobody remember that this author is gone.  It is a statement of
-- its own: what follows sees whatever it waited for.
SELECT pg_advisory_xact_lock_shared(%(user_id)s);

-- name: depart
-- Remember that an author is gone, after whatever holds the author at the moment.
WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(%(user_id)s))
INSERT INTO departed_authors (user_id) SELECT %(user_id)s FROM held
ON CONFLICT (user_id) DO NOTHING;

-- name: has_departed
-- Say whether an author is gone.
SELECT 1 FROM departed_authors WHERE user_id = %(user_id)s;

-- name: insert
-- Store a post, unless its id is taken or its author gone.  The author is held.
INSERT INTO posts (
    post_id, user_id, media_url, image, created_at, post_type, caption, alt_text, text, delivery,
    follower_count
)
SELECT
    %(post_id)s, %(user_id)s, %(media_url)s, %(image)s::jsonb, to_timestamp(%(created_s)s),
    %(post_type)s, %(caption)s, %(alt_text)s, %(text)s, %(delivery)s, %(follower_count)s
WHERE NOT EXISTS (SELECT FROM departed_authors WHERE user_id = %(user_id)s)
ON CONFLICT (post_id) DO NOTHING
RETURNING post_id;

-- name: insert_once
-- The same for the post of a request, unless it was stored before, even if it is deleted since.
-- If its id is taken it is an error, so that it is not entered as fulfilled either.
WITH first AS (
    INSERT INTO fulfilled_requests (post_id)
    SELECT %(post_id)s
    WHERE NOT EXISTS (SELECT FROM departed_authors WHERE user_id = %(user_id)s)
    ON CONFLICT (post_id) DO NOTHING
    RETURNING post_id
)
INSERT INTO posts (
    post_id, user_id, media_url, image, created_at, post_type, caption, alt_text, text, delivery,
    follower_count
)
SELECT
    post_id, %(user_id)s, %(media_url)s, %(image)s::jsonb, to_timestamp(%(created_s)s),
    %(post_type)s, %(caption)s, %(alt_text)s, %(text)s, %(delivery)s, %(follower_count)s
FROM first
RETURNING post_id;

-- name: posts
-- The posts with these ids whose authors are not gone, in no promised order.
SELECT
    post_id, user_id, media_url, image, post_type, caption, alt_text, text, delivery,
    follower_count
FROM posts
WHERE post_id = ANY(%(post_ids)s::bigint[])
    AND NOT EXISTS (SELECT FROM departed_authors AS gone WHERE gone.user_id = posts.user_id);

-- name: delete
-- Delete those of these posts that are this user's.
DELETE FROM posts
WHERE post_id = ANY(%(post_ids)s::bigint[]) AND user_id = %(user_id)s
RETURNING post_id, delivery, media_url;

-- name: develop
-- Say what became of a post's image, if the post still has that image.
UPDATE posts SET image = %(image)s, media_url = %(media_url)s
WHERE post_id = %(post_id)s AND media_url = %(developed)s;

-- name: give_up
-- Say that nothing becomes of a post's image, if nobody has said more of it.
UPDATE posts SET image = image || '{"status": "failed"}'
WHERE post_id = %(post_id)s AND media_url = %(media_url)s AND image ->> 'status' = 'pending';

-- name: index
-- Enter a post for its author, unless it is there; and the author among those to merge.
WITH entered AS (
    INSERT INTO author_posts (user_id, post_id, delivery)
    VALUES (%(user_id)s, %(post_id)s, %(delivery)s)
    ON CONFLICT (user_id, post_id) DO NOTHING
    RETURNING user_id
), merged AS (
    INSERT INTO merge_authors (user_id)
    SELECT user_id FROM entered WHERE %(delivery)s = 'merge'
    ON CONFLICT (user_id) DO NOTHING
)
SELECT %(post_id)s::bigint, %(delivery)s FROM entered;

-- name: index_once
-- Enter the post of a request, unless the request has one: then, that one.  An update that
-- changes nothing also sees what another transaction entered meanwhile, as no SELECT here would.
-- If the author has the id already it is an error, so that the request is not entered either.
WITH requested AS (
    INSERT INTO post_requests (user_id, request, post_id, delivery)
    VALUES (%(user_id)s, %(request)s, %(post_id)s, %(delivery)s)
    ON CONFLICT (user_id, request) DO UPDATE SET post_id = post_requests.post_id
    RETURNING user_id, post_id, delivery
), entered AS (
    INSERT INTO author_posts (user_id, post_id, delivery)
    SELECT user_id, post_id, delivery FROM requested WHERE post_id = %(post_id)s
    RETURNING user_id, delivery
), merged AS (
    INSERT INTO merge_authors (user_id)
    SELECT user_id FROM entered WHERE delivery = 'merge'
    ON CONFLICT (user_id) DO NOTHING
)
SELECT post_id, delivery FROM requested;

-- name: withdraw
-- Remove an entry, and that a request is for it.
WITH withdrawn AS (
    DELETE FROM post_requests
    WHERE user_id = %(user_id)s AND request = %(request)s::bytea AND post_id = %(post_id)s
)
DELETE FROM author_posts WHERE user_id = %(user_id)s AND post_id = %(post_id)s;

-- name: unindex
-- Remove entries of an author.
DELETE FROM author_posts
WHERE user_id = %(user_id)s AND post_id = ANY(%(post_ids)s::bigint[]);

-- name: newest_delivery
-- How the author's newest post is delivered.
SELECT delivery FROM author_posts
WHERE user_id = %(user_id)s ORDER BY post_id DESC LIMIT 1;

-- name: newest
-- The newest posts of all these authors together.  At first a few of each are read; the last
-- post that they let onto the page tells how much further to look, and at whom: only at authors
-- all of whose few are above it.
WITH few AS MATERIALIZED (
    SELECT author, found.post_id
    FROM unnest(%(author_ids)s::bigint[]) AS author
    CROSS JOIN LATERAL (
        SELECT post_id FROM author_posts
        WHERE user_id = author AND post_id < %(before)s
            AND delivery = ANY(%(deliveries)s::text[])
        ORDER BY post_id DESC LIMIT %(few)s
    ) AS found
), lowest AS MATERIALIZED (
    SELECT coalesce(
        (SELECT post_id FROM few ORDER BY post_id DESC LIMIT 1 OFFSET %(limit)s - 1), -1
    ) AS post_id
), unfinished AS MATERIALIZED (
    SELECT author, min(post_id) AS post_id FROM few GROUP BY author
    HAVING count(*) = %(few)s AND min(post_id) > (SELECT post_id FROM lowest)
)
SELECT post_id FROM few
UNION ALL
SELECT found.post_id
FROM unfinished
CROSS JOIN LATERAL (
    SELECT post_id FROM author_posts
    WHERE user_id = author AND post_id < unfinished.post_id
        AND post_id > (SELECT post_id FROM lowest)
        AND delivery = ANY(%(deliveries)s::text[])
    ORDER BY post_id DESC LIMIT %(limit)s
) AS found
ORDER BY post_id DESC LIMIT %(limit)s;

-- name: newest_of_each
-- The newest posts of each of these authors.
SELECT author, ARRAY(
    SELECT post_id FROM author_posts
    WHERE user_id = author AND delivery = ANY(%(deliveries)s::text[])
    ORDER BY post_id DESC LIMIT %(limit)s
)
FROM unnest(%(author_ids)s::bigint[]) AS author;

-- name: counts
-- How many posts each of these authors has since an id, counted no further than asked for.
SELECT author, (
    SELECT count(*) FROM (
        SELECT FROM author_posts
        WHERE user_id = author AND post_id >= %(since)s
        LIMIT %(count_max)s
    ) AS counted
)
FROM unnest(%(author_ids)s::bigint[]) AS author;

-- name: merge_authors
-- Authors above an id who ever had a post that readers merge.
SELECT user_id FROM merge_authors
WHERE user_id > %(after)s ORDER BY user_id LIMIT %(limit)s;

-- name: forget_requests
-- Remove some of the author's requests.
DELETE FROM post_requests
WHERE user_id = %(user_id)s AND request IN (
    SELECT request FROM post_requests WHERE user_id = %(user_id)s LIMIT %(limit)s
);

-- name: forget
-- Remove an author from those to merge.
DELETE FROM merge_authors WHERE user_id = %(user_id)s;
