//! INVITEs from one address as fast as it can send them, while other calls go on.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use regulars::base::clock;
use regulars::rtp::{Codec, Packetizer};

use super::house::House;
use super::{cpu, wire};

const CALLS: u32 = 20;
const PER_S: u32 = 200_000;
/// Ten digits, so that numbers are counted up in place.
const FIRST: u32 = 1_000_000_000;

/// Goal: at 200,000 a second for ten seconds, under 300 MB, and no packet of an established call lost.
pub fn run(seconds: u32) {
    // As it comes: 500 calls at a time, 500 new ones a second from one address.
    let house = House::open(&[]);
    let before = cpu::resident_bytes();
    let going_on = Arc::new(AtomicBool::new(true));
    let talking = {
        let (sip, going_on) = (house.sip, going_on.clone());
        std::thread::spawn(move || talk(sip, &going_on))
    };
    while house.registry.live() < CALLS as usize {
        std::thread::sleep(Duration::from_millis(10));
    }
    let flooder = UdpSocket::bind("127.0.0.2:0").expect("a second loopback address");
    let here = flooder.local_addr().expect("an address");
    let mut invite = wire::recording_invite(house.sip, here, FIRST).into_bytes();
    let mark = FIRST.to_string().into_bytes();
    let places: Vec<usize> = (0..invite.len()).filter(|at| invite[*at..].starts_with(&mark)).collect();
    let start = clock::now();
    let mut sent = 0;
    let mut most = 0;
    while start.elapsed() < Duration::from_secs(seconds.into()) {
        let due = (start.elapsed().as_secs_f64() * f64::from(PER_S)) as u32;
        let batch = due.saturating_sub(sent).min(1000);
        if batch == 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
        for _ in 0..batch {
            sent += 1;
            let number = format!("{:010}", FIRST + sent);
            for place in &places {
                invite[*place..*place + number.len()].copy_from_slice(number.as_bytes());
            }
            let _ = flooder.send_to(&invite, house.sip);
        }
        most = most.max(cpu::resident_bytes());
    }
    let rate = f64::from(sent) / start.elapsed().as_secs_f64();
    going_on.store(false, Ordering::Relaxed);
    let packets = talking.join().expect("the calls end");
    // Calls that nobody acknowledged end after 32 s (RFC 3261 timer H); each call counts its packets at its end.
    let deadline = clock::now() + Duration::from_secs(60);
    while house.registry.totals().counts().packets_received < packets && clock::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
    let counts = house.registry.totals().counts();
    println!(
        "flood      {rate:.0} INVITEs/s for {seconds} s: at most {} MB, {} MB before; {CALLS} calls sent {packets} packets, \
         {} came",
        most >> 20,
        before >> 20,
        counts.packets_received,
    );
}

/// Twenty calls with their media; the packets that they sent.
fn talk(sip: std::net::SocketAddr, going_on: &AtomicBool) -> u64 {
    let signalling = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    signalling.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let media = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let here = signalling.local_addr().expect("an address");
    let from = media.local_addr().expect("an address");
    let mut calls = Vec::new();
    let mut buffer = [0; 8192];
    for call in 1..=CALLS {
        let invite = wire::plain_invite(sip, here, call, from);
        signalling.send_to(invite.as_bytes(), sip).expect("a loopback takes it");
        let (to, port) = loop {
            let length = signalling.recv(&mut buffer).expect("an answer");
            let Some(answer) = wire::read(&buffer[..length]) else { continue };
            if answer.status == 200 && answer.call == call {
                let port = answer.body.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next());
                break (answer.to.to_owned(), port.and_then(|port| port.parse::<u16>().ok()).expect("a port"));
            }
        };
        signalling.send_to(wire::request("ACK", sip, here, call, &to).as_bytes(), sip).expect("a loopback takes it");
        calls.push((call, to, std::net::SocketAddr::new(sip.ip(), port)));
    }
    let (mut packetizer, mut datagram, mut packets) = (Packetizer::new(7, 0, 0), Vec::new(), 0);
    let start = clock::now();
    for tick in 0.. {
        if !going_on.load(Ordering::Relaxed) {
            break;
        }
        std::thread::sleep((start + Duration::from_millis(20) * tick).saturating_duration_since(clock::now()));
        packetizer.next(8, Codec::Pcma, &[0xd5; 160], &mut datagram);
        for (_, _, to) in &calls {
            packets += u64::from(media.send_to(&datagram, to).is_ok());
        }
    }
    // The service drops what its source floods it with, and this source did not: once is enough, but for a full queue.
    for (call, to, _) in &calls {
        let bye = wire::request("BYE", sip, here, *call, to);
        loop {
            signalling.send_to(bye.as_bytes(), sip).expect("a loopback takes it");
            let answered = signalling.recv(&mut buffer).ok().and_then(|length| wire::read(&buffer[..length]));
            if answered.is_some_and(|answer| answer.call == *call && answer.method == "BYE") {
                break;
            }
        }
    }
    packets
}
