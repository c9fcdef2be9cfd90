CREATE TABLE items (
    item      TEXT PRIMARY KEY,
    available BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE orders (
    order_id        TEXT PRIMARY KEY,
    customer        TEXT NOT NULL REFERENCES customers (customer),
    at_ms           BIGINT NOT NULL,
    agent           TEXT,
    call_id         TEXT,
    -- The screen's own key of an order that we placed ourselves: the same key twice is one order.
    idempotency_key TEXT UNIQUE,
    -- The import that last wrote this order: tells a repeated order of one file from an order of an earlier file.
    import_run      TEXT
);
CREATE INDEX orders_by_customer ON orders (customer, at_ms);

CREATE TABLE order_lines (
    order_id  TEXT NOT NULL REFERENCES orders (order_id) ON DELETE CASCADE,
    line      BIGINT NOT NULL,
    item      TEXT NOT NULL REFERENCES items (item),
    quantity  BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    -- A JSON array of texts.
    modifiers TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (order_id, line)
);
