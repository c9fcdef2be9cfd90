//! The four kinds of file, and their columns.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Customers,
    Orders,
    Contacts,
    Products,
}

/// A column by its name in the first line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: &'static str,
    pub required: bool,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Customers => "customers",
            Kind::Orders => "orders",
            Kind::Contacts => "contacts",
            Kind::Products => "products",
        }
    }

    /// In the sequence in which the documentation lists them; a file may have them in any.
    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Kind::Customers => CUSTOMERS,
            Kind::Orders => ORDERS,
            Kind::Contacts => CONTACTS,
            Kind::Products => PRODUCTS,
        }
    }
}

const fn required(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A file without the column leaves what is stored; an empty field clears it.
const fn optional(name: &'static str) -> Column {
    Column { name, required: false }
}

const CUSTOMERS: &[Column] = &[
    required("customer_id"),
    required("name"),
    optional("numbers"),
    optional("household"),
    optional("language"),
    optional("allergies"),
    optional("notes"),
    optional("since"),
    optional("payment_on_file"),
    optional("kind"),
    optional("roles"),
    optional("company"),
    optional("account_manager"),
];

const ORDERS: &[Column] = &[
    required("order_id"),
    required("customer_id"),
    required("ordered_at"),
    required("item"),
    optional("quantity"),
    optional("modifiers"),
    optional("source"),
    optional("channel"),
];

const CONTACTS: &[Column] = &[
    required("contact_id"),
    required("customer_id"),
    required("at"),
    required("channel"),
    optional("agent"),
    optional("wanted"),
    optional("complaint"),
    optional("source"),
    optional("still_open"),
    optional("order_id"),
    optional("items_considered"),
    optional("competitor"),
    optional("outbound"),
];

const PRODUCTS: &[Column] = &[
    required("item"),
    optional("available"),
    optional("price_minor"),
    optional("category"),
    optional("description"),
    optional("allergens"),
    optional("tags"),
    optional("goes_with"),
    optional("replaced_by"),
];
