//! Percentiles of a list of measurements.

use std::time::Duration;

/// The smallest measurement that at least `percent` of them do not exceed (nearest rank). `None` for an empty list.
pub fn percentile(measurements: &mut [Duration], percent: u32) -> Option<Duration> {
    measurements.sort_unstable();
    let rank = (measurements.len() * percent as usize).div_ceil(100).max(1);
    measurements.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank_is_a_measurement_itself() {
        let mut measurements: Vec<Duration> = (1..=20).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut measurements, 95), Some(Duration::from_millis(19)));
        assert_eq!(percentile(&mut measurements, 100), Some(Duration::from_millis(20)));
        assert_eq!(percentile(&mut measurements, 0), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&mut [], 50), None);
    }
}
