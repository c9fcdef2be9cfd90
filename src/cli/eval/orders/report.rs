//! The figures as a table.

use std::fmt;

use super::measure::Measured;
use super::metrics::Figures;

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights = &self.weights;
        writeln!(
            f,
            "weights: prior {:.1} orders, recency {:.3}, other daypart {:.2}, other weekday {:.2}, items' prior {:.0}, breadth {:.2}",
            weights.prior_orders,
            weights.recency,
            weights.other_daypart,
            weights.other_weekday,
            weights.item_prior,
            weights.breadth
        )?;
        writeln!(f, "{:22} customers  Recall    NDCG     PHR   first   exact     ECE   Brier", "")?;
        for (name, figures) in self.groups.iter().filter(|(_, figures)| figures.customers > 0) {
            line(f, name, figures)?;
        }
        line(f, "after newest order", &self.after_newest)?;
        line(f, "personal frequency", &self.personal_frequency)?;
        line(f, "TIFUKNN", &self.tifuknn)
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, figures: &Figures) -> fmt::Result {
    write!(f, "{name:22} {:9}", figures.customers)?;
    let Figures { recall, ndcg, hit, first, exact, ece, brier_skill, .. } = *figures;
    for figure in [recall, ndcg, hit, first, exact, ece, brier_skill] {
        match figure {
            Some(figure) => write!(f, "  {figure:6.4}")?,
            None => write!(f, "  {:>6}", "-")?,
        }
    }
    writeln!(f)
}
