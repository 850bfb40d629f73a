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
