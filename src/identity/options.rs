//! What this stage is told.

use super::Search;

/// Settings of this stage; all chances are probabilities, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub search: Search,
    pub stranger_at_known_number: f32,
    pub known_at_unknown_number: f32,
    pub recognise_at: f32,
    pub probably_at: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            search: Search::Number,
            stranger_at_known_number: 0.1,
            known_at_unknown_number: 0.3,
            recognise_at: 0.99,
            probably_at: 0.6,
        }
    }
}
