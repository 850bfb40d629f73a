-- Where follows are kept by follower only: what the question for a target's followers needs.
CREATE INDEX IF NOT EXISTS follows_by_target
ON follows (target_id, (((follower_id >> 10) & 4095)::smallint), follower_id) WHERE following;
