-- A voiceprint is a row for each of its customer's calls. What was one row stays one: the pool of its calls.
ALTER TABLE voiceprints
    ADD COLUMN place     BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN snr_db    DOUBLE PRECISION,
    ADD COLUMN wideband  BOOLEAN,
    ADD COLUMN refreshed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE voiceprints DROP CONSTRAINT voiceprints_pkey;
ALTER TABLE voiceprints ADD PRIMARY KEY (customer, model, place);
