//! A listener in a test, with nobody behind it but the test itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use regulars::base::Lifecycle;
use regulars::rtp::Digit;
use regulars::stream::{Arrival, Listener, Options, Piece, Why};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine; only a failure waits for it.
pub const PATIENCE: Duration = Duration::from_secs(40);
pub const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub struct House {
    pub listener: Listener,
    pub life: Lifecycle,
    arrivals: mpsc::Receiver<Arrival>,
}

impl House {
    pub async fn open() -> House {
        House::with(Options::default()).await
    }

    /// Both listeners on free ports, whatever else the options say.
    pub async fn with(options: Options) -> House {
        let options = Options {
            listen: Some(HERE),
            audiosocket_listen: Some(HERE),
            country_code: Some("49".to_owned()),
            ..options
        };
        let life = Lifecycle::default();
        let (listener, arrivals) = Listener::bind(options, life.clone()).await.unwrap();
        House { listener, life, arrivals }
    }

    pub fn websockets(&self) -> SocketAddr {
        self.listener.websockets().unwrap()
    }

    pub fn audiosocket(&self) -> SocketAddr {
        self.listener.audiosocket().unwrap()
    }

    pub async fn arrival(&mut self) -> Arrival {
        timeout(PATIENCE, self.arrivals.recv()).await.expect("a call").unwrap()
    }

    /// The next call must be from our synthetic caller, to `line`.
    pub async fn arrival_on(&mut self, line: &str) -> Arrival {
        let arrival = self.arrival().await;
        assert_eq!(arrival.line.as_str(), line);
        assert_eq!(arrival.number.as_ref().unwrap().digits(), "+4930901820");
        arrival
    }

    pub fn nobody_came(&mut self) -> bool {
        self.arrivals.try_recv().is_err()
    }

    pub async fn close(self) {
        self.life.shut_down_hard();
        assert!(self.life.finished(PATIENCE).await, "every connection ends with the house");
    }
}

pub async fn piece(arrival: &mut Arrival) -> Piece {
    timeout(PATIENCE, arrival.media.recv()).await.expect("a piece").unwrap()
}

pub fn pressed(key: char) -> Piece {
    Piece::Digit(Digit::new(key).unwrap())
}

pub async fn payload(arrival: &mut Arrival) -> Vec<u8> {
    match piece(arrival).await {
        Piece::Payload { bytes, .. } => bytes,
        other => panic!("no payload: {other:?}"),
    }
}

/// The end must be what comes next, and last.
pub async fn ended(arrival: &mut Arrival) -> Why {
    let Piece::Ended { why, .. } = piece(arrival).await else { panic!("not the end") };
    assert_eq!(timeout(PATIENCE, arrival.media.recv()).await.expect("the queue closes"), None);
    why
}
