-- Consents are added, never changed. The newest record of a customer and a purpose is the one that holds.
CREATE TABLE consents (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL REFERENCES customers (customer),
    purpose  TEXT NOT NULL CHECK (purpose IN ('recognise')),
    given    BOOLEAN NOT NULL,
    at_ms    BIGINT NOT NULL,
    script   TEXT NOT NULL,
    language TEXT NOT NULL,
    channel  TEXT NOT NULL CHECK (channel IN ('spoken', 'operator')),
    operator TEXT NOT NULL,
    call_id  TEXT,
    -- The target of the voiceprints' foreign key: it must name a yes of that very customer for that very purpose.
    UNIQUE (seq, customer, purpose, given)
);
CREATE INDEX consents_by_customer ON consents (customer, purpose, seq);

CREATE TABLE voiceprints (
    customer      TEXT NOT NULL,
    model         TEXT NOT NULL,
    consent       INTEGER NOT NULL,
    purpose       TEXT NOT NULL DEFAULT 'recognise' CHECK (purpose = 'recognise'),
    given         BOOLEAN NOT NULL DEFAULT TRUE CHECK (given),
    sealed        BLOB NOT NULL,
    nonce         BLOB NOT NULL CHECK (length(nonce) = 24),
    net_speech_ms BIGINT NOT NULL,
    calls         BIGINT NOT NULL,
    enrolled_ms   BIGINT NOT NULL,
    PRIMARY KEY (customer, model),
    FOREIGN KEY (consent, customer, purpose, given) REFERENCES consents (seq, customer, purpose, given)
);

CREATE TRIGGER consents_are_not_changed BEFORE UPDATE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consents_are_not_deleted BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;

-- REPLACE deletes without firing a delete trigger.
CREATE TRIGGER consents_are_not_replaced BEFORE INSERT ON consents
WHEN EXISTS (SELECT 1 FROM consents WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;

-- A no takes the prints with it, whoever writes the no.
CREATE TRIGGER a_no_deletes_the_prints AFTER INSERT ON consents WHEN NOT NEW.given
BEGIN DELETE FROM voiceprints WHERE customer = NEW.customer AND purpose = NEW.purpose; END;

-- A yes that was followed by a no carries no print.
CREATE TRIGGER a_print_needs_the_newest_yes BEFORE INSERT ON voiceprints
WHEN NEW.consent IS NOT (SELECT max(seq) FROM consents WHERE customer = NEW.customer AND purpose = NEW.purpose)
BEGIN SELECT RAISE(ABORT, 'a voiceprint needs the newest consent of its customer'); END;
CREATE TRIGGER a_changed_print_needs_the_newest_yes BEFORE UPDATE ON voiceprints
WHEN NEW.consent IS NOT (SELECT max(seq) FROM consents WHERE customer = NEW.customer AND purpose = NEW.purpose)
BEGIN SELECT RAISE(ABORT, 'a voiceprint needs the newest consent of its customer'); END;
