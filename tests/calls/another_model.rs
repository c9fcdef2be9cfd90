//! A voiceprint of another model is as good as none, until its customer is enrolled again.

use regulars::customer::CustomerId;
use regulars::desk::wire::proto::{Card, EnrollRequest, EnrolmentState, SpokenConsent, VoiceUse, enroll_request::Whom};
use regulars::voice::{ModelId, Voiceprint};

use crate::house::{ANNA, House, NUMBER, recordings, yes_of};

fn another() -> ModelId {
    ModelId::new("0123456789abcdef-fe1-01234567")
}

/// Anna's own voice under another model's name: were it compared, she would be recognised at once.
async fn enroll_under_another_model(house: &House, customer: &CustomerId) {
    let voiceprint = Voiceprint::new(another(), house.voiceprint(ANNA).centroids().to_vec()).unwrap();
    house.service().store.enroll(yes_of(customer), voiceprint).await.unwrap();
    house.service().registry.reload().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_compared_and_a_new_yes_makes_a_print_beside_it() {
    let house = House::open(&["call.wrap_up_s=0"]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    enroll_under_another_model(&house, &anna).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &recordings(ANNA, "enroll"));
    let card = screen.until("an opinion", |card| card.someone_else_chance.is_some()).await;
    assert_eq!(card.voice_use(), VoiceUse::NoConsentedCandidate);

    let consent = SpokenConsent { script_id: "phone-en-2".into(), language: "en".into(), operator: "Sal".into() };
    let whom = Some(Whom::CustomerId(anna.to_string()));
    screen.client.enroll(EnrollRequest { call_id: card.call_id, whom, consent: Some(consent) }).await.unwrap();
    let is = |state| move |card: &Card| card.enrolment.as_ref().is_some_and(|e| e.state() == state);
    let card = screen.until("speech for the voiceprint", is(EnrolmentState::Gathering)).await;
    assert_eq!(card.voice_use(), VoiceUse::NoConsentedCandidate, "still compared with nobody");
    screen.until("the voiceprint", is(EnrolmentState::Stored)).await;
    phone.hang_up().await;
    screen.until_empty().await;

    let store = &house.service().store;
    let others = store.other_models(house.model.embedder.model()).await.unwrap();
    assert_eq!((others.len(), others[0].voiceprints, others[0].waiting), (1, 1, 0), "the old one lies beside");
    let phone = house.call(Some(NUMBER), &recordings(ANNA, "probe"));
    let card = screen.until("recognised", |card| card.profile.is_some()).await;
    assert_eq!(card.profile.unwrap().name, "Anna Test");
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_the_model_in_use_and_counts_what_sleeps() {
    let house = House::open(&[]).await;
    let anna = house.customer("Anna Test", None).await;
    enroll_under_another_model(&house, &anna).await;
    let said = house.doctor().await;
    let line = |starts: &str| said.lines().find(|line| line.starts_with(starts)).unwrap_or_else(|| panic!("{said}"));
    let (name, id) = (house.service().model.name(), house.model.embedder.model());
    assert!(line("ok     model:").contains(&format!("{name}, inside the program ({id})")), "{said}");
    assert!(line("ok     store:").contains("0 voiceprints of this model"), "{said}");
    let note = line("note   voiceprints:");
    assert!(note.contains("1 are of another model (0123456789abcdef-fe1-01234567)"), "{said}");
    assert!(
        note.contains("1 customers have none of the model in use") && note.contains("set voice.model back"),
        "{said}"
    );
    house.stop().await;
}
