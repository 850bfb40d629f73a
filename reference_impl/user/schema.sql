-- Applied to every user database.  A user's document lives on the server that owns the id; a
-- username or an address lives on the server that owns its hash, so each is asked for at one.

CREATE TABLE IF NOT EXISTS users (
    user_id       bigint PRIMARY KEY,
    document      jsonb NOT NULL,
    password_hash text NOT NULL,
    version       bigint NOT NULL DEFAULT 1  -- counts changes of the document or the password
);

-- Names are stored casefolded.  A row whose user's document has another name, or that has no
-- document, belongs to a change under way, or to one that was broken off: after a minute it may
-- be taken over.
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

-- Users who are gone and whose names or sessions may still be there; the row goes last.
CREATE TABLE IF NOT EXISTS departures (
    user_id  bigint PRIMARY KEY,
    version  bigint NOT NULL,
    username text NOT NULL,
    email    text NOT NULL
);

-- How far this server is with announcing its users for a rebuild of the search index.  Of several
-- rows the one whose rebuild sorts last, byte by byte, counts.
CREATE TABLE IF NOT EXISTS announcements (
    rebuild  text COLLATE "C" PRIMARY KEY,
    after_id bigint NOT NULL DEFAULT -1,  -- users up to here have been announced
    is_done  boolean NOT NULL DEFAULT false
);
