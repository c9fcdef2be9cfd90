//! Whole calls from INVITE to BYE, calls that stay, and how soon an INVITE is answered.

use std::time::Duration;

use regulars::base::percentile::percentile;

use super::cpu;
use super::house::House;
use super::peer::Peer;

/// Goal: 1000 a second and core.
pub fn run(calls: u32) {
    let house = House::open();
    let mut peer = Peer::new(house.sip);
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
pub fn hold(calls: u32) {
    let house = House::open();
    let mut peer = Peer::new(house.sip);
    // What grows once, such as tables and queues, has grown by now.
    peer.call(calls, 200, true);
    let before = cpu::resident_bytes();
    peer.call(calls, 200, false);
    let after = cpu::resident_bytes();
    println!(
        "held       {calls} recording sessions without media: {:.1} kB each; open {}",
        after.saturating_sub(before) as f64 / f64::from(calls) / 1e3,
        house.registry.live(),
    );
    peer.hang_up();
}

/// Goal: p99 under 50 ms at 200 calls a second.
pub fn answer(calls: u32) {
    let house = House::open();
    let mut peer = Peer::new(house.sip);
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
