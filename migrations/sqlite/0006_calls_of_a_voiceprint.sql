-- A voiceprint is a row for each of its customer's calls. What was one row stays one: the pool of its calls.
-- SQLite cannot change a primary key, so the table is made anew, with its triggers as in 0003.
DROP TRIGGER a_no_deletes_the_prints;
DROP TRIGGER a_print_needs_the_newest_yes;
DROP TRIGGER a_changed_print_needs_the_newest_yes;
ALTER TABLE voiceprints RENAME TO voiceprints_before;

CREATE TABLE voiceprints (
    customer      TEXT NOT NULL,
    model         TEXT NOT NULL,
    place         BIGINT NOT NULL DEFAULT 0,
    consent       INTEGER NOT NULL,
    purpose       TEXT NOT NULL DEFAULT 'recognise' CHECK (purpose = 'recognise'),
    given         BOOLEAN NOT NULL DEFAULT TRUE CHECK (given),
    sealed        BLOB NOT NULL,
    nonce         BLOB NOT NULL CHECK (length(nonce) = 24),
    net_speech_ms BIGINT NOT NULL,
    snr_db        DOUBLE PRECISION,
    wideband      BOOLEAN,
    calls         BIGINT NOT NULL,
    refreshed     BOOLEAN NOT NULL DEFAULT FALSE,
    enrolled_ms   BIGINT NOT NULL,
    PRIMARY KEY (customer, model, place),
    FOREIGN KEY (consent, customer, purpose, given) REFERENCES consents (seq, customer, purpose, given)
);
INSERT INTO voiceprints (customer, model, consent, purpose, given, sealed, nonce, net_speech_ms, calls, enrolled_ms)
    SELECT customer, model, consent, purpose, given, sealed, nonce, net_speech_ms, calls, enrolled_ms
    FROM voiceprints_before;
DROP TABLE voiceprints_before;

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
