//! A layer's walk through time, as an operation of tract.
//!
//! It keeps nothing from one run to the next. tract's own `Scan` goes on from the last state when a plan's state is run
//! twice, and the last state is another caller's.

use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::tract_core::tract_linalg::routines::Func;

use super::GATES;
use super::cell::{Activations, Packed, Walk};

/// `[frames * batch, 4 * padded]`, what the inputs and the bias give to the gates, to the states `[frames, batch, state]`,
/// and the last state and cell `[batch, state]`.
#[derive(Clone, Debug)]
pub(super) struct Recurrence {
    packed: Arc<Packed>,
    frames: usize,
}

impl Recurrence {
    pub(super) fn new(packed: Packed, frames: usize) -> Self {
        Self { packed: Arc::new(packed), frames }
    }
}

/// Two layers are one only if they share their weights.
impl PartialEq for Recurrence {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.packed, &other.packed) && self.frames == other.frames
    }
}

impl Eq for Recurrence {}

impl Op for Recurrence {
    fn name(&self) -> StaticName {
        "Recurrence".into()
    }

    fn as_typed(&self) -> Option<&dyn TypedOp> {
        Some(self)
    }
}

impl EvalOp for Recurrence {
    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (hidden, padded) = (self.packed.hidden(), self.packed.padded());
        let (rows, width) = match inputs.first().map(|gates| gates.shape()) {
            Some(&[rows, width]) => (rows, width),
            _ => bail!("the gates of an LSTM have two axes"),
        };
        ensure!(width == GATES * padded && rows % self.frames == 0, "gates of {rows} times {width}");
        let batch = rows / self.frames;
        let mut states = Tensor::zero::<f32>(&[self.frames, batch, hidden])?;
        let mut last = Tensor::zero::<f32>(&[batch, hidden])?;
        let mut cells = Tensor::zero::<f32>(&[batch, hidden])?;
        let mut views = (states.try_as_plain_ram_mut()?, last.try_as_plain_ram_mut()?, cells.try_as_plain_ram_mut()?);
        let walk = Walk {
            packed: &self.packed,
            batch,
            gates: inputs[0].try_as_plain_ram()?.as_slice::<f32>()?,
            states: views.0.as_slice_mut::<f32>()?,
            last: views.1.as_slice_mut::<f32>()?,
            cells: views.2.as_slice_mut::<f32>()?,
            activations: &Activations { sigmoid: Func::Sigmoid.ew_f32()?, tanh: Func::Tanh.ew_f32()? },
        };
        walk.run()?;
        Ok(tvec!(states.into_tvalue(), last.into_tvalue(), cells.into_tvalue()))
    }

    fn eval_out_of_plan(&self, inputs: TVec<TValue>) -> TractResult<Option<TVec<TValue>>> {
        self.eval(&EvalContext::out_of_plan(), inputs).map(Some)
    }
}

impl TypedOp for Recurrence {
    fn as_op(&self) -> &dyn Op {
        self
    }

    fn as_op_mut(&mut self) -> &mut dyn Op {
        self
    }

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let (frames, hidden) = (self.frames.to_dim(), self.packed.hidden().to_dim());
        let batch = inputs[0].shape[0].clone().maybe_div(&frames)?.0;
        let state = f32::fact([batch.clone(), hidden.clone()]);
        Ok(tvec!(f32::fact([frames, batch, hidden]), state.clone(), state))
    }
}
