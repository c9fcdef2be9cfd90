//! No print without a yes, none after a no.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use regulars::base::CallId;
use regulars::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use regulars::store::{OtherModel, StoreError};
use regulars::voice::{ModelId, Voiceprint};

use crate::fixture::{Fixture, NOW, heard, model, number, print, yes, yes_after};

async fn enrolled(at: &Fixture) -> Vec<CustomerId> {
    at.store.voiceprints(&model()).await.unwrap().into_iter().map(|(customer, _)| customer).collect()
}

pub async fn a_print_comes_back_as_it_was_and_for_its_model_only(at: &Fixture) {
    let anna = at.customer("Anna Example", Some(&number(1))).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let prints = at.store.voiceprints(&model()).await.unwrap();
    assert_eq!(prints.len(), 1);
    let (customer, found) = &prints[0];
    assert_eq!((customer, &found.model, found.net_speech_ms(), found.calls()), (&anna, &model(), 12_001, 1));
    assert!(found.pooled().cosine(&print(1).pooled()).0 > 0.999_999);
    let other = ModelId::new("fedcba9876543210-1");
    assert!(at.store.voiceprints(&other).await.unwrap().is_empty());
    assert!(!at.store.people_at(&number(1), &other).await.unwrap()[0].recognisable);
    let audit = at.store.audit_rows(1).await.unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].operator.as_str()), ("enroll", "pia"));
}

pub async fn enrolling_again_replaces_the_print(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    at.store.enroll(yes_after(&anna, 1), print(2)).await.unwrap();
    let prints = at.store.voiceprints(&model()).await.unwrap();
    assert_eq!((prints.len(), prints[0].1.net_speech_ms()), (1, 12_002));
    assert_eq!(at.count("consents").await, 2);
}

pub async fn prints_of_two_models_lie_side_by_side_and_a_no_takes_both(at: &Fixture) {
    let (anna, ben) = (at.customer("Anna Example", Some(&number(1))).await, at.customer("Ben Example", None).await);
    let newer = ModelId::new("fedcba9876543210-1");
    let of_newer = |seed| Voiceprint::new(newer.clone(), vec![heard(seed)]).unwrap();
    assert_eq!(at.store.other_models(&newer).await.unwrap(), []);
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    at.store.enroll(yes(&ben), print(2)).await.unwrap();
    let asleep = |voiceprints, waiting| [OtherModel { model: model(), voiceprints, waiting }];
    assert_eq!(at.store.other_models(&newer).await.unwrap(), asleep(2, 2));
    assert_eq!(at.store.other_models(&model()).await.unwrap(), []);

    // Anna is asked again under the newer model; her old print stays for the day on which the model is set back.
    at.store.enroll(yes_after(&anna, 1), of_newer(3)).await.unwrap();
    assert_eq!(at.store.other_models(&newer).await.unwrap(), asleep(2, 1));
    for (model, print) in [(model(), print(1)), (newer.clone(), of_newer(3))] {
        let prints = at.store.voiceprints(&model).await.unwrap();
        let hers = &prints.iter().find(|(customer, _)| *customer == anna).unwrap().1;
        assert_eq!((&hers.model, hers.net_speech_ms()), (&model, print.net_speech_ms()));
        assert!(hers.pooled().cosine(&print.pooled()).0 > 0.999_999);
        assert!(at.store.people_at(&number(1), &model).await.unwrap()[0].recognisable);
    }
    let mut destroyed =
        at.store.withdraw(&anna, Purpose::Recognise, "pia", None, yes_after(&anna, 2).at).await.unwrap();
    destroyed.voiceprints.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(destroyed.voiceprints, [model(), newer.clone()]);
    assert_eq!(at.store.other_models(&newer).await.unwrap(), asleep(1, 1));
}

pub async fn a_withdrawal_leaves_no_print_and_can_be_taken_back(at: &Fixture) {
    let (anna, ben) = (at.customer("Anna Example", Some(&number(1))).await, at.customer("Ben Example", None).await);
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    at.store.enroll(yes(&ben), print(2)).await.unwrap();
    let call = CallId::new("call-1");
    let destroyed = at.store.withdraw(&anna, Purpose::Recognise, "pia", Some(&call), NOW).await.unwrap();
    assert_eq!(destroyed.voiceprints, [model()]);
    assert_eq!(enrolled(at).await, std::slice::from_ref(&ben));
    assert_eq!(at.count("voiceprints").await, 1);
    assert!(!at.store.people_at(&number(1), &model()).await.unwrap()[0].recognisable);
    assert_eq!(at.store.audit_rows(1).await.unwrap()[0].action, "withdraw");
    // Once more is no error; there is nothing left to destroy.
    let again = at.store.withdraw(&anna, Purpose::Recognise, "pia", None, NOW).await.unwrap();
    assert_eq!(again.voiceprints, []);
    at.store.enroll(yes_after(&anna, 1), print(1)).await.unwrap();
    assert!(enrolled(at).await.contains(&anna));
    let nobody = at.store.withdraw(&CustomerId::new("nobody"), Purpose::Recognise, "pia", None, NOW).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCustomer(_))));
}

