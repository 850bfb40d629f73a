-- Posts, on the server that owns the post's id, and there in four partitions by a hash of it.
CREATE TABLE IF NOT EXISTS posts (
    post_id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    image_url text NOT NULL,
    created_at timestamptz NOT NULL,
    post_type text NOT NULL DEFAULT 'image',
    caption text NOT NULL DEFAULT '',
    delivery text NOT NULL CHECK (delivery IN ('push', 'merge')),  -- decided once, when posted
    follower_count bigint NOT NULL  -- what the decision was made on
) PARTITION BY HASH (post_id);

CREATE TABLE IF NOT EXISTS posts_0 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE IF NOT EXISTS posts_1 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE IF NOT EXISTS posts_2 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE IF NOT EXISTS posts_3 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 3);
