//! The codes of one group times those of a probe.

use std::arch::x86_64::{__m128i, __m256i};

use pulp::{NullaryFnOnce, Simd, cast, f32x8};

use super::{GROUP, Group};

pub(super) use pulp::x86::V3 as Unit;

/// The scores of a group, and the highest of them.
pub(super) fn scores(unit: Unit, group: Group) -> ([f32; GROUP], f32) {
    unit.vectorize(Scores { unit, group })
}

struct Scores<'a> {
    unit: Unit,
    group: Group<'a>,
}

impl NullaryFnOnce for Scores<'_> {
    type Output = ([f32; GROUP], f32);

    #[inline(always)]
    fn call(self) -> ([f32; GROUP], f32) {
        let unit = self.unit;
        let zero = unit.avx._mm256_setzero_si256();
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        let lines = self.group.block.as_chunks::<16>().0.as_chunks::<4>().0;
        for ([v, w, x, y], pair) in lines.iter().zip(self.group.probe) {
            let by = unit.avx._mm256_set1_epi32(cast(*pair));
            a = add(unit, a, *v, by);
            b = add(unit, b, *w, by);
            c = add(unit, c, *x, by);
            d = add(unit, d, *y, by);
        }
        let (scale, steps) = (unit.splat_f32s(self.group.scale), self.group.steps.as_chunks::<8>().0);
        let mut scores = [unit.splat_f32s(0.0); GROUP / 8];
        let mut highest = unit.splat_f32s(f32::NEG_INFINITY);
        for ((score, sum), step) in scores.iter_mut().zip([a, b, c, d]).zip(steps) {
            let sum: f32x8 = cast(unit.avx._mm256_cvtepi32_ps(sum));
            *score = unit.mul_f32s(sum, unit.mul_f32s(scale, cast(*step)));
            highest = unit.max_f32s(highest, *score);
        }
        (cast(scores), unit.reduce_max_f32s(highest))
    }
}

/// Sixteen codes are the pairs of eight rows; a product of two pairs is added up into one sum a row.
#[inline(always)]
fn add(unit: Unit, sum: __m256i, codes: [i8; 16], by: __m256i) -> __m256i {
    let codes = unit.avx2._mm256_cvtepi8_epi16(cast::<[i8; 16], __m128i>(codes));
    unit.avx2._mm256_add_epi32(sum, unit.avx2._mm256_madd_epi16(codes, by))
}
