//! What the default model is held to, by the command that anyone can run. The network was trained on other people, and
//! cross-validation keeps the normalisation from those that it is tried on.

use crate::eval_reports::{Line, eval};

/// Five seconds of net speech: equal error rate at most, first place at least, both in percent.
const GOALS: [(&str, f64, f64); 3] = [("tel.csv", 0.6, 99.0), ("tn.csv", 1.2, 97.0), ("tx.csv", 3.5, 85.0)];
/// What calibration may add to the least cost of the same scores, in bits.
const CALIBRATION_LOSS: f64 = 0.05;

#[test]
fn within_the_goals_on_a_clean_line_in_noise_and_over_another_phone() {
    let Some(folder) = crate::eval_reports::development_data() else { return };
    let manifests = GOALS.map(|(manifest, ..)| folder.join(manifest).to_str().unwrap().to_owned());
    let [tel, tn, tx] = manifests.each_ref().map(String::as_str);
    let output = eval(&[tel, tn, tx, "--seconds", "5", "--cross-validate"]);
    for (manifest, highest_eer, lowest_rank_1) in GOALS {
        let Line { eer, rank_1, min_cllr, cllr } = Line::parse(output.split_once(manifest).unwrap().1, 5.0);
        assert!(eer <= highest_eer, "{manifest}: EER {eer} %\n{output}");
        assert!(rank_1 >= lowest_rank_1, "{manifest}: rank-1 {rank_1} %\n{output}");
        assert!(cllr - min_cllr <= CALIBRATION_LOSS, "{manifest}: Cllr {cllr}, minCllr {min_cllr}\n{output}");
    }
}

#[test]
fn a_likelihood_ratio_says_much_more_than_nothing() {
    let Some(folder) = crate::eval_reports::development_data() else { return };
    let output = eval(&[folder.join("tx.csv").to_str().unwrap(), "--seconds", "5"]);
    let Line { cllr, .. } = Line::parse(&output, 5.0);
    assert!(cllr < 0.25, "another phone: Cllr {cllr}, and always answering \"no idea\" costs 1\n{output}");
}
