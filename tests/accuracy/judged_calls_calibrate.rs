//! `regulars calibrate` as a program, on calls that agents have judged: a database file of its own, made-up people.

use std::process::{Command, Output};

use regulars::base::{CallId, Line, Pii, UnixMillis, clock};
use regulars::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use regulars::identity::{JudgedCall, State, Trial};
use regulars::store::{KeySource, Options, Store};
use regulars::voice::{Bandwidth, ModelId, ModelSource, Quality, Score};

const PEOPLE: usize = 25;

struct Shop {
    url: String,
    model: ModelId,
    _folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("shop.db").display());
        Self { url, model: ModelSource::default().id().unwrap(), _folder: folder }
    }

    async fn store(&self) -> Store {
        Store::open(Options { url: self.url.clone(), key: KeySource::Beside }).await.unwrap()
    }

    /// Calls compared with the caller's own print and another's. In one of five the other print fits better: ratios claim
    /// more than they know.
    async fn judge(&self, calls: usize) {
        let store = self.store().await;
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            let customer = store.create_customer(Pii::new(format!("Person {n}")), None, UnixMillis(0)).await.unwrap();
            store.record_consent(yes(&customer)).await.unwrap();
            people.push(customer);
        }
        for n in 0..calls {
            let (own, other) = (&people[n % PEOPLE], &people[(n + 1) % PEOPLE]);
            let scores = if n.is_multiple_of(5) { [0.2, 0.9] } else { [0.9, 0.2] };
            let trial = |(customer, score): (&CustomerId, f32)| Trial {
                customer: customer.clone(),
                score: Score(score),
                enrolled_calls: 1,
            };
            let call = JudgedCall {
                call: CallId::new(format!("call-{n}")),
                at: clock::wall(),
                line: Line::new("shop"),
                bandwidth: Bandwidth::Narrow,
                quality: Quality { net_speech_ms: 5_000, snr_db: 20.0 },
                state: State::Recognised,
                named: Some((if n.is_multiple_of(5) { other } else { own }.clone(), 0.995)),
                truth: Some(own.clone()),
                trials: [own, other].into_iter().zip(scores).map(trial).collect(),
            };
            store.record_judged(&call, &self.model).await.unwrap();
        }
        store.close().await;
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
        let store = format!("store.url={}", self.url);
        command.args(args).args(["--set", &store]).output().unwrap()
    }

    /// The line in force, and what the audit has of it, newest first.
    async fn held(&self) -> (Option<f64>, Vec<String>) {
        let store = self.store().await;
        let line = store.site_calibration(&self.model).await.unwrap().map(|taken_up| taken_up.line.scale);
        let audit = store.audit_rows(10).await.unwrap().into_iter().filter(|row| row.action == "calibrate");
        let audit = audit.map(|row| row.detail).collect();
        store.close().await;
        (line, audit)
    }
}

fn yes(customer: &CustomerId) -> ConsentRecord {
    ConsentRecord {
        customer: customer.clone(),
        purpose: Purpose::Recognise,
        given: true,
        at: UnixMillis(0),
        script: "phone-en-2".to_owned(),
        language: "en".to_owned(),
        channel: ConsentChannel::Spoken,
        operator: "pia".to_owned(),
        call: None,
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_dry_run_changes_nothing_a_run_does_and_a_reset_takes_it_back_each_with_its_line_in_the_audit() {
    let shop = Shop::new();
    shop.judge(150).await;
    let dry = shop.run(&["calibrate", "--dry-run"]);
    let words = said(&dry);
    assert!(dry.status.success() && words.contains("a dry run: nothing is changed"), "{words}");
    assert!(words.contains("150 trials of one person and 150 of two, by 25 people"), "{words}");
    assert_eq!(shop.held().await, (None, vec![]));

    let words = said(&shop.run(&["calibrate"]));
    assert!(words.contains("taken up, from the next start on"), "{words}");
    let (scale, audit) = shop.held().await;
    assert!(scale.is_some_and(|scale| scale < 0.9), "one wrong in five is worth less than was claimed: {scale:?}");
    assert_eq!(audit.len(), 1);
    assert!(audit[0].contains(&format!("scale {:.3}", scale.unwrap())), "{audit:?}");

    // What was taken up is not better than itself.
    let words = said(&shop.run(&["calibrate"]));
    assert!(words.contains("no better than what holds now; nothing is changed"), "{words}");
    assert_eq!(shop.held().await, (scale, audit));
    assert!(shop.run(&["calibrate", "--reset"]).status.success());
    let (scale, audit) = shop.held().await;
    assert_eq!((scale, audit.len()), (None, 2));
}

#[tokio::test]
async fn with_too_few_calls_nothing_is_fitted_and_what_is_missing_is_said() {
    let shop = Shop::new();
    shop.judge(39).await;
    let refused = shop.run(&["calibrate"]);
    let words = said(&refused);
    assert!(!refused.status.success() && words.contains("there must be 40 of each kind, by 20 people"), "{words}");
    assert_eq!(shop.held().await, (None, vec![]));
}

#[tokio::test]
async fn the_curve_is_printed_drawn_and_in_the_json_as_soon_as_there_are_trials_enough() {
    let shop = Shop::new();
    shop.judge(150).await;
    let folder = tempfile::tempdir().unwrap();
    let text = said(&shop.run(&["accuracy", "--plots", folder.path().to_str().unwrap()]));
    assert!(text.contains("misses where 10 % false alarms are let through: 100.0 [97.5-100.0] of 150"), "{text}");
    assert!(text.contains("misses where  1 % false alarms are let through: too few trials of two people"), "{text}");
    let svg = std::fs::read_to_string(folder.path().join("judged.det.svg")).unwrap();
    assert!(svg.contains("misses, %") && svg.contains("line shop"));
    let json: serde_json::Value = serde_json::from_str(&said(&shop.run(&["accuracy", "--json"]))).unwrap();
    let det = &json["groups"]["all"]["det"];
    // Two scores: one of five is on the wrong side on both sides.
    assert!((det["eer"]["value"].as_f64().unwrap() - 0.2).abs() < 1e-9, "{det}");
    assert_eq!(det["curve"].as_array().unwrap().first(), Some(&serde_json::json!([0.0, 1.0])));
    assert_eq!(json["groups"]["line shop"]["det"]["targets"], 150);
}
