//! Logistic regression on a handful of features, by Newton's method.

/// Coefficients that make `rows` (features, outcome) likeliest, from `start`; `None` where the data determine none.
pub(super) fn fit<const N: usize>(rows: &[([f64; N], bool)], start: [f64; N]) -> Option<[f64; N]> {
    let mut coefficients = start;
    for _ in 0..MAX_STEPS {
        let (mut gradient, mut hessian) = ([0.0; N], [[0.0; N]; N]);
        for (features, outcome) in rows {
            let p = 1.0 / (1.0 + (-dot(&coefficients, features)).exp());
            let (error, variance) = (f64::from(*outcome) - p, p * (1.0 - p));
            for i in 0..N {
                gradient[i] += error * features[i];
                for j in 0..=i {
                    hessian[i][j] += variance * features[i] * features[j];
                }
            }
        }
        let step = solve(hessian, gradient)?;
        for (coefficient, step) in coefficients.iter_mut().zip(step) {
            *coefficient += step;
        }
        if !coefficients.iter().all(|coefficient| coefficient.abs() < DIVERGED) {
            return None;
        }
        if step.iter().all(|step| step.abs() < CONVERGED) {
            return Some(coefficients);
        }
    }
    None
}

/// Mean negative log-likelihood of the outcomes, in nats.
pub(super) fn log_loss<const N: usize>(rows: &[([f64; N], bool)], coefficients: &[f64; N]) -> f64 {
    let loss = |(features, outcome): &([f64; N], bool)| {
        let margin = if *outcome { dot(coefficients, features) } else { -dot(coefficients, features) };
        (-margin).exp().ln_1p()
    };
    rows.iter().map(loss).sum::<f64>() / rows.len().max(1) as f64
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Cholesky's decomposition of the lower half of `a`. `None` unless it is positive definite.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    for i in 0..N {
        for j in 0..=i {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { Some(sum.sqrt()).filter(|root| *root > SINGULAR)? } else { sum / a[j][j] };
        }
        b[i] = (b[i] - (0..i).map(|k| a[i][k] * b[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..N).rev() {
        b[i] = (b[i] - (i + 1..N).map(|k| a[k][i] * b[k]).sum::<f64>()) / a[i][i];
    }
    Some(b)
}

/// Newton's method takes 5 to 8 steps here; more means that the outcomes can be told apart without error.
const MAX_STEPS: usize = 25;
const CONVERGED: f64 = 1e-6;
/// A coefficient on log-odds beyond it claims certainty.
const DIVERGED: f64 = 50.0;
const SINGULAR: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_each_group_is_found() {
        // 1 of 4 without the feature, 3 of 4 with it: log-odds of -ln 3 and +ln 3.
        let rows: Vec<([f64; 2], bool)> =
            (0..8).map(|n| ([1.0, f64::from(n / 4)], if n < 4 { n == 0 } else { n != 4 })).collect();
        let [intercept, slope] = fit(&rows, [0.0, 0.0]).unwrap();
        assert!((intercept + 3f64.ln()).abs() < 1e-6 && (slope - 2.0 * 3f64.ln()).abs() < 1e-6);
        let entropy = -(0.25 * 0.25f64.ln() + 0.75 * 0.75f64.ln());
        assert!((log_loss(&rows, &[intercept, slope]) - entropy).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_fitted_to_data_that_determine_nothing() {
        assert_eq!(fit(&[([1.0, 1.0], true), ([1.0, 1.0], false)], [0.0, 1.0]), None, "two features that are one");
        assert_eq!(fit::<1>(&[], [0.0]), None);
        assert_eq!(fit(&[([1.0], true), ([1.0], true)], [0.0]), None, "never anything else");
    }
}
