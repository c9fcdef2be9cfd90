//! The smallest value of a smooth function of a few positive parameters (Nelder and Mead, "A simplex method for function
//! minimization", The Computer Journal 7, 1965), in their logarithms. No derivatives: those of 2F1 are worse than the
//! steps that they would save.

use super::ValueError;

/// Where `cost` is least, from `start` on; `model` names it in the error. A cost that is no number is never chosen.
pub(super) fn minimise<const N: usize>(
    model: &'static str,
    start: [f64; N],
    cost: impl Fn([f64; N]) -> f64,
) -> Result<[f64; N], ValueError> {
    let bounded = |logs: &[f64; N]| {
        if logs.iter().any(|log| log.abs() > MAX_LOG) {
            return f64::INFINITY;
        }
        let value = cost(logs.map(f64::exp));
        if value.is_nan() { f64::INFINITY } else { value }
    };
    let mut best = start.map(f64::ln);
    // A simplex can shrink beside the optimum; a fresh one from there shows whether it has.
    for _ in 0..MAX_RESTARTS {
        let found = descend(best, &bounded)?.ok_or(ValueError::NoOptimum { model })?;
        let moved = found.iter().zip(&best).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        best = found;
        if moved < SETTLED {
            return Ok(best.map(f64::exp));
        }
    }
    Err(ValueError::NoOptimum { model })
}

type Point<const N: usize> = ([f64; N], f64);

/// One simplex from `start` until it is smaller than [`SIZE`]; `None` where it never is.
fn descend<const N: usize>(start: [f64; N], cost: &impl Fn(&[f64; N]) -> f64) -> Result<Option<[f64; N]>, ValueError> {
    let at = |point: [f64; N]| (point, cost(&point));
    let corner = |n: usize| {
        let mut point = start;
        point[n] += STEP;
        at(point)
    };
    let mut simplex: Vec<Point<N>> = std::iter::once(at(start)).chain((0..N).map(corner)).collect();
    for _ in 0..MAX_STEPS {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (simplex[0], simplex[N]);
        let size = simplex[1..].iter().flat_map(|point| point.0.iter().zip(&best.0)).map(|(a, b)| (a - b).abs());
        if size.fold(0.0, f64::max) < SIZE {
            return Ok(best.1.is_finite().then_some(best.0));
        }
        let mut centre = [0.0; N];
        for (point, _) in &simplex[..N] {
            centre.iter_mut().zip(point).for_each(|(sum, x)| *sum += x / N as f64);
        }
        let along = |t: f64| at(std::array::from_fn(|n| centre[n] + t * (worst.0[n] - centre[n])));
        let reflected = along(-1.0);
        let replacement = if reflected.1 < best.1 {
            let expanded = along(-2.0);
            if expanded.1 < reflected.1 { expanded } else { reflected }
        } else if reflected.1 < simplex[N - 1].1 {
            reflected
        } else {
            along(if reflected.1 < worst.1 { -0.5 } else { 0.5 })
        };
        if replacement.1 < worst.1 {
            simplex[N] = replacement;
        } else {
            for point in &mut simplex[1..] {
                *point = at(std::array::from_fn(|n| best.0[n] + 0.5 * (point.0[n] - best.0[n])));
            }
        }
    }
    Ok(None)
}

/// Parameters from 5e-5 to 2e4: wider than any published fit. Beyond, a model has degenerated to a simpler one.
const MAX_LOG: f64 = 10.0;
/// First edge of a simplex, in logarithms: a factor of 1.6.
const STEP: f64 = 0.5;
/// Edge at which a simplex is done. Parameters are told to three decimals.
const SIZE: f64 = 1e-7;
/// How far a restart may still move.
const SETTLED: f64 = 1e-5;
/// Four parameters take about 300 steps.
const MAX_STEPS: usize = 2000;
const MAX_RESTARTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley (1960), its floor at (1, 1).
    #[test]
    fn it_follows_a_bent_valley_to_its_floor() {
        let valley = |[x, y]: [f64; 2]| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        let found = minimise("valley", [0.1, 3.0], valley).unwrap();
        assert!(found.iter().all(|value| (value - 1.0).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn what_has_no_floor_is_an_error() {
        let endless = minimise("slope", [1.0, 1.0], |[x, y]| -(x + y).ln());
        // The bound is an edge, and an edge is where the search ends: never beyond.
        assert!(endless.is_err() || endless.is_ok_and(|found| found.iter().all(|value| value.ln() <= MAX_LOG)));
        assert_eq!(minimise("nothing", [1.0], |_| f64::NAN), Err(ValueError::NoOptimum { model: "nothing" }));
    }
}
