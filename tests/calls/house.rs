//! A service with people in its books, a telephone to call it with, and a screen to watch.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proto::desk_service_client::DeskServiceClient;
use proto::{Card, WatchDeskRequest};
use regulars::base::{E164, Lifecycle, Pii, UnixMillis};
use regulars::config::ConfigArgs;
use regulars::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use regulars::desk::wire::proto;
use regulars::rtp::Codec;
use regulars::service::Service;
use regulars::sip::SipError;
use regulars::sip::softphone::{CallOutcome, SoftphoneOptions, Tail, place};
use regulars::speech::{FrontEnd, codec, wav};
use regulars::voice::enroll::{Condition, Enroller};
use regulars::voice::{Model, Voiceprint};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use tonic::transport::Channel;

/// A voice of the fixtures, by its place in voices.csv among those that have enrolment recordings.
pub const ANNA: usize = 0;
pub const BEN: usize = 1;
/// Nothing like Anna's.
pub const CARL: usize = 7;

pub const NUMBER: &str = "+12125550123";
pub const LINE: &str = "pizza";
/// Longer than anything takes on a busy machine; only a failure waits for it.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct House {
    pub service: Option<Service>,
    /// The database; gone with the house.
    pub folder: tempfile::TempDir,
    pub model: Model,
}

impl House {
    /// Starts on ports that the system chooses. `set` as after `--set`.
    pub async fn open(set: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (service, model) = start(&folder, set).await;
        Self { service: Some(service), folder, model }
    }

    pub fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    pub async fn stop(mut self) {
        self.service.take().unwrap().stop(std::future::ready(())).await;
    }

    /// Puts a person into the books, with their number.
    pub async fn customer(&self, name: &str, number: Option<&str>) -> CustomerId {
        let number = number.map(|number| E164::parse(number, None).unwrap());
        self.service().store.create_customer(Pii::new(name.to_owned()), number.as_ref(), UnixMillis(0)).await.unwrap()
    }

    /// Notes this customer's yes, with a voiceprint of a fixture voice.
    pub async fn enroll(&self, customer: &CustomerId, voice: usize) {
        self.service().registry.enroll(yes_of(customer), self.voiceprint(voice)).await.unwrap();
    }

    pub fn voiceprint(&self, voice: usize) -> Voiceprint {
        let mut enroller = Enroller::default();
        for file in recordings(voice, "enroll") {
            let wav = wav::parse(&std::fs::read(file).unwrap()).unwrap();
            let mut front_end = FrontEnd::new(wav.sample_rate_hz).unwrap();
            front_end.push(&wav.samples);
            front_end.finish();
            while let Some(window) = front_end.next_window() {
                if window.steady {
                    continue;
                }
                let embedding = self.model.embedder.embed(&window).unwrap();
                enroller.add(&embedding, window.net_speech_ms, Condition::of(&window));
            }
            enroller.next_recording();
        }
        enroller.finish(self.model.embedder.model(), UnixMillis(0)).unwrap()
    }

    /// What `regulars doctor` says of this house's books, on other ports.
    pub async fn doctor(&self) -> String {
        self.command(&["doctor", "--set", "sip.listen=udp:127.0.0.1:0", "--set", "desk.listen=127.0.0.1:0"]).await
    }

    /// What a command says, in a process of its own over this house's books.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_regulars"));
        command.args(arguments).args(["--set", &books(&self.folder)]);
        String::from_utf8(command.output().await.unwrap().stdout).unwrap()
    }

    /// What `regulars accuracy --json` says of this house's books.
    pub async fn accuracy(&self) -> serde_json::Value {
        let store = format!("store.url=sqlite:{}", self.folder.path().join("house.db").display());
        let mut accuracy = tokio::process::Command::new(env!("CARGO_BIN_EXE_regulars"));
        let output = accuracy.args(["accuracy", "--json", "--set", &store]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub async fn screen(&self) -> Screen {
        self.screen_of(LINE).await
    }

    pub async fn screen_of(&self, line: &str) -> Screen {
        let mut client = DeskServiceClient::connect(format!("http://{}", self.service().desk)).await.unwrap();
        let request = WatchDeskRequest { lines: vec![line.into()], agent: "Sal".into() };
        let cards = client.watch_desk(request).await.unwrap().into_inner();
        Screen { client, cards, last: None, all: Vec::new() }
    }

    /// `sip:LINE@...` of the first UDP listener.
    pub fn uri(&self) -> String {
        self.uri_of(LINE)
    }

    fn uri_of(&self, line: &str) -> String {
        let udp = self.service().sip.iter().find(|listen| listen.to_string().starts_with("udp")).unwrap();
        format!("sip:{line}@{}", udp.addr)
    }
}

fn books(folder: &tempfile::TempDir) -> String {
    format!("store.url=sqlite:{}", folder.path().join("house.db").display())
}

/// A service over the books in `folder`.
pub async fn start(folder: &tempfile::TempDir, set: &[&str]) -> (Service, Model) {
    let store = books(folder);
    let own = ["sip.listen=udp:127.0.0.1:0,tcp:127.0.0.1:0", "desk.listen=127.0.0.1:0", "voice.threads=2", &store];
    let set = own.iter().chain(set).map(|s| (*s).to_owned()).collect();
    let config = ConfigArgs { config: None, set }.load().unwrap();
    let service = Service::start(config).await.unwrap();
    let model = service.model.load().unwrap();
    (service, model)
}

/// Recordings of the `voice`-th voice; `role` as in voices.csv. Voices without enrolment are the strangers.
pub fn recordings(voice: usize, role: &str) -> Vec<PathBuf> {
    let (speakers, rows) = voices();
    let enrolled: Vec<&String> =
        speakers.iter().filter(|s| rows.iter().any(|(of, role, _)| of == *s && role == "enroll")).collect();
    files(&rows, enrolled[voice], role)
}

/// What is in these files, one after the other.
pub fn sound(files: &[PathBuf]) -> Vec<f32> {
    files.iter().flat_map(|file| wav::parse(&std::fs::read(file).unwrap()).unwrap().samples).collect()
}

/// What is in this file of the fixtures.
pub fn fixture(file: &str) -> Vec<f32> {
    sound(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file)])
}

