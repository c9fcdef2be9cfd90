//! Calls that agents have judged, made up: as many as a page needs to show something.

use regulars::base::{CallId, Line, Pii, UnixMillis, clock};
use regulars::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use regulars::identity::{JudgedCall, State, Trial};
use regulars::store::Store;
use regulars::voice::{Bandwidth, Calibration, ModelId, Quality, Score, SiteCalibration};

pub const MODEL: &str = "none-1";
const PEOPLE: usize = 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// A ratio of ten times the score.
pub fn calibration() -> Calibration {
    let text = r#"
        model = "none-1"
        data = "made up"
        attribution = "nobody"
        weights = { bias = 0.0, score = 10.0, speech = 0.0, score_speech = 0.0 }
        limits = { net_speech_ms = [800, 10000], llr = [-7.0, 7.0] }"#;
    Calibration::parse(text).unwrap()
}

/// One call each hour up to now. Three callers in four have a print that is compared, and somebody else's with it; ratios
/// claim more than they know.
pub async fn judge(store: &Store, calls: usize) {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let name = Pii::new(format!("Person {n}"));
        let customer = store.create_customer(name, None, UnixMillis(0)).await.unwrap();
        store.record_consent(yes(&customer)).await.unwrap();
        people.push(customer);
    }
    for n in 0..calls {
        store.record_judged(&call(n, &people), &ModelId::new(MODEL)).await.unwrap();
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
        operator: "Sam".to_owned(),
        call: None,
    }
}

fn call(n: usize, people: &[CustomerId]) -> JudgedCall {
    let pair = [&people[n % PEOPLE], &people[(n + 1) % PEOPLE]];
    let is_mated = n % 4 != 3;
    let scores = [spread(n, 0.618) + if is_mated { 0.4 } else { -0.4 }, spread(n, 0.414) - 0.4];
    let first = usize::from(scores[1] > scores[0]);
    let chance = 1.0 / (1.0 + (-10.0 * scores[first].clamp(-0.7, 0.7)).exp());
    let trial = |(customer, score): (&CustomerId, f32)| Trial {
        customer: customer.clone(),
        score: Score(score),
        enrolled_calls: 2,
    };
    JudgedCall {
        call: CallId::new(format!("call-{n}")),
        at: UnixMillis(clock::wall().0 - n as i64 * HOUR_MS),
        line: Line::new(if n.is_multiple_of(3) { "102" } else { "101" }),
        bandwidth: if n.is_multiple_of(5) { Bandwidth::Wide } else { Bandwidth::Narrow },
        quality: Quality { net_speech_ms: if n.is_multiple_of(13) { 1_600 } else { 5_600 }, snr_db: 20.0 },
        state: match chance {
            0.95.. => State::Recognised,
            0.5.. => State::Probably,
            _ => State::NotKnown,
        },
        named: Some((pair[first].clone(), chance)),
        truth: is_mated.then(|| pair[0].clone()),
        trials: pair.into_iter().zip(scores).map(trial).collect(),
    }
}

/// Logistic, about ±0.5 wide, and the same at every run.
fn spread(n: usize, step: f64) -> f32 {
    let u = ((n + 1) as f64 * step).fract().clamp(0.001, 0.999);
    (0.17 * (u / (1.0 - u)).ln()) as f32
}

/// A line of the shop's own, as `regulars calibrate` leaves it for the next start.
pub async fn calibrate(store: &Store) {
    let line = Some(SiteCalibration { scale: 0.6, offset: -0.1 });
    store.set_site_calibration(&ModelId::new(MODEL), line, "Sam", clock::wall()).await.unwrap();
}
