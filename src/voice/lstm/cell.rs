//! One step of an LSTM after another: the state's product with its weights, the gates, the new state.
//!
//! The weights of a layer are 1 MB, more than the fast caches hold, and each step reads all of them: that is what a
//! step costs. So they lie in the order in which they are read, and every other step reads them backwards, beginning with
//! what the step before has left in the cache. Several callers' windows share one reading.

use pulp::{Arch, Simd, WithSimd};
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::tract_core::tract_linalg::element_wise::ElementWise;

use super::super::aligned::Aligned;
use super::GATES;

/// The weights of the state `[panel, hidden, gate, lane]`: a panel is as many units of the state as a vector has lanes.
#[derive(Clone)]
pub(super) struct Packed {
    weights: Aligned<f32>,
    hidden: usize,
    lanes: usize,
}

impl Packed {
    /// `r` is ONNX's `[gate * hidden, hidden]`. `None` on a processor without vectors, where nothing is gained.
    pub(super) fn new(r: &[f32], hidden: usize) -> Option<Self> {
        let lanes = Arch::new().dispatch(Lanes);
        if lanes == 1 || hidden == 0 {
            return None;
        }
        let panels = hidden.div_ceil(lanes);
        let mut weights = Aligned::zeroed(panels * hidden * GATES * lanes);
        for (panel, packed) in weights.as_mut_slice().chunks_exact_mut(hidden * GATES * lanes).enumerate() {
            for (from, packed) in packed.chunks_exact_mut(GATES * lanes).enumerate() {
                for (gate, packed) in packed.chunks_exact_mut(lanes).enumerate() {
                    for (unit, weight) in (panel * lanes..hidden).zip(packed) {
                        *weight = r[(gate * hidden + unit) * hidden + from];
                    }
                }
            }
        }
        Some(Self { weights, hidden, lanes })
    }

    pub(super) fn hidden(&self) -> usize {
        self.hidden
    }

    /// Units of the state, filled up to whole vectors.
    pub(super) fn padded(&self) -> usize {
        self.hidden.next_multiple_of(self.lanes)
    }
}

/// The weights of a model are no secret, and a megabyte is no message.
impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} units)", self.hidden)
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// tract's own, so that what is compared with tract differs in the order of additions alone.
pub(super) struct Activations {
    pub(super) sigmoid: Box<dyn ElementWise<f32>>,
    pub(super) tanh: Box<dyn ElementWise<f32>>,
}

/// A walk of `batch` sequences side by side from states of zero.
pub(super) struct Walk<'a> {
    pub(super) packed: &'a Packed,
    pub(super) batch: usize,
    /// `[frames, batch, gate, padded]`.
    pub(super) gates: &'a [f32],
    /// `[frames, batch, hidden]`.
    pub(super) states: &'a mut [f32],
    /// `[batch, hidden]`.
    pub(super) last: &'a mut [f32],
    /// `[batch, hidden]`.
    pub(super) cells: &'a mut [f32],
    pub(super) activations: &'a Activations,
}

impl Walk<'_> {
    pub(super) fn run(self) -> TractResult<()> {
        Arch::new().dispatch(self)
    }
}

impl WithSimd for Walk<'_> {
    type Output = TractResult<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> TractResult<()> {
        let (hidden, padded, batch) = (self.packed.hidden, self.packed.padded(), self.batch);
        let mut state = Aligned::<f32>::zeroed(batch * padded);
        let mut cell = Aligned::<f32>::zeroed(batch * padded);
        let mut gates = Aligned::<f32>::zeroed(batch * GATES * padded);
        let steps = self.gates.chunks_exact(batch * GATES * padded);
        for (t, (given, states)) in steps.zip(self.states.chunks_exact_mut(batch * hidden)).enumerate() {
            gates.as_mut_slice().copy_from_slice(given);
            add_products(simd, self.packed, state.as_slice(), gates.as_mut_slice(), t % 2 == 1);
            for row in 0..batch {
                let gates = &mut gates.as_mut_slice()[row * GATES * padded..][..GATES * padded];
                let state = &mut state.as_mut_slice()[row * padded..][..padded];
                let cell = &mut cell.as_mut_slice()[row * padded..][..padded];
                turn(simd, self.activations, gates, state, cell)?;
                states[row * hidden..][..hidden].copy_from_slice(&state[..hidden]);
            }
        }
        for row in 0..batch {
            self.last[row * hidden..][..hidden].copy_from_slice(&state.as_slice()[row * padded..][..hidden]);
            self.cells[row * hidden..][..hidden].copy_from_slice(&cell.as_slice()[row * padded..][..hidden]);
        }
        Ok(())
    }
}

