//! Why a model could not be fitted.

/// The shop's file and rows are the caller's to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error(
        "{found} customers have ordered again; below {needed} the parameters would say more of chance than of the shop"
    )]
    TooFewRepeatBuyers { found: usize, needed: usize },
    #[error("{model}: no parameters fit these customers; they are too much alike, or not of one shop")]
    NoOptimum { model: &'static str },
}

/// Repeat buyers below which nothing is fitted. A judgement: four parameters at 25 customers each.
pub const MIN_REPEAT_BUYERS: usize = 100;

/// Refuses what is too few to fit on.
pub(super) fn enough(found: usize) -> Result<(), ValueError> {
    if found < MIN_REPEAT_BUYERS {
        return Err(ValueError::TooFewRepeatBuyers { found, needed: MIN_REPEAT_BUYERS });
    }
    Ok(())
}
