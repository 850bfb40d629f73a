-- Events waiting to be published: written in the transaction of the row they speak of, deleted
-- by the relay once the broker has them.  Rows live for milliseconds, so dead ones are cleared
-- by count, not by share of the table.
CREATE TABLE IF NOT EXISTS outbox (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL,
    kind text NOT NULL,
    at double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp()),
    body jsonb NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Names this database in the ids of its events: made anew it numbers them from 1 again.
CREATE TABLE IF NOT EXISTS outbox_source (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    source uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO outbox_source DEFAULT VALUES ON CONFLICT DO NOTHING;