/// Adds to the gates `[row, gate, padded]` what the states `[row, padded]` give to them.
///
/// Eight running sums at a time, as many as hide the time that an addition takes: two panels for one row, or one panel for
/// two. Each sum runs through the state in the same order, whoever else is in the batch: the bits are the same.
#[inline(always)]
fn add_products<S: Simd>(simd: S, packed: &Packed, state: &[f32], gates: &mut [f32], backwards: bool) {
    let (weights, _) = S::as_simd_f32s(packed.weights.as_slice());
    let panel_len = packed.hidden * GATES;
    let panels = weights.len() / panel_len;
    let padded = packed.padded();
    let mut rows = state.chunks_exact(padded).zip(gates.chunks_exact_mut(GATES * padded));
    if rows.len() == 1 {
        let Some((state, gates)) = rows.next() else { return };
        let (gates, _) = S::as_mut_simd_f32s(gates);
        let pairs = panels / 2;
        for n in 0..pairs {
            let first = 2 * if backwards { pairs - 1 - n } else { n };
            let (one, two) = weights[first * panel_len..][..2 * panel_len].split_at(panel_len);
            two_panels(simd, [one, two], &state[..packed.hidden], gates, first);
        }
        if panels % 2 == 1 {
            one_panel(simd, &weights[(panels - 1) * panel_len..], &state[..packed.hidden], gates, panels - 1);
        }
        return;
    }
    let states: Vec<&[f32]> = state.chunks_exact(padded).map(|state| &state[..packed.hidden]).collect();
    let mut all: Vec<&mut [S::f32s]> =
        gates.chunks_exact_mut(GATES * padded).map(|gates| S::as_mut_simd_f32s(gates).0).collect();
    for n in 0..panels {
        let panel = if backwards { panels - 1 - n } else { n };
        let weights = &weights[panel * panel_len..][..panel_len];
        let ((twos, rest), (two_states, rest_states)) = (all.as_chunks_mut::<2>(), states.as_chunks::<2>());
        twos.iter_mut().zip(two_states).for_each(|(gates, states)| two_rows(simd, weights, states, gates, panel));
        rest.iter_mut().zip(rest_states).for_each(|(gates, state)| one_panel(simd, weights, state, gates, panel));
    }
}

/// The four gates of one panel.
#[inline(always)]
fn gates_of<S: Simd>(gates: &[S::f32s], panel: usize) -> [S::f32s; GATES] {
    let panels = gates.len() / GATES;
    [gates[panel], gates[panels + panel], gates[2 * panels + panel], gates[3 * panels + panel]]
}

#[inline(always)]
fn put_gates<S: Simd>(gates: &mut [S::f32s], panel: usize, values: [S::f32s; GATES]) {
    let panels = gates.len() / GATES;
    for (gate, value) in values.into_iter().enumerate() {
        gates[gate * panels + panel] = value;
    }
}

#[inline(always)]
fn add<S: Simd>(simd: S, sums: [S::f32s; GATES], weights: &[S::f32s; GATES], value: S::f32s) -> [S::f32s; GATES] {
    let ([a, b, c, d], [i, o, f, g]) = (sums, weights);
    [
        simd.mul_add_f32s(*i, value, a),
        simd.mul_add_f32s(*o, value, b),
        simd.mul_add_f32s(*f, value, c),
        simd.mul_add_f32s(*g, value, d),
    ]
}

#[inline(always)]
fn one_panel<S: Simd>(simd: S, weights: &[S::f32s], state: &[f32], gates: &mut [S::f32s], panel: usize) {
    let mut sums = gates_of::<S>(gates, panel);
    for (weights, value) in weights.as_chunks::<GATES>().0.iter().zip(state) {
        sums = add(simd, sums, weights, simd.splat_f32s(*value));
    }
    put_gates::<S>(gates, panel, sums);
}

#[inline(always)]
fn two_panels<S: Simd>(simd: S, weights: [&[S::f32s]; 2], state: &[f32], gates: &mut [S::f32s], first: usize) {
    let (mut one, mut two) = (gates_of::<S>(gates, first), gates_of::<S>(gates, first + 1));
    let [w1, w2] = weights.map(|weights| weights.as_chunks::<GATES>().0);
    for ((w1, w2), value) in w1.iter().zip(w2).zip(state) {
        let value = simd.splat_f32s(*value);
        one = add(simd, one, w1, value);
        two = add(simd, two, w2, value);
    }
    put_gates::<S>(gates, first, one);
    put_gates::<S>(gates, first + 1, two);
}

#[inline(always)]
fn two_rows<S: Simd>(
    simd: S,
    weights: &[S::f32s],
    states: &[&[f32]; 2],
    gates: &mut [&mut [S::f32s]; 2],
    panel: usize,
) {
    let (mut one, mut two) = (gates_of::<S>(gates[0], panel), gates_of::<S>(gates[1], panel));
    for (weights, (a, b)) in weights.as_chunks::<GATES>().0.iter().zip(states[0].iter().zip(states[1])) {
        one = add(simd, one, weights, simd.splat_f32s(*a));
        two = add(simd, two, weights, simd.splat_f32s(*b));
    }
    put_gates::<S>(gates[0], panel, one);
    put_gates::<S>(gates[1], panel, two);
}

/// Gates `[gate, padded]` to the next cell and state.
#[inline(always)]
fn turn<S: Simd>(
    simd: S,
    activations: &Activations,
    gates: &mut [f32],
    state: &mut [f32],
    cell: &mut [f32],
) -> TractResult<()> {
    let padded = state.len();
    activations.sigmoid.run(&mut gates[..3 * padded])?;
    activations.tanh.run(&mut gates[3 * padded..])?;
    let (gates, _) = S::as_simd_f32s(gates);
    let panels = gates.len() / GATES;
    let (input, rest) = gates.split_at(panels);
    let (output, rest) = rest.split_at(panels);
    let (forget, candidate) = rest.split_at(panels);
    let (cells, _) = S::as_mut_simd_f32s(cell);
    for (((cell, input), forget), candidate) in cells.iter_mut().zip(input).zip(forget).zip(candidate) {
        *cell = simd.add_f32s(simd.mul_f32s(*forget, *cell), simd.mul_f32s(*input, *candidate));
    }
    state.copy_from_slice(cell);
    activations.tanh.run(state)?;
    let (states, _) = S::as_mut_simd_f32s(state);
    for (state, output) in states.iter_mut().zip(output) {
        *state = simd.mul_f32s(*state, *output);
    }
    Ok(())
}
