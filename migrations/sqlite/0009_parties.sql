-- A party is a person, a household or a company; who belongs to whom, and who of us looks after them.
ALTER TABLE customers ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'household', 'company'));
ALTER TABLE customers ADD COLUMN company TEXT REFERENCES customers (customer);
ALTER TABLE customers ADD COLUMN account_manager TEXT;
CREATE INDEX customers_by_company ON customers (company);

CREATE TABLE party_roles (
    customer TEXT NOT NULL REFERENCES customers (customer),
    role     TEXT NOT NULL CHECK (role IN ('consumer', 'client', 'partner', 'reseller', 'account manager')),
    PRIMARY KEY (customer, role)
);

-- Two records of one party. Nothing moves from one to the other, so a merge is undone without loss.
CREATE TABLE merges (
    merge     TEXT PRIMARY KEY,
    double    TEXT NOT NULL REFERENCES customers (customer),
    of        TEXT NOT NULL REFERENCES customers (customer),
    at_ms     BIGINT NOT NULL,
    operator  TEXT NOT NULL,
    undone_ms BIGINT,
    CHECK (double <> of)
);
CREATE UNIQUE INDEX merges_standing ON merges (double) WHERE undone_ms IS NULL;
CREATE INDEX merges_by_party ON merges (of);

-- What the standing merges come to: the one record that a double stands for, NULL for that record itself.
ALTER TABLE customers ADD COLUMN merged_into TEXT REFERENCES customers (customer);
CREATE INDEX customers_by_merge ON customers (merged_into);

-- A voice is a person's.
CREATE TRIGGER a_print_needs_a_person BEFORE INSERT ON voiceprints
WHEN (SELECT kind FROM customers WHERE customer = NEW.customer) <> 'person'
BEGIN SELECT RAISE(ABORT, 'a voiceprint is a person''s'); END;
CREATE TRIGGER who_has_a_print_is_a_person BEFORE UPDATE OF kind ON customers
WHEN NEW.kind <> 'person' AND EXISTS (SELECT 1 FROM voiceprints WHERE customer = NEW.customer)
BEGIN SELECT RAISE(ABORT, 'a voiceprint is a person''s'); END;
