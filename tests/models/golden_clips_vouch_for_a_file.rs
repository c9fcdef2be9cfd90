use regulars::voice::{Embedder, Fidelity};

use crate::tiny::Tiny;

#[test]
fn a_model_that_gives_what_it_gave_is_taken_and_any_other_refused() {
    let model = Tiny::default().bytes();
    let golden = Embedder::untried(&model, Fidelity::Compat).unwrap().new_golden(Fidelity::Compat).unwrap();
    let embedder = Embedder::from_bytes(&model, golden.as_bytes()).unwrap();
    assert!(embedder.model().as_str().ends_with("k1"), "features of a published model: {}", embedder.model());

    let other = Tiny::default().with("language", Some("Finnish")).bytes();
    let sentence = Embedder::from_bytes(&other, golden.as_bytes()).err().unwrap().to_string();
    assert!(sentence.contains("made for another model file"), "{sentence}");

    let mut changed: serde_json::Value = serde_json::from_str(&golden).unwrap();
    let value = &mut changed["clips"][0]["embedding"][3];
    *value = (value.as_f64().unwrap() + 0.1).into();
    let sentence = Embedder::from_bytes(&model, changed.to_string().as_bytes()).err().unwrap().to_string();
    assert!(sentence.contains("disagree") && sentence.contains("cosine"), "{sentence}");

    let mut changed: serde_json::Value = serde_json::from_str(&golden).unwrap();
    changed["features"] = "faithful".into();
    let sentence = Embedder::from_bytes(&model, changed.to_string().as_bytes()).err().unwrap().to_string();
    assert!(sentence.contains("features differ"), "{sentence}");
}

#[test]
fn the_way_of_feeding_is_part_of_the_name() {
    let model = Tiny::default().bytes();
    let id = |fidelity| Embedder::untried(&model, fidelity).unwrap().model().to_string();
    assert_ne!(id(Fidelity::Compat), id(Fidelity::Faithful));
}