/// The insert of someone who does not go through the store.
fn insert(customer: &CustomerId, consent: &str, given: &str) -> String {
    let (blob, nonce) = ("CAST('x' AS BLOB)", format!("CAST('{}' AS BLOB)", "n".repeat(24)));
    format!(
        "INSERT INTO voiceprints (customer, model, consent, given, sealed, nonce, net_speech_ms, calls, enrolled_ms)
         VALUES ('{customer}', 'm', {consent}, {given}, {blob}, {nonce}, 1, 1, 1)"
    )
}

pub async fn no_print_without_the_newest_yes(at: &Fixture) {
    let (anna, ben) = (at.customer("Anna Example", None).await, at.customer("Ben Example", None).await);
    let blob = |sql: String| if at.is_postgres() { sql.replace("BLOB", "BYTEA") } else { sql };
    let attempt = |customer: &CustomerId, consent: &str, given: &str| blob(insert(customer, consent, given));
    let last = |customer: &CustomerId, given: &str| {
        format!("(SELECT max(seq) FROM consents WHERE customer = '{customer}' AND given = {given})")
    };
    assert!(at.raw(&attempt(&anna, "1", "TRUE")).await.is_err(), "no consent at all");
    assert!(at.raw(&attempt(&anna, "NULL", "TRUE")).await.is_err(), "no consent at all");
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    assert!(at.raw(&attempt(&ben, &last(&anna, "TRUE"), "TRUE")).await.is_err(), "another person's yes");
    assert!(at.raw(&attempt(&anna, &last(&anna, "TRUE"), "FALSE")).await.is_err(), "a yes called a no");
    at.store.withdraw(&anna, Purpose::Recognise, "pia", None, NOW).await.unwrap();
    assert!(at.raw(&attempt(&anna, &last(&anna, "FALSE"), "TRUE")).await.is_err(), "a no called a yes");
    assert!(at.raw(&attempt(&anna, &last(&anna, "FALSE"), "FALSE")).await.is_err(), "a no");
    assert!(at.raw(&attempt(&anna, &last(&anna, "TRUE"), "TRUE")).await.is_err(), "a yes that was withdrawn");
    at.store.enroll(yes_after(&anna, 1), print(1)).await.unwrap();
    assert_eq!(at.count("voiceprints").await, 1);
    let old = format!("UPDATE voiceprints SET consent = (SELECT min(seq) FROM consents WHERE customer = '{anna}')");
    assert!(at.raw(&old).await.is_err(), "moved to a yes that was withdrawn");
    assert!(at.raw(&format!("UPDATE voiceprints SET customer = '{ben}'")).await.is_err(), "moved to another person");
    at.raw(&attempt(&anna, &last(&anna, "TRUE"), "TRUE")).await.expect("the same statement with the newest yes");
    let refused = at.store.enroll(ConsentRecord { given: false, ..yes(&anna) }, print(1)).await;
    assert!(matches!(refused, Err(StoreError::NotConsented)));
}

pub async fn a_no_written_by_anyone_deletes_the_prints(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let no = format!(
        "INSERT INTO consents (customer, purpose, given, at_ms, script, language, channel, operator)
         VALUES ('{anna}', 'recognise', FALSE, 1, 's', 'en', 'operator', 'pia')"
    );
    at.raw(&no).await.unwrap();
    assert_eq!(at.count("voiceprints").await, 0);
}

pub async fn a_record_tells_a_key_from_a_word(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let by_key = ConsentRecord { channel: ConsentChannel::KeyPress, ..yes_after(&anna, 1) };
    at.store.enroll(by_key, print(1)).await.unwrap();
    assert_eq!(at.count("consents WHERE channel = 'spoken'").await, 2);
    assert_eq!(at.count("consents WHERE by_key").await, 1);
}

