//! Whoever is compared takes turns, so that a machine that slows down or works for others meanwhile hurts all alike.

use rustix::time::{ClockId, clock_gettime};

/// Milliseconds of CPU of this thread that `deed` takes: time in which another program had the core does not count.
pub fn cpu_ms(deed: impl FnOnce()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let began = now();
    deed();
    now() - began
}

/// One who takes part: a name, and a run that says its milliseconds.
pub type Runner<'a> = (&'a str, Box<dyn FnMut() -> Result<f64, String> + 'a>);

/// Runs everyone `rounds` times in turn, after one run to warm up, and prints each with its ratio to the first: the median
/// of the ratios within a round, and the ratio of the fastest runs, in which nobody else held the memory up.
pub fn compare(title: &str, rounds: usize, mut runners: Vec<Runner>) {
    println!("\n{title}");
    let mut times: Vec<Result<Vec<f64>, String>> =
        runners.iter_mut().map(|(_, run)| run().map(|_| Vec::new())).collect();
    for round in 0..rounds {
        // Forwards, then backwards: who follows whom must not matter.
        let order: Vec<usize> =
            if round % 2 == 0 { (0..runners.len()).collect() } else { (0..runners.len()).rev().collect() };
        for n in order {
            if let Ok(times) = &mut times[n] {
                times.push(runners[n].1().unwrap_or(f64::NAN));
            }
        }
    }
    let first = times[0].clone().unwrap_or_default();
    for ((name, _), times) in runners.iter().zip(&times) {
        match times {
            Err(why) => println!("  {name:34} SKIPPED: {why}"),
            Ok(times) => {
                let ratios: Vec<f64> = times.iter().zip(&first).map(|(time, first)| time / first).collect();
                let (fastest, of_fastest) = (at(times, 0.0), at(times, 0.0) / at(&first, 0.0));
                let median = at(times, 0.5);
                println!(
                    "  {name:34} {fastest:9.3} ms (median {median:9.3})   times the first: {of_fastest:6.2} (median {:6.2})",
                    at(&ratios, 0.5)
                );
            }
        }
    }
}

fn at(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((share * sorted.len().saturating_sub(1) as f64).round() as usize).copied().unwrap_or(f64::NAN)
}
