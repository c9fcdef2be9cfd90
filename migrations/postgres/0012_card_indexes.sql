-- What is open is told however many contacts came after it; this finds it among them.
CREATE INDEX contacts_open ON contacts (customer, at_ms) WHERE complaint = 'open' OR still_open IS NOT NULL;

-- Of the doubles alone: SQLite took the index of all for `merged_into IS NULL`, and so walked through every customer.
DROP INDEX customers_by_merge;
CREATE INDEX customers_by_merge ON customers (merged_into) WHERE merged_into IS NOT NULL;
