//! The codes of one group times those of a probe.

use pulp::{NullaryFnOnce, Simd, cast, f32x8, i8x16, i16x16, i32x8, u32x8};

use super::GROUP;

pub(super) use pulp::x86::V3 as Unit;

/// `block` is `[pair, GROUP, 2]`.
pub(super) fn group_sums(unit: Unit, block: &[i8], probe: &[[i16; 2]]) -> [f32; GROUP] {
    unit.vectorize(Sums { unit, block, probe })
}

struct Sums<'a> {
    unit: Unit,
    block: &'a [i8],
    probe: &'a [[i16; 2]],
}

impl NullaryFnOnce for Sums<'_> {
    type Output = [f32; GROUP];

    #[inline(always)]
    fn call(self) -> [f32; GROUP] {
        let unit = self.unit;
        let zero: u32x8 = cast(unit.splat_i32x8(0));
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        // Sixteen codes are the pairs of eight rows; a product of two pairs is added up into one sum a row.
        let add = |sum: u32x8, codes: [i8; 16], by: i16x16| {
            let codes = unit.convert_i8x16_to_i16x16(cast::<[i8; 16], i8x16>(codes));
            unit.add_u32s(sum, cast::<i32x8, u32x8>(unit.multiply_wrapping_add_adjacent_i16x16(codes, by)))
        };
        let lines = self.block.as_chunks::<16>().0.as_chunks::<4>().0;
        for ([v, w, x, y], pair) in lines.iter().zip(self.probe) {
            let by: i16x16 = cast(unit.splat_i32x8(cast(*pair)));
            a = add(a, *v, by);
            b = add(b, *w, by);
            c = add(c, *x, by);
            d = add(d, *y, by);
        }
        let sums: [f32x8; 4] = [a, b, c, d].map(|sum| unit.convert_i32x8_to_f32x8(cast(sum)));
        cast(sums)
    }
}
