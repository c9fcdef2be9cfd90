-- Acoustic fingerprints of calls, by which a recording that is played again is noticed: of callers who agreed, and of
-- calls that an agent flagged.
CREATE TABLE fingerprints (
    id         TEXT PRIMARY KEY,
    -- NULL: nobody knows whose speech it is; then an agent has flagged it.
    customer   TEXT REFERENCES customers (customer) ON DELETE CASCADE,
    flagged_by TEXT,
    heard_ms   BIGINT NOT NULL,
    sealed     BLOB NOT NULL,
    nonce      BLOB NOT NULL CHECK (length(nonce) = 24),
    CHECK (customer IS NOT NULL OR flagged_by IS NOT NULL)
);
CREATE INDEX fingerprints_by_customer ON fingerprints (customer, heard_ms);

-- A no takes what was made of the caller's speech with it, whoever writes the no.
CREATE TRIGGER a_no_deletes_the_fingerprints AFTER INSERT ON consents WHEN NOT NEW.given
BEGIN DELETE FROM fingerprints WHERE customer = NEW.customer; END;
