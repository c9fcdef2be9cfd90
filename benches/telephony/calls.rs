//! Whole calls from INVITE to BYE, calls that stay, and how soon an INVITE is answered.

use std::time::Duration;

use regulars::base::percentile::percentile;

use super::cpu;
use super::house::House;
use super::peer::{Kind, Peer};

/// More calls at a time than a shop takes, and without media.
const ROOM: [&str; 3] = ["sip.calls_per_second=1000", "call.max_calls=5000", "call.media_timeout_s=600"];

/// Goal: 1000 a second and core.
pub fn run(calls: u32) {
    let house = House::open(&ROOM);
    let mut peer = Peer::new(house.sip, Kind::Recording);
    peer.call(20, 100, true);
    let before = cpu::of_the_others();
    peer.call(calls, 400, true);
    let spent = cpu::of_the_others() - before;
    let each = spent / calls;
    println!(
        "calls      {calls} recording sessions from INVITE to BYE: {:.2} ms of CPU each, {:.0} calls/s a core; refused {}",
        each.as_secs_f64() * 1e3,
        1.0 / each.as_secs_f64(),
        peer.refused,
    );
}

/// Goal: 40 kB each, besides its audio.
pub fn hold(calls: u32, linger: Duration) {
    let house = House::open(&ROOM);
    let mut peers = [Kind::Plain, Kind::Recording].map(|kind| Peer::new(house.sip, kind));
    // An INVITE leaves its transaction behind for `linger`. That of the calls before is free again when the next ones need as
    // much, so the difference between two rounds is what a call holds for good; the first round only fills that room.
    let mut round = |peer: usize| {
        peers[peer].call(calls, 200, false);
        std::thread::sleep(linger);
        cpu::resident_bytes()
    };
    let [before, plain, recording] = [round(1), round(0), round(1)];
    let each = |more: u64, less: u64| more.saturating_sub(less) as f64 / f64::from(calls) / 1e3;
    println!(
        "held       {calls} calls without media: {:.1} kB each; as recording sessions {:.1} kB; open {}",
        each(plain, before),
        each(recording, plain),
        house.registry.live(),
    );
    peers.iter_mut().for_each(Peer::hang_up);
}

/// Goal: p99 under 50 ms at 200 calls a second.
pub fn answer(calls: u32) {
    let house = House::open(&ROOM);
    let mut peer = Peer::new(house.sip, Kind::Recording);
    peer.call(20, 100, true);
    peer.answer_times.clear();
    peer.call(calls, 200, true);
    let ms = |duration: Option<Duration>| duration.map_or(f64::NAN, |duration| duration.as_secs_f64() * 1e3);
    let times = &mut peer.answer_times;
    println!(
        "answer     {calls} INVITEs at 200/s: 200 after p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms; refused {}",
        ms(percentile(times, 50)),
        ms(percentile(times, 99)),
        ms(percentile(times, 100)),
        peer.refused,
    );
}
