use std::path::PathBuf;

use proptest::prelude::*;

use super::cell::{Activations, Packed, Walk};
use super::*;
use crate::speech::Window;
use tract_onnx::prelude::InferenceModelExt;
use tract_onnx::tract_hir::tract_core::tract_linalg::routines::Func;

/// The plan of `onnx` for the default model and so many windows at once.
fn plan(onnx: Onnx, batch: usize) -> Arc<TypedRunnableModel> {
    let [frames, mels] = Window::SHAPE;
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/ge2e-telephone/model.onnx");
    let graph = onnx.model_for_path(file).unwrap();
    let graph = graph.with_input_fact(0, f32::fact([batch, frames, mels]).into()).unwrap();
    graph.into_optimized().unwrap().into_runnable().unwrap()
}

/// Mels of a caller: every seed another's.
fn mels(seed: usize) -> Vec<f32> {
    let count = Window::SHAPE.iter().product();
    (0..count).map(|n: usize| ((n * seed + n / 40 * 13) % 101) as f32 * 1e-4 * (1.0 + (n % 7) as f32)).collect()
}

fn run(plan: &Arc<TypedRunnableModel>, callers: &[usize]) -> Vec<Vec<f32>> {
    let [frames, bands] = Window::SHAPE;
    let input: Vec<f32> = callers.iter().flat_map(|seed| mels(*seed)).collect();
    let input = Tensor::from_shape(&[callers.len(), frames, bands], &input).unwrap();
    let output = plan.run(tvec!(input.into())).unwrap();
    let values: Vec<f32> = output[0].to_plain_array_view::<f32>().unwrap().iter().copied().collect();
    values.chunks(values.len() / callers.len()).map(<[f32]>::to_vec).collect()
}

#[test]
fn a_model_says_what_it_says_under_tract_s_own_lstm() {
    let (ours, theirs) = (plan(onnx(), 1), plan(tract_onnx::onnx(), 1));
    for caller in 1..9 {
        let (ours, theirs) = (run(&ours, &[caller]), run(&theirs, &[caller]));
        let off = ours[0].iter().zip(&theirs[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-5, "{off}");
        assert!(theirs[0].iter().any(|value| *value > 0.05), "there is something to compare");
    }
}

#[test]
fn two_callers_get_the_same_bits_alone_and_together_in_any_order_and_on_any_thread() {
    let (one, two) = (plan(onnx(), 1), plan(onnx(), 2));
    let alone: Vec<_> = (1..5).map(|caller| run(&one, &[caller]).remove(0)).collect();
    assert!((0..3).all(|n| alone[n] != alone[n + 1]), "they are different callers");
    for order in [[1, 2, 3, 4], [4, 3, 2, 1], [2, 2, 1, 1], [3, 1, 4, 1]] {
        let on_a_thread = |callers: [usize; 4]| {
            for caller in callers {
                assert_eq!(run(&one, &[caller]).remove(0), alone[caller - 1]);
            }
            for pair in callers.chunks(2) {
                assert_eq!(run(&two, pair), [alone[pair[0] - 1].clone(), alone[pair[1] - 1].clone()]);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| on_a_thread(order));
            on_a_thread(order);
        });
    }
}

#[test]
fn a_kept_state_of_the_plan_remembers_no_caller() {
    // A state of tract's own LSTM goes on from the caller before, which is why the embedder never keeps one.
    let one = plan(onnx(), 1);
    let mut kept = one.spawn().unwrap();
    let [frames, bands] = Window::SHAPE;
    let mut embed = |caller: usize| -> Vec<f32> {
        let input = Tensor::from_shape(&[1, frames, bands], &mels(caller)).unwrap();
        let output = kept.run(tvec!(input.into())).unwrap();
        output[0].to_plain_array_view::<f32>().unwrap().iter().copied().collect()
    };
    let first = embed(1);
    let second = embed(2);
    assert_eq!((embed(1), embed(2)), (first, second));
}

/// One cell by the book (ONNX operator LSTM), in 64 bits.
fn by_the_book(r: &[f32], hidden: usize, gates: &[f32], frames: usize) -> Vec<f64> {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (mut state, mut cell) = (vec![0.0f64; hidden], vec![0.0f64; hidden]);
    for given in gates.chunks(4 * hidden).take(frames) {
        let sum = |row: usize| {
            let of_state = (0..hidden).map(|k| f64::from(r[row * hidden + k]) * state[k]).sum::<f64>();
            f64::from(given[row]) + of_state
        };
        let sums: Vec<f64> = (0..4 * hidden).map(sum).collect();
        for unit in 0..hidden {
            let [input, output, forget] = [0, 1, 2].map(|gate| sigmoid(sums[gate * hidden + unit]));
            cell[unit] = forget * cell[unit] + input * sums[3 * hidden + unit].tanh();
            state[unit] = output * cell[unit].tanh();
        }
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Sizes that fill no vector, odd numbers of panels, any batch.
    #[test]
    fn a_walk_agrees_with_the_book(hidden in 1usize..70, frames in 1usize..6, batch in 1usize..6, seed in 1usize..1000) {
        let draw = |n: usize| ((n * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0;
        let r: Vec<f32> = (0..4 * hidden * hidden).map(draw).collect();
        let Some(packed) = Packed::new(&r, hidden) else { return Ok(()) };
        let padded = packed.padded();
        let sequences: Vec<Vec<f32>> = (0..batch)
            .map(|row| (0..frames * 4 * hidden).map(|n| draw(n * (row + 3))).collect())
            .collect();
        let mut gates = vec![0.0; frames * batch * 4 * padded];
        for (at, gate) in gates.chunks_exact_mut(padded).enumerate() {
            let (t, row, kind) = (at / 4 / batch, at / 4 % batch, at % 4);
            gate[..hidden].copy_from_slice(&sequences[row][(t * 4 + kind) * hidden..][..hidden]);
        }
        let (mut states, mut last) = (vec![0.0; frames * batch * hidden], vec![0.0; batch * hidden]);
        let mut cells = last.clone();
        let activations = Activations { sigmoid: Func::Sigmoid.ew_f32().unwrap(), tanh: Func::Tanh.ew_f32().unwrap() };
        Walk {
            packed: &packed,
            batch,
            gates: &gates,
            states: &mut states,
            last: &mut last,
            cells: &mut cells,
            activations: &activations,
        }
        .run()
        .unwrap();
        prop_assert_eq!(&states[(frames - 1) * batch * hidden..], &last[..]);
        for (row, sequence) in sequences.iter().enumerate() {
            let wanted = by_the_book(&r, hidden, sequence, frames);
            for (value, wanted) in last[row * hidden..].iter().zip(wanted) {
                prop_assert!((f64::from(*value) - wanted).abs() < 2e-5, "{value} is not {wanted}");
            }
        }
    }
}
