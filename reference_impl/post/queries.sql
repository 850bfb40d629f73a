-- name: insert
-- Store a post, unless its id is taken.
INSERT INTO posts (
    post_id, user_id, image_url, created_at, post_type, caption, delivery, follower_count
) VALUES (
    %(post_id)s, %(user_id)s, %(image_url)s, to_timestamp(%(created_s)s), %(post_type)s,
    %(caption)s, %(delivery)s, %(follower_count)s
)
ON CONFLICT (post_id) DO NOTHING
RETURNING post_id;

-- name: posts
-- The posts with these ids, in no promised order.
SELECT post_id, user_id, image_url, post_type, caption, delivery, follower_count
FROM posts WHERE post_id = ANY(%(post_ids)s::bigint[]);
