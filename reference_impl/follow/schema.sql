-- Who follows whom, twice.  Unfollowing keeps the row: its version is what tells a late repeat
-- of an old event from news.

-- On the follower's server: the truth.
CREATE TABLE IF NOT EXISTS follows (
    follower_id bigint NOT NULL,
    target_id bigint NOT NULL,
    following boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,  -- counts the changes of this pair, from 1
    PRIMARY KEY (follower_id, target_id)
);

-- On the target's server: the same pairs read the other way, one event behind at most.
CREATE TABLE IF NOT EXISTS followers (
    target_id bigint NOT NULL,
    follower_id bigint NOT NULL,
    following boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    delta smallint NOT NULL DEFAULT 0,  -- what the latest write did to the target's count
    PRIMARY KEY (target_id, follower_id)
);

CREATE TABLE IF NOT EXISTS follower_counts (
    target_id bigint PRIMARY KEY,
    count bigint NOT NULL
);
