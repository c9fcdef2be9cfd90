//! A whole call under a subscriber that keeps every word: no name, no number, no recording's values in the log.

use std::io;
use std::sync::{Arc, Mutex};

use regulars::desk::wire::proto::RecognitionState;
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{ANNA, House, recordings};

/// The one number that this test alone uses: other tests of this program may log at the same time.
const ITS_NUMBER: &str = "+12125550177";

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Kept;

    fn make_writer(&'a self) -> Kept {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_leaves_no_name_number_or_vector_in_the_log() {
    let kept = Kept::default();
    // As much as an operator can ask for, by name.
    let subscriber =
        regulars::telemetry::subscriber("trace,rsipstack=trace,tract_core=trace", kept.clone(), false).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let house = House::open(&["call.wrap_up_s=0"]).await;
    let zacharias = house.customer("Zacharias Unmistakable", Some(ITS_NUMBER)).await;
    house.enroll(&zacharias, ANNA).await;
    let print = house.service().store.voiceprints(house.model.embedder.model()).await.unwrap().remove(0).1;
    let mut screen = house.screen().await;
    let phone = house.call(Some(ITS_NUMBER), &recordings(ANNA, "probe"));
    screen.until("recognised", |card| card.state() == RecognitionState::Recognised).await;
    phone.hang_up().await;
    screen.until_empty().await;
    house.stop().await;

    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("call ended"), "the log was kept: {} bytes", log.len());
    for secret in ["Zacharias", "Unmistakable", "2125550177", "212 555 0177"] {
        let at = log.find(secret);
        assert!(at.is_none(), "{secret:?} is in the log: {:?}", at.map(|at| &log[at.saturating_sub(200)..at + 40]));
    }
    for value in print.pooled().values().iter().chain(print.centroids()[0].embedding.values()) {
        // As any formatter would write it; six digits or fewer could be some duration.
        let digits = value.abs().to_string();
        assert!(digits.len() < 9 || !log.contains(&digits), "a value of the voiceprint is in the log");
    }
}