/// What the first voice says that is not enrolled anywhere.
pub fn stranger() -> Vec<PathBuf> {
    let (speakers, rows) = voices();
    let strange = speakers.iter().find(|s| !rows.iter().any(|(of, role, _)| of == *s && role == "enroll")).unwrap();
    files(&rows, strange, "probe")
}

type Row = (String, String, PathBuf);

fn voices() -> (Vec<String>, Vec<Row>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/speech");
    let mut rows = Vec::new();
    for row in csv::Reader::from_path(folder.join("voices.csv")).unwrap().into_records() {
        let row = row.unwrap();
        rows.push((row[0].to_owned(), row[1].to_owned(), folder.join(&row[3])));
    }
    let mut speakers: Vec<String> = rows.iter().map(|(speaker, _, _)| speaker.clone()).collect();
    speakers.dedup();
    (speakers, rows)
}

fn files(rows: &[Row], speaker: &str, role: &str) -> Vec<PathBuf> {
    rows.iter().filter(|(of, its, _)| of == speaker && its == role).map(|(_, _, file)| file.clone()).collect()
}

pub struct Screen {
    pub client: DeskServiceClient<Channel>,
    cards: Streaming<proto::WatchDeskResponse>,
    pub last: Option<Card>,
    /// What [`Screen::until_of`] saw last.
    all: Vec<Card>,
}

impl Screen {
    /// Waits until the newest card is as wanted. The limit is there to fail a test, not to measure.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Card) -> bool) -> Card {
        let search = async {
            loop {
                if let Some(card) = self.last.as_ref().filter(|card| wanted(card)) {
                    return card.clone();
                }
                let state = self.cards.message().await.unwrap().expect("the desk closed");
                self.last = state.cards.into_iter().next_back();
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("the card never came to: {what}"))
    }

    /// As [`Screen::until`], of the call from this number.
    pub async fn until_of(&mut self, number: &str, what: &str, wanted: impl Fn(&Card) -> bool) -> Card {
        let search = async {
            loop {
                if let Some(card) = self.all.iter().find(|card| card.number == number && wanted(card)) {
                    return card.clone();
                }
                self.all = self.cards.message().await.unwrap().expect("the desk closed").cards;
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("the card never came to: {what}"))
    }

    /// Waits until no card is left.
    pub async fn until_empty(&mut self) {
        let emptied =
            async { while !self.cards.message().await.unwrap().expect("the desk closed").cards.is_empty() {} };
        tokio::time::timeout(PATIENCE, emptied).await.expect("the card never closed");
        self.last = None;
    }
}

/// A call that is being made; it lasts until it is told to hang up.
pub struct Phone {
    task: tokio::task::JoinHandle<Result<CallOutcome, SipError>>,
    hang_up: CancellationToken,
}

impl House {
    /// Calls the shop with these recordings, one after the other, and then stays on the line in silence.
    pub fn call(&self, from: Option<&str>, recordings: &[PathBuf]) -> Phone {
        self.call_with(from, &sound(recordings))
    }

    /// The same on another line.
    pub fn call_on(&self, line: &str, from: Option<&str>, recordings: &[PathBuf]) -> Phone {
        self.place(line, from, &sound(recordings), Tail::UntilHangUp)
    }

    /// The same with these samples at 8 kHz.
    pub fn call_with(&self, from: Option<&str>, samples: &[f32]) -> Phone {
        self.place(LINE, from, samples, Tail::UntilHangUp)
    }

    /// Hangs up when everything has been said.
    pub fn call_to_the_end(&self, from: Option<&str>, samples: &[f32]) -> Phone {
        self.place(LINE, from, samples, Tail::For(Duration::from_secs(1)))
    }

    fn place(&self, line: &str, from: Option<&str>, samples: &[f32], tail: Tail) -> Phone {
        let mut audio = Vec::new();
        codec::encode(Codec::Pcmu, samples, &mut audio);
        let mut options = SoftphoneOptions::new(self.uri_of(line), from.map(|from| from.to_owned().into()), audio);
        options.codec = Codec::Pcmu;
        options.tail = tail;
        let hang_up = CancellationToken::new();
        // The telephone's own life: it must not end with the service's.
        let call = place(options, Lifecycle::default(), hang_up.clone());
        Phone { task: tokio::task::spawn(call), hang_up }
    }
}

impl Phone {
    pub async fn hang_up(self) -> CallOutcome {
        self.hang_up.cancel();
        self.ended().await
    }

    /// Waits until the other side ends the call.
    pub async fn ended(self) -> CallOutcome {
        let outcome = tokio::time::timeout(PATIENCE, self.task).await.expect("the call never ended");
        outcome.unwrap().unwrap()
    }
}

/// A customer's yes, noted by an operator.
pub fn yes_of(customer: &CustomerId) -> ConsentRecord {
    ConsentRecord {
        customer: customer.clone(),
        purpose: Purpose::Recognise,
        given: true,
        at: UnixMillis(0),
        script: "phone-en-2".into(),
        language: "en".into(),
        channel: ConsentChannel::Operator,
        operator: "Sal".into(),
        call: None,
    }
}
