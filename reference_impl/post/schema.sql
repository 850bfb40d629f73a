-- Posts, on the server that owns the post's id, and there in four partitions by a hash of it.
CREATE TABLE IF NOT EXISTS posts (
    post_id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    media_url text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    post_type text NOT NULL DEFAULT 'image' CHECK (post_type IN ('image', 'video', 'text')),
    caption text NOT NULL DEFAULT '',
    alt_text text NOT NULL DEFAULT '',
    text text NOT NULL DEFAULT '',
    delivery text NOT NULL CHECK (delivery IN ('push', 'merge', 'edge')),  -- decided once
    follower_count bigint NOT NULL,  -- what the decision was made on
    image jsonb,  -- of an image, as callers see it: status, width, height, renditions
    CHECK ((post_type = 'text') = (media_url = ''))
) PARTITION BY HASH (post_id);

CREATE TABLE IF NOT EXISTS posts_0 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE IF NOT EXISTS posts_1 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE IF NOT EXISTS posts_2 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE IF NOT EXISTS posts_3 PARTITION OF posts FOR VALUES WITH (MODULUS 4, REMAINDER 3);

-- Posts stored before images were developed have no such column.
ALTER TABLE posts ADD COLUMN IF NOT EXISTS image jsonb;

-- Authors whose account is gone, on every server: nothing of theirs is shown or stored any more.
CREATE TABLE IF NOT EXISTS departed_authors (user_id bigint PRIMARY KEY);

-- What each author has posted, on the server that owns the author's id.  An entry is written
-- before its post and removed after it, so it may point to nothing.  The delivery is in the
-- index so that gathering reads nothing else.
CREATE TABLE IF NOT EXISTS author_posts (
    user_id bigint NOT NULL,
    post_id bigint NOT NULL,
    delivery text NOT NULL,
    PRIMARY KEY (user_id, post_id) INCLUDE (delivery)
);

-- Which post each request is for that came with an Idempotency-Key, and how that is delivered;
-- on the server that owns the author's id, and kept when the post goes: sent again, the request
-- must not make another.  Of the key only its SHA-256 is here.
CREATE TABLE IF NOT EXISTS post_requests (
    user_id bigint NOT NULL,
    request bytea NOT NULL,
    post_id bigint NOT NULL,
    delivery text NOT NULL,
    PRIMARY KEY (user_id, request)
);

-- Posts of such requests that have been stored, on the server that owns the post's id; kept when
-- the post goes: what has an entry here is not stored again.
CREATE TABLE IF NOT EXISTS fulfilled_requests (post_id bigint PRIMARY KEY);

-- Authors who ever had a post that readers merge, on the server that owns the author's id.
CREATE TABLE IF NOT EXISTS merge_authors (user_id bigint PRIMARY KEY);
