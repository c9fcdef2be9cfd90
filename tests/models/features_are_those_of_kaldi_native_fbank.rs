use regulars::speech::KaldiFbank;
use regulars::voice::Fidelity;

use crate::oracle::{options, oracle};

/// What the issue asks for. Logarithms lie between -16 and 25.
const TOLERANCE: f32 = 1e-3;

const KINDS: [(&str, &str, Fidelity); 5] = [
    ("wespeaker", "wespeaker-resnet34", Fidelity::Compat),
    ("wespeaker-faithful", "wespeaker-resnet34", Fidelity::Faithful),
    ("3d-speaker", "3d-speaker-campplus", Fidelity::Compat),
    ("3d-speaker-faithful", "3d-speaker-campplus", Fidelity::Faithful),
    ("nemo", "nemo-titanet", Fidelity::Compat),
];

#[test]
fn each_frameworks_features_agree_frame_by_frame() {
    let Some(oracle) = oracle() else { return };
    for (kind, model, fidelity) in KINDS {
        let options = options(&oracle.embedder(model, fidelity));
        let answers = oracle.answers["features"].as_array().unwrap().iter().filter(|answer| answer["kind"] == kind);
        let mut compared = 0;
        for answer in answers {
            let clip = answer["clip"].as_str().unwrap();
            let wanted = oracle.floats(&format!("{clip}-{kind}"));
            let found = KaldiFbank::of_recording(options, &oracle.floats(clip));
            assert_eq!(found.len(), wanted.len(), "{clip} for {kind}");
            assert_eq!(wanted.len(), 80 * answer["frames"].as_u64().unwrap() as usize);
            let apart = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            eprintln!("{clip} for {kind}: largest difference {apart:.1e}");
            assert!(apart <= TOLERANCE, "{clip} for {kind}: {apart}");
            compared += 1;
        }
        assert_eq!(compared, 4, "{kind}");
    }
}
