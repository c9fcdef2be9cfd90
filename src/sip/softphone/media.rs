//! The caller's side of the media: a recording sent in real time, one packet every 20 ms.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::impairments::{Fate, Impairments, Network};
use crate::rtp::packetizer::PTIME_MS;
use crate::rtp::{Codec, Negotiated, Packetizer, Socket};

/// A stream that is being sent.
pub(super) struct Sending {
    socket: Socket,
    codec: Codec,
    audio: Vec<u8>,
    position: usize,
    to: SocketAddr,
    payload_type: u8,
    packetizer: Packetizer,
    network: Network,
    held_back: Option<Vec<u8>>,
    payload: Vec<u8>,
    packet: Vec<u8>,
    muted: bool,
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Sending {
    pub(super) fn new(socket: Socket, codec: Codec, audio: Vec<u8>, impairments: Impairments) -> Self {
        Self {
            to: socket.local_addr(),
            socket,
            codec,
            audio,
            position: 0,
            payload_type: codec.offered_payload_type(),
            packetizer: Packetizer::new(rand::random(), rand::random(), rand::random()),
            network: Network::new(impairments),
            held_back: None,
            payload: Vec::new(),
            packet: Vec::new(),
            muted: true,
            sent: 0,
            received: 0,
        }
    }

    pub(super) fn negotiate(&mut self, agreed: &Negotiated) {
        self.to = agreed.remote;
        self.muted = !agreed.send;
        if let Some((payload_type, _)) = agreed.formats.iter().find(|(_, codec)| *codec == self.codec) {
            self.payload_type = *payload_type;
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.position >= self.audio.len()
    }

    /// The next 20 ms: of the recording, then of silence.
    pub(super) fn tick(&mut self) {
        if self.muted {
            return;
        }
        self.codec.silence(PTIME_MS, &mut self.payload);
        let rest = self.audio.get(self.position..).unwrap_or_default();
        let length = rest.len().min(self.payload.len());
        self.payload[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        self.packetizer.next(self.payload_type, self.codec, &self.payload, &mut self.packet);
        let fate = self.network.fate();
        match fate {
            Fate::Drop => {}
            Fate::HoldBack => {
                if let Some(earlier) = self.held_back.replace(self.packet.clone()) {
                    self.send(&earlier);
                }
                return;
            }
            Fate::Send => self.send_packet(1),
            Fate::Duplicate => self.send_packet(2),
        }
        if let Some(earlier) = self.held_back.take() {
            self.send(&earlier);
        }
    }

    /// Lets what the other side sends go, and counts it. Cancel-safe; never returns.
    pub(super) async fn drain(&mut self) {
        let mut buffer = [0; 1];
        loop {
            match self.socket.recv(&mut buffer).await {
                Ok(_) => self.received += 1,
                // About a packet of ours that nobody took: the call's end is signalled elsewhere.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn send_packet(&mut self, times: usize) {
        let packet = std::mem::take(&mut self.packet);
        for _ in 0..times {
            self.send(&packet);
        }
        self.packet = packet;
    }

    fn send(&mut self, packet: &[u8]) {
        if self.socket.send_raw(self.to, packet).is_ok() {
            self.sent += 1;
        }
    }
}

/// Ticks every 20 ms; after a stall it catches up, as a sound card would.
pub(super) fn pace() -> tokio::time::Interval {
    let start = Instant::from_std(crate::base::clock::now());
    let mut ticks = tokio::time::interval_at(start, Duration::from_millis(PTIME_MS.into()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}
