//! The goals of the first release, by the command that anyone can run.

use crate::eval_reports::{Line, eval};

/// Five seconds of net speech: equal error rate at most, first place at least, both in percent.
const GOALS: [(&str, f64, f64); 3] = [("tel.csv", 1.0, 99.0), ("tn.csv", 3.0, 94.0), ("tx.csv", 10.0, 55.0)];

#[test]
fn within_the_goals_on_a_clean_line_in_noise_and_over_another_phone() {
    let Some(folder) = crate::eval_reports::development_data() else { return };
    for (manifest, highest_eer, lowest_rank_1) in GOALS {
        let output = eval(&[folder.join(manifest).to_str().unwrap(), "--seconds", "5"]);
        let Line { eer, rank_1, cllr, .. } = Line::parse(&output, 5.0);
        assert!(eer <= highest_eer, "{manifest}: EER {eer} %\n{output}");
        assert!(rank_1 >= lowest_rank_1, "{manifest}: rank-1 {rank_1} %\n{output}");
        // Always answering "no idea" costs 1.
        assert!(cllr < 0.5, "{manifest}: Cllr {cllr}\n{output}");
    }
}
