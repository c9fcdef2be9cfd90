-- Consents are added, never changed. The newest record of a customer and a purpose is the one that holds.
CREATE TABLE consents (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
    consent       BIGINT NOT NULL,
    purpose       TEXT NOT NULL DEFAULT 'recognise' CHECK (purpose = 'recognise'),
    given         BOOLEAN NOT NULL DEFAULT TRUE CHECK (given),
    sealed        BYTEA NOT NULL,
    nonce         BYTEA NOT NULL CHECK (length(nonce) = 24),
    net_speech_ms BIGINT NOT NULL,
    calls         BIGINT NOT NULL,
    enrolled_ms   BIGINT NOT NULL,
    PRIMARY KEY (customer, model),
    FOREIGN KEY (consent, customer, purpose, given) REFERENCES consents (seq, customer, purpose, given)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER consents_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON consents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A yes with its print and a no of the same customer wait for each other here; otherwise the no would not see the
-- print of a transaction that has not committed yet, and the print would outlive it.
CREATE FUNCTION lock_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM customers WHERE customer = NEW.customer FOR NO KEY UPDATE;
    RETURN NEW;
END $$;
CREATE TRIGGER a_consent_locks_its_customer BEFORE INSERT ON consents
    FOR EACH ROW EXECUTE FUNCTION lock_customer();

-- A no takes the prints with it, whoever writes the no.
CREATE FUNCTION delete_prints() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM voiceprints WHERE customer = NEW.customer AND purpose = NEW.purpose;
    RETURN NULL;
END $$;
CREATE TRIGGER a_no_deletes_the_prints AFTER INSERT ON consents
    FOR EACH ROW WHEN (NOT NEW.given) EXECUTE FUNCTION delete_prints();

-- A yes that was followed by a no carries no print.
CREATE FUNCTION require_newest_yes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM customers WHERE customer = NEW.customer FOR NO KEY UPDATE;
    IF NEW.consent IS DISTINCT FROM
       (SELECT max(seq) FROM consents WHERE customer = NEW.customer AND purpose = NEW.purpose) THEN
        RAISE EXCEPTION 'a voiceprint needs the newest consent of its customer'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_print_needs_the_newest_yes BEFORE INSERT OR UPDATE ON voiceprints
    FOR EACH ROW EXECUTE FUNCTION require_newest_yes();
