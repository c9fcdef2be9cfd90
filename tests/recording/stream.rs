//! RTP streams over a bad network with a fixed seed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use regulars::rtp::Codec;
use regulars::speech::{codec, wav};
use tokio::net::UdpSocket;

use crate::client::HOST;

pub struct Stream {
    socket: UdpSocket,
    to: SocketAddr,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    chance: Chance,
}

/// In a thousand packets each.
#[derive(Clone, Copy, Default)]
pub struct Network {
    pub lost: u64,
    pub doubled: u64,
    /// Sent after the next one.
    pub late: u64,
    /// Sent with the next one.
    pub held: u64,
}

/// What became of the packets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sent {
    pub packets: u64,
    pub lost: u64,
    pub doubled: u64,
}

/// Twice as fast as speech is: the receiver plays nothing out, and tests have no time to lose.
const PACKET_EVERY: Duration = Duration::from_millis(10);
/// 20 ms of G.711.
pub const PAYLOAD: usize = 160;

impl Stream {
    pub async fn new(to: SocketAddr, seed: u64) -> Stream {
        Self::from((HOST, 0).into(), to, seed).await
    }

    pub async fn from(from: SocketAddr, to: SocketAddr, seed: u64) -> Stream {
        let socket = UdpSocket::bind(from).await.unwrap();
        // The numbering wraps soon, as it does in one call of a hundred.
        Stream { socket, to, ssrc: seed as u32, sequence: 65_500, timestamp: u32::MAX - 800, chance: Chance(seed | 1) }
    }

    /// Sends these payloads, one packet each. The last one always arrives.
    pub async fn send(&mut self, payloads: impl Iterator<Item = Vec<u8>>, network: Network) -> Sent {
        let mut sent = Sent::default();
        let mut waiting: Option<Vec<u8>> = None;
        let mut tick = tokio::time::interval(PACKET_EVERY);
        let mut payloads = payloads.peekable();
        while let Some(payload) = payloads.next() {
            let (last, packet) = (payloads.peek().is_none(), self.packet(&payload));
            sent.packets += 1;
            if !last && sent.packets > 1 && self.chance.of(network.lost) {
                sent.lost += 1;
                continue;
            }
            let (doubled, late) = (self.chance.of(network.doubled), self.chance.of(network.late));
            if !self.chance.of(network.held) {
                tick.tick().await;
            }
            if late && waiting.is_none() && !last && sent.packets > 1 {
                waiting = Some(packet);
                continue;
            }
            self.put(&packet).await;
            if doubled {
                sent.doubled += 1;
                self.put(&packet).await;
            }
            if let Some(late) = waiting.take() {
                self.put(&late).await;
            }
        }
        sent
    }

    pub async fn speak(&mut self, recordings: &[PathBuf], network: Network) -> Sent {
        let audio = audio(recordings);
        self.send(audio.chunks_exact(PAYLOAD).map(<[u8]>::to_vec), network).await
    }

    /// One packet as an attacker sends it.
    pub async fn inject(&mut self, payload: &[u8]) {
        let packet = self.packet(payload);
        self.put(&packet).await;
    }

    async fn put(&self, packet: &[u8]) {
        self.socket.send_to(packet, self.to).await.unwrap();
    }

    fn packet(&mut self, payload: &[u8]) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
        let mut packet = vec![0x80, 0];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(payload);
        packet
    }
}

/// Recordings one after the other, as PCMU.
fn audio(recordings: &[PathBuf]) -> Vec<u8> {
    let mut audio = Vec::new();
    for recording in recordings {
        let wav = wav::parse(&std::fs::read(recording).unwrap()).unwrap();
        codec::encode(Codec::Pcmu, &wav.samples, &mut audio);
    }
    audio
}

/// xorshift64: the same every time.
struct Chance(u64);

impl Chance {
    fn of(&mut self, in_a_thousand: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % 1000 < in_a_thousand
    }
}
