//! Which rows of which tables are about a party, and how they are told. A test walks the schema and asks for what is missing.
//!
//! Left out are the numbers of a voiceprint and of a fingerprint, which no other program can read, keys that only a program needs, and who else was
//! in a call.

use crate::store::parties::records;

pub(super) struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// What follows the columns; `$1` is the record that stands for the party.
    pub from: &'static str,
}

pub(super) struct Column {
    pub name: &'static str,
    pub of: &'static str,
    pub shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    /// Milliseconds since 1970, told in RFC 3339.
    Time,
    /// A JSON array of texts.
    List,
}

const fn plain(name: &'static str) -> Column {
    Column { name, of: name, shape: Shape::Plain }
}

const fn told(name: &'static str, of: &'static str) -> Column {
    Column { name, of, shape: Shape::Plain }
}

const fn time(name: &'static str, of: &'static str) -> Column {
    Column { name, of, shape: Shape::Time }
}

const fn list(name: &'static str) -> Column {
    Column { name, of: name, shape: Shape::List }
}

const CUSTOMER: Column = told("customer_id", "customer");
const AT: Column = time("at", "at_ms");

macro_rules! of_the_party {
    ($table:literal, $order:literal) => {
        concat!("FROM ", $table, " WHERE customer IN ", records!("$1"), " ORDER BY ", $order)
    };
}

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "customers",
        columns: &[
            CUSTOMER,
            plain("name"),
            plain("kind"),
            plain("household"),
            plain("company"),
            told("company_name", "(SELECT c.name FROM customers c WHERE c.customer = customers.company)"),
            plain("account_manager"),
            plain("language"),
            plain("allergies"),
            plain("notes"),
            time("since", "since_ms"),
            plain("payment_on_file"),
            plain("merged_into"),
        ],
        from: of_the_party!("customers", "customer"),
    },
    Table {
        name: "numbers",
        columns: &[CUSTOMER, plain("number"), plain("calls")],
        from: of_the_party!("numbers", "number, customer"),
    },
    Table {
        name: "party_roles",
        columns: &[CUSTOMER, plain("role")],
        from: of_the_party!("party_roles", "customer, role"),
    },
    Table {
        name: "merges",
        columns: &[plain("merge"), plain("double"), plain("of"), AT, plain("operator"), time("undone", "undone_ms")],
        from: concat!(
            "FROM merges WHERE double IN ",
            records!("$1"),
            " OR of IN ",
            records!("$1"),
            " ORDER BY at_ms, merge"
        ),
    },
    Table {
        name: "contacts",
        columns: &[
            plain("contact_id"),
            CUSTOMER,
            AT,
            plain("channel"),
            plain("line"),
            plain("agent"),
            plain("wanted"),
            plain("complaint"),
            plain("still_open"),
            plain("order_id"),
            plain("competitor"),
            plain("source"),
            plain("outbound"),
        ],
        from: of_the_party!("contacts", "at_ms, contact_id"),
    },
    Table {
        name: "contact_items",
        columns: &[told("contact_id", "i.contact_id"), plain("place"), plain("item")],
        from: concat!(
            "FROM contacts c JOIN contact_items i ON i.contact_id = c.contact_id WHERE c.customer IN ",
            records!("$1"),
            " ORDER BY c.at_ms, i.contact_id, i.place"
        ),
    },
    Table {
        name: "orders",
        columns: &[
            plain("order_id"),
            CUSTOMER,
            AT,
            plain("channel"),
            plain("agent"),
            plain("call_id"),
            plain("payment"),
            plain("second_factor"),
            plain("source"),
            plain("source_key"),
        ],
        from: of_the_party!("orders", "at_ms, order_id"),
    },
    Table {
        name: "order_lines",
        columns: &[told("order_id", "l.order_id"), plain("line"), plain("item"), plain("quantity"), list("modifiers")],
        from: concat!(
            "FROM orders o JOIN order_lines l ON l.order_id = o.order_id WHERE o.customer IN ",
            records!("$1"),
            " ORDER BY o.at_ms, l.order_id, l.line"
        ),
    },
    Table {
        name: "consents",
        columns: &[
            CUSTOMER,
            plain("purpose"),
            plain("given"),
            AT,
            plain("script"),
            plain("language"),
            plain("channel"),
            plain("by_key"),
            plain("operator"),
            plain("call_id"),
        ],
        from: of_the_party!("consents", "seq"),
    },
    Table {
        name: "voiceprints",
        columns: &[
            CUSTOMER,
            plain("model"),
            plain("place"),
            plain("net_speech_ms"),
            plain("snr_db"),
            plain("wideband"),
            plain("calls"),
            plain("refreshed"),
            time("enrolled", "enrolled_ms"),
        ],
        from: of_the_party!("voiceprints", "customer, model, place"),
    },
    Table {
        name: "fingerprints",
        columns: &[CUSTOMER, plain("flagged_by"), time("heard", "heard_ms")],
        from: of_the_party!("fingerprints", "heard_ms, id"),
    },
    Table {
        name: "judged_calls",
        columns: &[
            plain("call_id"),
            AT,
            plain("line"),
            plain("wideband"),
            plain("model"),
            plain("net_speech_ms"),
            plain("snr_db"),
            plain("state"),
            told("named", concat!("CASE WHEN named IN ", records!("$1"), " THEN named END")),
            told("chance", concat!("CASE WHEN named IN ", records!("$1"), " THEN chance END")),
            told("truth", concat!("CASE WHEN truth IN ", records!("$1"), " THEN truth END")),
        ],
        from: concat!(
            "FROM judged_calls WHERE truth IN ",
            records!("$1"),
            " OR named IN ",
            records!("$1"),
            " ORDER BY at_ms, call_id"
        ),
    },
    Table {
        name: "judged_trials",
        columns: &[plain("call_id"), CUSTOMER, plain("score"), plain("enrolled_calls")],
        from: of_the_party!("judged_trials", "call_id, customer"),
    },
    Table {
        name: "outbox",
        columns: &[AT, plain("kind"), CUSTOMER, plain("fact")],
        from: of_the_party!("outbox", "entry"),
    },
    Table {
        name: "audit",
        columns: &[AT, plain("operator"), plain("action"), CUSTOMER, plain("call_id"), plain("detail")],
        from: of_the_party!("audit", "seq"),
    },
];