pub async fn consents_and_audit_are_append_only(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    let mut attempts = Vec::new();
    for (table, column) in [("consents", "operator"), ("audit", "operator")] {
        attempts.push(format!("UPDATE {table} SET {column} = 'someone'"));
        attempts.push(format!("DELETE FROM {table}"));
        if at.is_postgres() {
            attempts.push(format!("TRUNCATE {table} CASCADE"));
        } else {
            attempts.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
        }
    }
    for attempt in attempts {
        let refused = at.raw(&attempt).await.expect_err(&attempt);
        assert!(refused.contains("append-only"), "{attempt}: {refused}");
    }
    assert_eq!((at.count("consents").await, at.count("audit").await), (1, 1));
}

pub async fn a_sealed_print_shows_nothing_and_fits_its_customer_only(at: &Fixture) {
    let (anna, ben) = (at.customer("Anna Example", None).await, at.customer("Ben Example", None).await);
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    at.store.enroll(yes(&ben), print(2)).await.unwrap();
    for value in heard(1).embedding.values().chunks_exact(2) {
        let plain: String = value.iter().flat_map(|v| v.to_le_bytes()).map(|byte| format!("{byte:02X}")).collect();
        let hex = if at.is_postgres() { "upper(encode(sealed, 'hex'))" } else { "hex(sealed)" };
        assert_eq!(at.count(&format!("voiceprints WHERE {hex} LIKE '%{plain}%'")).await, 0);
    }
    let swap = format!(
        "UPDATE voiceprints SET sealed = (SELECT sealed FROM voiceprints WHERE customer = '{ben}'),
         nonce = (SELECT nonce FROM voiceprints WHERE customer = '{ben}') WHERE customer = '{anna}'"
    );
    assert_eq!(at.raw(&swap).await, Ok(1));
    let opened = at.store.voiceprints(&model()).await;
    assert!(matches!(&opened, Err(StoreError::SealBroken { customer }) if *customer == anna), "{opened:?}");
}

/// Polls at most `polls` times, then drops the future where it stands, as a hang-up or a shutdown would.
async fn cut_off<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

pub async fn an_enrolment_is_whole_or_not_at_all(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let mut finished = false;
    for polls in 1..200 {
        let outcome = cut_off(at.store.enroll(yes_after(&anna, polls as i64), print(1)), polls).await;
        let prints = enrolled(at).await.len();
        let (consents, audit) =
            (at.count("consents WHERE given").await, at.count("audit WHERE action = 'enroll'").await);
        assert_eq!(consents, audit, "cut off after {polls} polls");
        assert_eq!(prints, usize::from(consents > 0), "cut off after {polls} polls");
        if let Some(outcome) = outcome {
            outcome.unwrap();
            assert_eq!(prints, 1);
            finished = true;
            break;
        }
    }
    assert!(finished, "200 polls were not enough for one enrolment");
    let nobody = at.store.enroll(yes(&CustomerId::new("nobody")), print(1)).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCustomer(_))));
}

pub async fn a_yes_and_a_no_at_once_end_in_a_no(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    for round in 0..20 {
        let agreed = yes_after(&anna, i64::from(round));
        let when = agreed.at;
        let (yes, no) = tokio::join!(
            at.store.enroll(agreed, print(round)),
            at.store.withdraw(&anna, Purpose::Recognise, "pia", None, when)
        );
        no.unwrap();
        assert!(matches!(yes, Ok(()) | Err(StoreError::NotConsented)), "{yes:?}");
        assert_eq!(at.count("voiceprints").await, 0, "round {round}: a print has outlived the no");
    }
}

pub async fn a_yes_recorded_when_it_was_said_is_the_yes_of_the_print(at: &Fixture) {
    let anna = at.customer("Anna Example", Some(&number(1))).await;
    at.store.record_consent(yes(&anna)).await.unwrap();
    assert!(!at.store.people_at(&number(1), &model()).await.unwrap()[0].recognisable, "a yes alone is no voiceprint");
    at.store.enroll(yes(&anna), print(1)).await.unwrap();
    assert_eq!(at.count("consents").await, 1);
    assert!(at.store.people_at(&number(1), &model()).await.unwrap()[0].recognisable);
    // The caller said yes, then no; the enrolment that was under way comes too late.
    at.store.withdraw(&anna, Purpose::Recognise, "pia", None, yes_after(&anna, 5).at).await.unwrap();
    let late = at.store.enroll(yes(&anna), print(1)).await;
    assert!(matches!(late, Err(StoreError::NotConsented)), "{late:?}");
    assert_eq!(at.count("voiceprints").await, 0);
    at.store.record_consent(yes_after(&anna, 6)).await.unwrap();
    at.store.enroll(yes_after(&anna, 6), print(1)).await.unwrap();
    at.store.record_consent(ConsentRecord { given: false, ..yes_after(&anna, 7) }).await.unwrap();
    assert_eq!(at.count("voiceprints").await, 0, "a no by itself takes the print as well");
}
