//! When a webhook that was not taken is sent again, and when no more.

use std::time::Duration;

/// Tries of one event; with the pauses between them about an hour and a half, which outlasts a restart and an update of the
/// other side. Then it is noted as a dead letter, and the next one has its turn.
pub const MAX_ATTEMPTS: u32 = 16;
const FIRST: Duration = Duration::from_secs(1);
/// Beyond this, an order system that comes back would wait for us longer than its people like.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// The pause after `attempts` tries in vain, doubled each time. `chance` from 0 to 1 spreads those who wait for one receiver:
/// half of the pause at least.
pub fn pause(attempts: u32, chance: f64) -> Duration {
    let whole = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    whole.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread_over_their_second_half() {
        let whole: Vec<u64> = (1..=12).map(|attempts| pause(attempts, 1.0).as_secs()).collect();
        assert_eq!(whole, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(pause(5, 0.0), Duration::from_secs(8));
        assert_eq!(pause(u32::MAX, 7.0), LONGEST);
    }
}
