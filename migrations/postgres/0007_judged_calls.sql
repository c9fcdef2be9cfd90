-- Calls in which a voice was compared and an agent said who it was, for `regulars accuracy` and `regulars calibrate`.
CREATE TABLE judged_calls (
    call_id       TEXT PRIMARY KEY,
    at_ms         BIGINT NOT NULL,
    line          TEXT NOT NULL,
    wideband      BOOLEAN NOT NULL,
    model         TEXT NOT NULL,
    net_speech_ms BIGINT NOT NULL,
    snr_db        DOUBLE PRECISION NOT NULL,
    -- What the card said when the agent spoke, and whom it had first.
    state         TEXT NOT NULL CHECK (state IN ('listening', 'probably', 'recognised', 'ambiguous', 'not known')),
    named         TEXT REFERENCES customers (customer) ON DELETE SET NULL,
    chance        DOUBLE PRECISION,
    -- By the agent; NULL: nobody who agreed to be known by voice.
    truth         TEXT REFERENCES customers (customer) ON DELETE CASCADE
);
CREATE INDEX judged_calls_by_model ON judged_calls (model, at_ms);

CREATE TABLE judged_trials (
    call_id        TEXT NOT NULL REFERENCES judged_calls (call_id) ON DELETE CASCADE,
    customer       TEXT NOT NULL REFERENCES customers (customer) ON DELETE CASCADE,
    score          DOUBLE PRECISION NOT NULL,
    enrolled_calls BIGINT NOT NULL,
    PRIMARY KEY (call_id, customer)
);

-- A no takes what the voice was found to be like with it, whoever writes the no. A call without its caller says nothing.
CREATE FUNCTION delete_trials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM judged_calls WHERE truth = NEW.customer;
    DELETE FROM judged_trials WHERE customer = NEW.customer;
    UPDATE judged_calls SET named = NULL, chance = NULL WHERE named = NEW.customer;
    RETURN NULL;
END $$;
CREATE TRIGGER a_no_deletes_the_trials AFTER INSERT ON consents
    FOR EACH ROW WHEN (NOT NEW.given) EXECUTE FUNCTION delete_trials();

-- The line that these calls have put through the likelihood ratios of a model; none: the model's own calibration holds.
CREATE TABLE site_calibrations (
    model      TEXT PRIMARY KEY,
    scale      DOUBLE PRECISION NOT NULL CHECK (scale > 0),
    shift      DOUBLE PRECISION NOT NULL,
    fitted_ms  BIGINT NOT NULL
);
