-- Whether the yes was a key pressed on the telephone, as the words asked for, and not said.
ALTER TABLE consents ADD COLUMN by_key BOOLEAN NOT NULL DEFAULT FALSE;
