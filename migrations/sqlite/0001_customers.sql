CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE households (
    household TEXT PRIMARY KEY CHECK (length(household) BETWEEN 1 AND 64)
);

CREATE TABLE customers (
    customer  TEXT PRIMARY KEY CHECK (length(customer) BETWEEN 1 AND 64),
    name      TEXT NOT NULL,
    household TEXT REFERENCES households (household),
    language  TEXT,
    allergies TEXT,
    notes     TEXT,
    since_ms  BIGINT NOT NULL
);
CREATE INDEX customers_by_household ON customers (household);

-- Several people on a number, several numbers a person.
CREATE TABLE numbers (
    number   TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES customers (customer),
    calls    BIGINT NOT NULL DEFAULT 0 CHECK (calls >= 0),
    PRIMARY KEY (number, customer)
);
CREATE INDEX numbers_by_customer ON numbers (customer);

CREATE TABLE contacts (
    contact_id TEXT PRIMARY KEY,
    customer   TEXT NOT NULL REFERENCES customers (customer),
    at_ms      BIGINT NOT NULL,
    channel    TEXT NOT NULL CHECK (channel IN ('phone', 'web', 'email', 'shop', 'delivery')),
    agent      TEXT,
    wanted     TEXT NOT NULL,
    complaint  TEXT CHECK (complaint IN ('open', 'resolved')),
    line       TEXT
);
CREATE INDEX contacts_by_customer ON contacts (customer, at_ms);
