//! The LSTM layers of a model in two thirds of the time that tract takes (benches/peers).
//!
//! tract walks through time with a small interpreter, which costs a third of its time, and reads a layer's weights anew from
//! the slow end of the cache at every step. Here one operation walks. The inputs of all steps are multiplied by their
//! weights at once, by tract's own matrix product; what is left for each step, the state's product, is `cell.rs`. An LSTM of
//! another kind than our models have stays tract's.

mod cell;
mod recurrence;

use tract_onnx::Onnx;
use tract_onnx::ops::rec::common::CommonRec;
use tract_onnx::ops::rec::lstm::LSTM;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_hir::internal::*;
use tract_onnx::tract_hir::ops::nn::sigmoid;

use cell::Packed;
use recurrence::Recurrence;

/// tract's reader of ONNX, with this LSTM in place of its own.
pub(super) fn onnx() -> Onnx {
    let mut onnx = tract_onnx::onnx();
    onnx.op_register.insert("LSTM", |_, node| Ok((expand(Lstm::read(node)?), Vec::new())));
    onnx
}

/// ONNX's LSTM (operator set 14; sets 7 to 13 differ in `layout` alone, which they lack).
#[derive(Clone, Debug)]
struct Lstm {
    tract: CommonRec,
    /// Whether the node asks for nothing but what [`Recurrence`] does.
    plain: bool,
}

impl Lstm {
    fn read(node: &NodeProto) -> TractResult<Self> {
        let tanh = || Box::new(math::tanh());
        let body = LSTM { f: Box::new(sigmoid()), g: tanh(), h: tanh() };
        let tract = CommonRec::from_node_and_options(node, 3, 0, Box::new(body))?;
        // One direction, time first, the usual activations, and a state that begins at zero.
        let plain = node.attribute.iter().all(|attribute| attribute.name == "hidden_size")
            && tract.optional_sequence_lens_input.is_none()
            && tract.optional_initial_h_input.is_none()
            && tract.optional_initial_c_input.is_none()
            && tract.optional_p_input.is_none();
        Ok(Self { tract, plain })
    }

    /// The weights of a layer that can be run here.
    fn weights(&self, target: &TypedModel, inputs: &[OutletId]) -> TractResult<Option<Weights>> {
        let frames = target.outlet_fact(inputs[0])?.shape[0].to_usize();
        let constant = |input: OutletId| -> TractResult<Option<Arc<Tensor>>> {
            Ok(target.outlet_fact(input)?.konst.clone().filter(|tensor| tensor.datum_type() == f32::datum_type()))
        };
        let (Ok(frames), true) = (frames, self.plain) else { return Ok(None) };
        let (Some(w), Some(r)) = (constant(inputs[1])?, constant(inputs[2])?) else { return Ok(None) };
        let bias = match self.tract.optional_bias_input {
            None => None,
            Some(slot) => match constant(inputs[slot])? {
                None => return Ok(None),
                bias => bias,
            },
        };
        let (&[1, rows, width], &[1, _, hidden]) = (w.shape(), r.shape()) else { return Ok(None) };
        ensure!(rows == GATES * hidden, "an LSTM with {rows} rows of weights for a state of {hidden}");
        let Some(packed) = Packed::new(r.try_as_plain_ram()?.as_slice::<f32>()?, hidden) else { return Ok(None) };
        let padded = packed.padded();
        // Room for the padding of each gate, so that what the product gives is laid out as the cell reads it.
        let mut input = vec![0.0; GATES * padded * width];
        let mut offset = vec![0.0; GATES * padded];
        let w = w.try_as_plain_ram()?.as_slice::<f32>()?;
        for gate in 0..GATES {
            input[gate * padded * width..][..hidden * width]
                .copy_from_slice(&w[gate * hidden * width..][..hidden * width]);
        }
        if let Some(bias) = bias {
            let bias = bias.try_as_plain_ram()?.as_slice::<f32>()?;
            let (of_input, of_state) = bias.split_at(GATES * hidden);
            for gate in 0..GATES {
                for unit in 0..hidden {
                    offset[gate * padded + unit] = of_input[gate * hidden + unit] + of_state[gate * hidden + unit];
                }
            }
        }
        Ok(Some(Weights {
            frames,
            width,
            packed,
            input: Tensor::from_shape(&[GATES * padded, width], &input)?,
            offset: Tensor::from_shape(&[1, GATES * padded], &offset)?,
        }))
    }
}

/// Input, output, forget, cell: ONNX's order.
const GATES: usize = 4;

struct Weights {
    frames: usize,
    width: usize,
    packed: Packed,
    /// `[4 * padded, width]`.
    input: Tensor,
    /// `[1, 4 * padded]`.
    offset: Tensor,
}

impl Expansion for Lstm {
    fn name(&self) -> StaticName {
        "Lstm".into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.tract.nboutputs()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        self.tract.rules(solver, inputs, outputs)
    }

    fn wire(&self, prefix: &str, target: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let Some(weights) = self.weights(target, inputs)? else { return self.tract.wire(prefix, target, inputs) };
        let batch = target.outlet_fact(inputs[0])?.shape[1].clone();
        let Weights { frames, width, packed, input, offset } = weights;
        let input = target.add_const(format!("{prefix}.input_weights"), input)?;
        let offset = target.add_const(format!("{prefix}.bias"), offset)?;
        let long = AxisOp::Reshape(
            0,
            tvec!(frames.to_dim(), batch.clone(), width.to_dim()),
            tvec!(batch.clone() * frames, width.to_dim()),
        );
        let x = target.wire_node(format!("{prefix}.together"), long, &[inputs[0]])?;
        let product = EinSum::new("mk,nk->mn".parse()?, f32::datum_type());
        let gates = target.wire_node(format!("{prefix}.input"), product, &[x[0], input])?;
        let gates = target.wire_node(format!("{prefix}.gates"), math::add(), &[gates[0], offset])?;
        let recurrence = Recurrence::new(packed, frames);
        let states = target.wire_node(prefix, recurrence, &[gates[0]])?;
        let mut outputs = tvec!(OutletId::from(0); self.nboutputs()?);
        let wanted = [self.tract.optional_y_output, self.tract.optional_y_h_output, self.tract.optional_y_c_output];
        for (n, slot) in wanted.into_iter().enumerate() {
            if let Some(slot) = slot {
                // ONNX has an axis for the direction: [time, direction, batch, state] and [direction, batch, state].
                let axis = AxisOp::Add(usize::from(n == 0));
                outputs[slot] = target.wire_node(format!("{prefix}.output_{n}"), axis, &[states[n]])?[0];
            }
        }
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests;
