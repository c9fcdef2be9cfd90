//! The special functions of the models. ln Gamma is `libm`'s; the hypergeometric function is a sum, since in what the
//! models ask for (c > 0, 0 <= z < 1) it has no sign to cancel after Euler's transformation.

pub(super) use libm::lgamma as ln_gamma;

/// ln B(a, b), the Beta function.
pub(super) fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// Gauss's 2F1(a, b; c; z) for c > 0 and 0 <= z < 1 by its series (Abramowitz and Stegun 15.1.1). NaN where it has not
/// converged, never a wrong number. Callers keep c - a - b > -1 by Euler's transformation (15.3.3), lest the terms grow.
pub(super) fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 0..MAX_TERMS {
        let n = f64::from(n);
        let ratio = (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        term *= ratio;
        sum += term;
        // What is left is at most a geometric series of the ratio that the terms tend to.
        if term.abs() <= EPSILON * sum.abs() * (1.0 - ratio.abs().max(z)) {
            return sum;
        }
    }
    f64::NAN
}

/// Enough for z up to 0.9996, beyond any horizon that a shop plans for; a millisecond.
const MAX_TERMS: u32 = 100_000;
/// Two digits more than the models are fitted to.
const EPSILON: f64 = 1e-14;
