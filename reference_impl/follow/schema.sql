-- Who follows whom, twice, and who blocks whom, twice.  Unfollowing and unblocking keep the row:
-- its version is what tells a late repeat of an old event from news.

-- On the follower's server: the truth.
CREATE TABLE IF NOT EXISTS follows (
    follower_id bigint NOT NULL,
    target_id bigint NOT NULL,
    following boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,  -- counts the changes of this pair, from 1
    seq bigint NOT NULL DEFAULT 0,  -- of the latest change; 0: written in bulk, both directions
    PRIMARY KEY (follower_id, target_id)
);
CREATE INDEX IF NOT EXISTS follows_by_seq ON follows (follower_id, seq) WHERE seq > 0;

-- On the follower's server: the lock of one follower, under which pairs and blocks change.
CREATE TABLE IF NOT EXISTS follow_changes (
    follower_id bigint PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0,  -- counts the changes of all pairs of this follower
    reflected bigint NOT NULL DEFAULT 0,  -- every change up to this one is known to `followers`
    own_seq bigint NOT NULL DEFAULT 0  -- the latest that was not of a pair, but of their own posts
) WITH (fillfactor = 70);  -- every change rewrites a row, which should find room beside itself
ALTER TABLE follow_changes ADD COLUMN IF NOT EXISTS own_seq bigint NOT NULL DEFAULT 0;

-- On the target's server: the same pairs read the other way, one event behind at most.  Ordered
-- by the follower's logical shard, so that a range of shards is a range of this index.
CREATE TABLE IF NOT EXISTS followers (
    target_id bigint NOT NULL,
    follower_id bigint NOT NULL,
    following boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    delta smallint NOT NULL DEFAULT 0,  -- what the latest write did to the target's count
    shard smallint GENERATED ALWAYS AS (((follower_id >> 10) & 4095)::smallint) STORED,
    PRIMARY KEY (target_id, shard, follower_id)
);

-- What pages of followers are read from: whoever has lost millions has as many rows as before, of
-- which these are the ones that count.  It holds all that is asked for, so the table is not read.
CREATE INDEX IF NOT EXISTS followers_by_place
ON followers (target_id, shard, follower_id) WHERE following;

CREATE TABLE IF NOT EXISTS follower_counts (
    target_id bigint PRIMARY KEY,
    count bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1  -- counts the changes of the count, from 1
);
ALTER TABLE follower_counts ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 1;

-- On the server of the one who blocks: the truth.
CREATE TABLE IF NOT EXISTS blocks (
    user_id bigint NOT NULL,
    target_id bigint NOT NULL,
    blocked boolean NOT NULL,
    version bigint NOT NULL,  -- counts the changes of this pair, from 1: odd ones block
    PRIMARY KEY (user_id, target_id)
);

-- On the server of the one who is blocked: the same pairs, one event behind at most.
CREATE TABLE IF NOT EXISTS blockers (
    target_id bigint NOT NULL,
    user_id bigint NOT NULL,
    blocked boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (target_id, user_id)
);

-- On their own server: users whose account is gone.
CREATE TABLE IF NOT EXISTS departed (
    user_id bigint PRIMARY KEY
);
