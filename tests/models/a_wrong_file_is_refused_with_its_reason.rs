use regulars::voice::{Embedder, Fidelity};

use crate::tiny::Tiny;

fn refusal(model: &[u8]) -> String {
    Embedder::untried(model, Fidelity::Compat).err().unwrap().to_string()
}

#[test]
fn the_same_file_in_order_is_taken() {
    let embedder = Embedder::untried(&Tiny::default().bytes(), Fidelity::Compat).unwrap();
    assert_eq!(embedder.description().unwrap().dimension, 80);
}

#[test]
fn what_is_no_onnx_is_refused() {
    for bytes in [&b"<html>404</html>"[..], b"", &[0xff; 1000]] {
        let sentence = refusal(bytes);
        assert!(sentence.contains("cannot be"), "{sentence}");
    }
}

#[test]
fn a_file_that_does_not_say_how_to_feed_it_is_refused() {
    let mut bare = Tiny::default();
    bare.metadata.clear();
    for (tiny, said) in [
        (bare, "lack `framework`"),
        (Tiny::default().with("framework", Some("pyannote")), "its framework is `pyannote`"),
        (Tiny::default().with("output_dim", None), "lack `output_dim`"),
        (Tiny::default().with("sample_rate", Some("8000")), "sample_rate = 8000"),
    ] {
        let sentence = refusal(&tiny.bytes());
        assert!(sentence.contains(said), "{sentence}");
    }
}

#[test]
fn a_network_of_another_shape_than_promised_is_refused() {
    let sentence = refusal(&Tiny { input: vec![-1, -1, 64], ..Tiny::default() }.bytes());
    assert!(sentence.contains("its input has the shape [?, ?, 64]; 3D-Speaker with 80 bands"), "{sentence}");
    let sentence = refusal(&Tiny { input: vec![-1, 80], ..Tiny::default() }.bytes());
    assert!(sentence.contains("its input has the shape [?, 80]"), "{sentence}");
    let sentence = refusal(&Tiny::default().with("output_dim", Some("192")).bytes());
    assert!(sentence.contains("promise [1, 192]"), "{sentence}");
    let nemo = [("framework", "nemo"), ("feat_dim", "80"), ("window_size_ms", "25"), ("window_stride_ms", "10")]
        .into_iter()
        .fold(Tiny::default(), |tiny, (key, value)| tiny.with(key, Some(value)))
        .with("feature_normalize_type", None);
    let sentence = refusal(&nemo.bytes());
    assert!(sentence.contains("it has 1 inputs and 1 outputs; a model of NeMo has 2"), "{sentence}");
}

#[test]
fn a_network_that_gives_what_is_no_number_is_refused() {
    // 0 / 0, band by band.
    let sentence = refusal(&Tiny { op: "Div", ..Tiny::default() }.bytes());
    assert!(sentence.contains("no number (NaN or infinite)"), "{sentence}");
}

#[test]
fn a_network_that_hears_no_difference_is_not_taken_for_a_speaker_model() {
    // Everything less itself is zero: there is no direction in that.
    let embedder = Embedder::untried(&Tiny { op: "Sub", ..Tiny::default() }.bytes(), Fidelity::Compat).unwrap();
    let sentence = embedder.new_golden(Fidelity::Compat).err().unwrap().to_string();
    assert!(sentence.contains("gave nothing"), "{sentence}");
}
