-- What one of us would say of an item. Prices are in the smallest unit of the shop's currency.
ALTER TABLE items ADD COLUMN price_minor BIGINT CHECK (price_minor >= 0);
ALTER TABLE items ADD COLUMN category TEXT;
ALTER TABLE items ADD COLUMN description TEXT;

-- Regulation (EU) No 1169/2011, Annex II. What is not listed may be in an item all the same.
CREATE TABLE item_allergens (
    item     TEXT NOT NULL REFERENCES items (item),
    allergen TEXT NOT NULL CHECK (allergen IN (
        'gluten', 'crustaceans', 'eggs', 'fish', 'peanuts', 'soya', 'milk', 'nuts', 'celery', 'mustard', 'sesame', 'sulphites',
        'lupin', 'molluscs'
    )),
    PRIMARY KEY (item, allergen)
);

CREATE TABLE item_tags (
    item TEXT NOT NULL REFERENCES items (item),
    tag  TEXT NOT NULL CHECK (length(tag) BETWEEN 1 AND 64),
    PRIMARY KEY (item, tag)
);

-- `other` may be no item yet: a file names items before their own rows.
CREATE TABLE item_relations (
    item     TEXT NOT NULL REFERENCES items (item),
    relation TEXT NOT NULL CHECK (relation IN ('goes with', 'replaced by')),
    other    TEXT NOT NULL CHECK (other <> item),
    place    BIGINT NOT NULL,
    PRIMARY KEY (item, relation, other)
);

-- We began it: such contacts have a budget.
ALTER TABLE contacts ADD COLUMN outbound BOOLEAN NOT NULL DEFAULT FALSE;
