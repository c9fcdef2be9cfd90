-- What other systems write carries their own key. `source` is who wrote it: NULL for our own calls, and files that name none.
ALTER TABLE contacts ADD COLUMN source TEXT;
ALTER TABLE contacts ADD COLUMN order_id TEXT REFERENCES orders (order_id) ON DELETE SET NULL;
-- What is still to be done, beside a complaint; NULL: nothing.
ALTER TABLE contacts ADD COLUMN still_open TEXT;
ALTER TABLE contacts ADD COLUMN competitor TEXT;

-- What a customer looked at or asked about. Not of `items`: they ask for what is not on the menu too.
CREATE TABLE contact_items (
    contact_id TEXT NOT NULL REFERENCES contacts (contact_id) ON DELETE CASCADE,
    place      BIGINT NOT NULL,
    item       TEXT NOT NULL,
    PRIMARY KEY (contact_id, place)
);

ALTER TABLE orders ADD COLUMN source TEXT;
ALTER TABLE orders ADD COLUMN source_key TEXT;
ALTER TABLE orders ADD COLUMN channel TEXT CHECK (channel IN ('phone', 'web', 'email', 'shop', 'delivery'));
ALTER TABLE orders ADD COLUMN second_factor TEXT;
-- NULL: as the shop always does. What is on file is never charged by a voice alone.
ALTER TABLE orders ADD COLUMN payment TEXT
    CHECK (payment IN ('on delivery', 'on file') AND (payment <> 'on file' OR second_factor IS NOT NULL));
CREATE UNIQUE INDEX orders_by_source ON orders (source, source_key);

ALTER TABLE customers ADD COLUMN payment_on_file BOOLEAN NOT NULL DEFAULT FALSE;

-- One row for each fact, written in the fact's own transaction. `seq` is given to rows that are there for all to see, by one
-- at a time: identities are given before the commit, and a reader who follows them would miss who commits late.
CREATE TABLE outbox (
    entry    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq      BIGINT UNIQUE,
    at_ms    BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    customer TEXT REFERENCES customers (customer) ON DELETE CASCADE,
    -- The order or the contact; what it says is read from there.
    fact     TEXT
);
CREATE INDEX outbox_waiting ON outbox (entry) WHERE seq IS NULL;
CREATE INDEX outbox_by_time ON outbox (at_ms);
CREATE INDEX outbox_by_customer ON outbox (customer);

-- Webhooks that were taken in: the same one again does nothing.
CREATE TABLE received_hooks (
    source TEXT NOT NULL,
    hook   TEXT NOT NULL,
    at_ms  BIGINT NOT NULL,
    PRIMARY KEY (source, hook)
);
CREATE INDEX received_hooks_by_time ON received_hooks (at_ms);

-- How far each receiver of webhooks has been told.
CREATE TABLE hook_positions (
    endpoint TEXT PRIMARY KEY,
    seq      BIGINT NOT NULL,
    -- Of the event after it.
    attempts BIGINT NOT NULL DEFAULT 0,
    due_ms   BIGINT NOT NULL DEFAULT 0
);

-- Events that an endpoint did not take, however often they were sent.
CREATE TABLE dead_letters (
    endpoint TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    at_ms    BIGINT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (endpoint, seq)
);
