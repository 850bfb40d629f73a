-- Applied to every user database.  A user's document lives on the server that owns the id; a
-- username or an address lives on the server that owns its hash, so each is asked for at one.

CREATE TABLE IF NOT EXISTS users (
    user_id       bigint PRIMARY KEY,
    document      jsonb NOT NULL,
    password_hash text NOT NULL
);

-- Names are stored casefolded.  A row whose user has no document is a registration under way,
-- or one that was broken off: after a minute it may be taken over.
CREATE TABLE IF NOT EXISTS usernames (
    username    text PRIMARY KEY,
    user_id     bigint NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE IF NOT EXISTS emails (
    email       text PRIMARY KEY,
    user_id     bigint NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
