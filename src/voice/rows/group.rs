//! The scores of one group of rows: the innermost loops of a search.

use pulp::{Arch, Simd, WithSimd};

/// Vectors a group: with four of them and two or three probes, as many sums run at once as hide the time of an addition.
pub(super) const VECTORS: usize = 4;

/// Numbers a vector of this processor.
pub(super) fn lanes() -> usize {
    Arch::new().dispatch(Lanes)
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// `block` is `[dimension, group]`, each probe `[dimension]`, `scores` `[probe, group]`.
pub(super) struct GroupScores<'a> {
    pub(super) block: &'a [f32],
    pub(super) probes: &'a [&'a [f32]],
    pub(super) scores: &'a mut [f32],
}

type Sums<S> = [<S as Simd>::f32s; VECTORS];

impl WithSimd for GroupScores<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (block, _) = S::as_simd_f32s(self.block);
        let (scores, _) = S::as_mut_simd_f32s(self.scores);
        let (block, (scores, _)) = (block.as_chunks::<VECTORS>().0, scores.as_chunks_mut::<VECTORS>());
        let mut scores = scores.iter_mut();
        let mut put = |sums: &[Sums<S>]| scores.by_ref().zip(sums).for_each(|(place, sums)| *place = *sums);
        let mut probes = self.probes;
        while let [a, b, c, rest @ ..] = probes {
            put(&three(simd, block, [a, b, c]));
            probes = rest;
        }
        match probes {
            [a, b] => put(&two(simd, block, [a, b])),
            [a] => put(&[one(simd, block, a)]),
            _ => {}
        }
    }
}

#[inline(always)]
fn add<S: Simd>(simd: S, sums: Sums<S>, values: &Sums<S>, by: S::f32s) -> Sums<S> {
    let ([a, b, c, d], [v, w, x, y]) = (sums, values);
    [
        simd.mul_add_f32s(*v, by, a),
        simd.mul_add_f32s(*w, by, b),
        simd.mul_add_f32s(*x, by, c),
        simd.mul_add_f32s(*y, by, d),
    ]
}

#[inline(always)]
fn three<S: Simd>(simd: S, block: &[Sums<S>], probes: [&[f32]; 3]) -> [Sums<S>; 3] {
    let zero = [simd.splat_f32s(0.0); VECTORS];
    let (mut a, mut b, mut c) = (zero, zero, zero);
    let [p, q, r] = probes;
    for (values, ((p, q), r)) in block.iter().zip(p.iter().zip(q).zip(r)) {
        a = add(simd, a, values, simd.splat_f32s(*p));
        b = add(simd, b, values, simd.splat_f32s(*q));
        c = add(simd, c, values, simd.splat_f32s(*r));
    }
    [a, b, c]
}

#[inline(always)]
fn two<S: Simd>(simd: S, block: &[Sums<S>], probes: [&[f32]; 2]) -> [Sums<S>; 2] {
    let zero = [simd.splat_f32s(0.0); VECTORS];
    let (mut a, mut b) = (zero, zero);
    for (values, (p, q)) in block.iter().zip(probes[0].iter().zip(probes[1])) {
        a = add(simd, a, values, simd.splat_f32s(*p));
        b = add(simd, b, values, simd.splat_f32s(*q));
    }
    [a, b]
}

/// The even and the odd numbers apart, since four sums would wait for themselves.
#[inline(always)]
fn one<S: Simd>(simd: S, block: &[Sums<S>], probe: &[f32]) -> Sums<S> {
    let zero = [simd.splat_f32s(0.0); VECTORS];
    let (mut even, mut odd) = (zero, zero);
    let ((pairs, rest), (probes, last)) = (block.as_chunks::<2>(), probe.as_chunks::<2>());
    for ([v, w], [p, q]) in pairs.iter().zip(probes) {
        even = add(simd, even, v, simd.splat_f32s(*p));
        odd = add(simd, odd, w, simd.splat_f32s(*q));
    }
    for (v, p) in rest.iter().zip(last) {
        even = add(simd, even, v, simd.splat_f32s(*p));
    }
    let ([a, b, c, d], [e, f, g, h]) = (even, odd);
    [simd.add_f32s(a, e), simd.add_f32s(b, f), simd.add_f32s(c, g), simd.add_f32s(d, h)]
}
