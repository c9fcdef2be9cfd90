//! What is heard after the answer. Synthetic voices: plumbing, never accuracy.

use regulars::desk::wire::proto::{Card, ConfirmIdentityRequest, RecognitionState};
use regulars::voice::{Bandwidth, Origin};

use crate::house::{ANNA, CARL, House, NUMBER, recordings, sound};

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_handed_on_is_said_on_the_card_and_the_next_voice_is_recognised() {
    let house = House::open(&[]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    let carl = house.customer("Carl Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    house.enroll(&carl, CARL).await;
    let mut screen = house.screen().await;
    let both = [&recordings(ANNA, "probe")[..1], &recordings(CARL, "probe")].concat();
    let phone = house.call(Some(NUMBER), &both);
    let card = screen.until("Anna", |card| card.state() == RecognitionState::Recognised).await;
    assert_eq!((card.candidates[0].customer_id.as_str(), card.notice.as_str()), (anna.as_str(), ""));
    let card = screen.until("the change", |card| card.notice.contains("The voice has changed")).await;
    assert_ne!(card.profile.map(|profile| profile.customer_id), Some(anna.to_string()), "her card is gone");
    let recognised = |card: &_| matches!(card, Card { profile: Some(p), .. } if p.name == "Carl Test");
    let card = screen.until("Carl", recognised).await;
    assert!(card.notice.contains("The voice has changed"), "until an agent has said who it is");
    let confirm = ConfirmIdentityRequest { call_id: card.call_id, customer_id: carl.to_string(), agent: "Sal".into() };
    screen.client.confirm_identity(confirm).await.unwrap();
    screen.until("no more notice", |card| card.notice.is_empty()).await;
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_call_joins_the_print_and_an_unconfirmed_one_does_not() {
    // It says the same in both calls, which would be noticed as a replay.
    let house = House::open(&["call.wrap_up_s=0", "voice.replay_days=0"]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let store = &house.service().store;
    let model = house.model.embedder.model().clone();
    let before = store.voiceprints(&model).await.unwrap().remove(0).1;
    let said = [sound(&recordings(ANNA, "probe")), sound(&recordings(ANNA, "enroll")[..1])].concat();
    for confirmed in [false, true] {
        let mut screen = house.screen().await;
        let phone = house.call_to_the_end(Some(NUMBER), &said);
        let card = screen.until("recognised", |card| card.profile.is_some()).await;
        if confirmed {
            let (call_id, customer_id) = (card.call_id, anna.to_string());
            let confirm = ConfirmIdentityRequest { call_id, customer_id, agent: "Sal".into() };
            screen.client.confirm_identity(confirm).await.unwrap();
        }
        phone.ended().await;
        screen.until_empty().await;
        if !confirmed {
            assert_eq!(store.voiceprints(&model).await.unwrap().remove(0).1, before);
        }
    }
    let mut in_use = house.service().registry.voiceprints();
    let joined = |prints: &std::sync::Arc<regulars::call::Voiceprints>| {
        prints.get(&anna).is_some_and(|print| print.centroids().len() > before.centroids().len())
    };
    tokio::time::timeout(crate::house::PATIENCE, in_use.wait_for(joined)).await.expect("it never joined").unwrap();
    let after = store.voiceprints(&model).await.unwrap().remove(0).1;
    let new = after.centroids().last().unwrap();
    assert_eq!((new.origin, new.bandwidth), (Origin::Refreshed, Some(Bandwidth::Narrow)));
    assert!(new.net_speech_ms >= 10_000 && before.score(&new.embedding).0 > 0.7);
    let audit = store.audit_rows(1).await.unwrap().remove(0);
    assert_eq!((audit.action.as_str(), audit.operator.as_str(), audit.customer), ("refresh", "Sal", Some(anna)));
    house.stop().await;
}
