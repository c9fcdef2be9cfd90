//! A recording client, or a PBX: many calls over one UDP socket, on the thread that runs it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use regulars::base::clock;

use super::wire;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Recording,
    Plain,
}

pub struct Peer {
    kind: Kind,
    socket: UdpSocket,
    here: SocketAddr,
    to: SocketAddr,
    next: u32,
    asked: HashMap<u32, Instant>,
    /// To of the answered calls.
    pub open: HashMap<u32, String>,
    pub ended: usize,
    pub answer_times: Vec<Duration>,
    pub refused: usize,
}

impl Peer {
    pub fn new(to: SocketAddr, kind: Kind) -> Peer {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_micros(200))).expect("a timeout");
        let here = socket.local_addr().expect("an address");
        Peer {
            kind,
            socket,
            here,
            to,
            next: 0,
            asked: HashMap::new(),
            open: HashMap::new(),
            ended: 0,
            answer_times: Vec::new(),
            refused: 0,
        }
    }

    /// `calls` new ones at `per_second`. Returns when all are answered, and ended where they are hung up at once, or when
    /// nothing has come for five seconds.
    pub fn call(&mut self, calls: u32, per_second: u32, hang_up: bool) {
        let start = clock::now();
        let mut heard = start;
        let mut sent = 0;
        let goal = self.answer_times.len() + self.refused + calls as usize;
        let ended = self.ended + if hang_up { calls as usize } else { 0 };
        while self.answer_times.len() + self.refused < goal || (hang_up && self.ended + self.refused < ended) {
            while sent < calls && start + Duration::from_secs(1) * sent / per_second <= clock::now() {
                self.next += 1;
                self.asked.insert(self.next, clock::now());
                let invite = match self.kind {
                    Kind::Recording => wire::recording_invite(self.to, self.here, self.next),
                    Kind::Plain => wire::plain_invite(self.to, self.here, self.next, self.here),
                };
                self.send(&invite);
                sent += 1;
            }
            if self.receive(hang_up) {
                heard = clock::now();
            } else if sent == calls && heard.elapsed() > Duration::from_secs(5) {
                return println!("    gave up: {} of {goal} answered", self.answer_times.len());
            }
        }
    }

    pub fn hang_up(&mut self) {
        let goal = self.ended + self.open.len();
        for (call, to) in std::mem::take(&mut self.open) {
            self.send(&wire::request("BYE", self.to, self.here, call, &to));
            std::thread::sleep(Duration::from_millis(2));
            self.receive(false);
        }
        let since = clock::now();
        while self.ended < goal && since.elapsed() < Duration::from_secs(10) {
            self.receive(false);
        }
    }

    /// Whether something came.
    fn receive(&mut self, hang_up: bool) -> bool {
        let mut buffer = [0; 8192];
        let Ok(length) = self.socket.recv(&mut buffer) else { return false };
        let Some(answer) = wire::read(&buffer[..length]) else { return true };
        match (answer.method, answer.status) {
            ("INVITE", 200) => {
                let ack = wire::request("ACK", self.to, self.here, answer.call, answer.to);
                self.send(&ack);
                let Some(asked) = self.asked.remove(&answer.call) else { return true };
                self.answer_times.push(asked.elapsed());
                if hang_up {
                    let bye = wire::request("BYE", self.to, self.here, answer.call, answer.to);
                    self.send(&bye);
                } else {
                    self.open.insert(answer.call, answer.to.to_owned());
                }
            }
            ("INVITE", 300..) => {
                let ack = wire::request("ACK", self.to, self.here, answer.call, answer.to);
                self.send(&ack);
                self.refused += usize::from(self.asked.remove(&answer.call).is_some());
                if self.refused == 1 {
                    println!("    refused with {}", answer.status);
                }
            }
            ("BYE", _) => self.ended += 1,
            _ => {}
        }
        true
    }

    fn send(&self, message: &str) {
        self.socket.send_to(message.as_bytes(), self.to).expect("a loopback takes it");
    }
}
