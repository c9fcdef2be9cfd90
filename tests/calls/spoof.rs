//! A model that takes loud voices for synthetic ones: advice on the card, and nothing else.

use regulars::config::ConfigArgs;
use regulars::customer::CustomerId;
use regulars::desk::wire::proto::{Card, ConfirmIdentityRequest};
use regulars::service::Service;
use regulars::speech::{FrontEnd, Reading};
use regulars::voice::SpoofModel;

use crate::house::{ANNA, House, NUMBER, recordings, sound};
use crate::loudness::loudness;

const NOTICE: &str = "The voice may be synthetic or played back, by model loudness. Ask something new.";

fn said() -> Vec<f32> {
    sound(&[recordings(ANNA, "probe"), recordings(ANNA, "enroll")].concat())
}

/// The same voice from further away: 14 dB less.
fn quietly() -> Vec<f32> {
    said().into_iter().map(|sample| 0.2 * sample).collect()
}

/// The mean log mel of what is said, over all its windows.
fn level(samples: &[f32]) -> f32 {
    let features = SpoofModel::from_bytes("loudness", &loudness(0.0, &[])).unwrap().features();
    let mut front_end = FrontEnd::reading(Reading { spoof: Some(features), ..Reading::default() }, 8000).unwrap();
    let mut rows = Vec::new();
    for packet in samples.chunks(160) {
        front_end.push(packet);
        rows.extend(std::iter::from_fn(|| front_end.next_window()).flat_map(|window| window.spoof.unwrap()));
    }
    rows.iter().sum::<f32>() / rows.len() as f32
}

/// Anna has agreed. The model's middle lies between what is loud and what is quiet.
async fn house_with_anna(folder: &tempfile::TempDir) -> (House, CustomerId) {
    let middle = (level(&said()) + level(&quietly())) / 2.0;
    let model = folder.path().join("loudness");
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join("model.onnx"), loudness(middle, &[])).unwrap();
    let models = format!("voice.models={}", folder.path().display());
    let house = House::open(&["call.wrap_up_s=1", &models, "voice.spoof_model=loudness"]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    (house, anna)
}

/// Its card when she is recognised, and its last one, in a call to the end that an agent confirms.
async fn call(house: &House, samples: &[f32], anna: &CustomerId) -> (Card, Card) {
    let mut screen = house.screen().await;
    let phone = house.call_to_the_end(Some(NUMBER), samples);
    let recognised = screen.until("recognised", |card| card.profile.is_some()).await;
    let call_id = recognised.call_id.clone();
    let confirm = ConfirmIdentityRequest { call_id, customer_id: anna.to_string(), agent: "Sal".into() };
    screen.client.confirm_identity(confirm).await.unwrap();
    phone.ended().await;
    let last = screen.until("the hang-up", |card| card.end_cause != 0).await;
    screen.until_empty().await;
    (recognised, last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_the_model_calls_synthetic_is_recognised_all_the_same_and_the_agent_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (house, anna) = house_with_anna(&folder).await;
    let (recognised, last) = call(&house, &said(), &anna).await;
    assert_eq!(recognised.candidates[0].customer_id, anna.as_str());
    assert!(last.notice.starts_with(NOTICE), "{}", last.notice);
    let spoof = house.service().store.audit_rows(10).await.unwrap().into_iter().find(|row| row.action == "spoof");
    let spoof = spoof.expect("a row of the audit");
    assert_eq!((spoof.operator.as_str(), spoof.detail.as_str()), ("service", "loudness"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_it_calls_a_persons_has_nothing_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (house, anna) = house_with_anna(&folder).await;
    let (_, last) = call(&house, &quietly(), &anna).await;
    assert!(!last.notice.contains("synthetic"), "{}", last.notice);
    let rows = house.service().store.audit_rows(10).await.unwrap();
    assert!(rows.iter().all(|row| row.action != "spoof"));
    house.stop().await;
}

#[tokio::test]
async fn a_service_does_not_start_with_a_file_that_is_no_such_model() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.onnx"), loudness(0.0, &[("score", None)])).unwrap();
    let store = format!("store.url=sqlite:{}", folder.path().join("house.db").display());
    let spoof = format!("voice.spoof_model={}", folder.path().display());
    let set = ["sip.listen=udp:127.0.0.1:0", "desk.listen=127.0.0.1:0", &store, &spoof].map(str::to_owned).to_vec();
    let config = ConfigArgs { config: None, set }.load().unwrap();
    let sentence = Service::start(config).await.err().unwrap().to_string();
    assert!(sentence.contains("lack `score`") && sentence.contains("voice.spoof_model = \"\""), "{sentence}");
}
