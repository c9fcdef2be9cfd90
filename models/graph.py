"""The network as an ONNX graph: mels [batch, frames, 40] to embeddings [batch, 256], each of length one."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

LAYERS, HIDDEN, MELS, EMBEDDING = 3, 256, 40, 256
WINDOW_FRAMES = 160
# Keeps an all-zero ReLU output from dividing by zero; upstream divides 0 by 0 there. Real norms are near 1.
NORM_FLOOR = 1e-12
# Where the logarithm of a band stops, 30 dB or more under a typical band of speech at the network's level.
LOG_FLOOR = 1e-5
# The newest operator set that tract, onnxruntime and sherpa-onnx all load; also the first with Squeeze axes as an input.
OPSET = 13


def hears_logarithms(weights):
    """Whether the first layer reads the bands' logarithms beside the bands themselves."""
    return weights["lstm.weight_ih_l0"].shape[1] == 2 * MELS


def onnx_model(weights, metadata):
    """`weights` have torch's names, shapes and order of gates; `metadata` goes into the file."""
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(op, inputs, outputs, **attributes):
        nodes.append(helper.make_node(op, inputs, outputs, name=f"{op.lower()}_{len(nodes)}", **attributes))
        return outputs[-1]

    # ONNX's LSTM wants time first, then batch, and puts a direction axis into what it gives.
    direction = constant("direction_axis_of_y", np.array([1], np.int64))
    last_direction = constant("direction_axis_of_y_h", np.array([0], np.int64))
    x = node("Transpose", ["mels"], ["mels_time_first"], perm=[1, 0, 2])
    if hears_logarithms(weights):
        above = node("Add", [x, constant("log_floor", np.array(LOG_FLOOR, np.float32))], ["mels_above_floor"])
        logs = node("Log", [above], ["logs"])
        mean = node("ReduceMean", [logs], ["logs_mean"], axes=[0], keepdims=1)
        x = node("Concat", [x, node("Sub", [logs, mean], ["logs_centred"])], ["mels_and_logs"], axis=2)
    for layer in range(LAYERS):
        w, r, b_in, b_rec = (onnx_gates(weights[f"lstm.{kind}_l{layer}"])
                             for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        inputs = [x, constant(f"lstm{layer}_w", w[None]), constant(f"lstm{layer}_r", r[None]),
                  constant(f"lstm{layer}_b", np.concatenate([b_in, b_rec])[None])]
        if layer < LAYERS - 1:
            y = node("LSTM", inputs, [f"lstm{layer}_y"], hidden_size=HIDDEN)
            x = node("Squeeze", [y, direction], [f"lstm{layer}_out"])
        else:
            y = node("LSTM", inputs, ["", "last_y_h"], hidden_size=HIDDEN)
            x = node("Squeeze", [y, last_direction], ["last_hidden"])

    x = node("Gemm", [x, constant("linear_w", weights["linear.weight"]), constant("linear_b", weights["linear.bias"])],
             ["linear"], transB=1)
    x = node("Relu", [x], ["relu"])
    length = node("ReduceL2", [x], ["norm"], axes=[1], keepdims=1)
    length = node("Max", [length, constant("norm_floor", np.array([[NORM_FLOOR]], np.float32))], ["safe_norm"])
    node("Div", [x, length], ["embedding"])

    f32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "ge2e",
        [helper.make_tensor_value_info("mels", f32, ["batch", "frames", MELS])],
        [helper.make_tensor_value_info("embedding", f32, ["batch", EMBEDDING])],
        constants)
    model = helper.make_model(graph, producer_name="regulars", ir_version=8,
                              opset_imports=[helper.make_opsetid("", OPSET)])
    helper.set_model_props(model, metadata)
    checker.check_model(model, full_check=True)
    return model


def onnx_gates(rows):
    """Torch stacks the gates input, forget, cell, output; ONNX input, output, forget, cell."""
    i, f, c, o = np.split(rows, 4)
    return np.concatenate([i, o, f, c])


def shared_metadata():
    """What a reader must know to feed either file, in the file itself. `output_dim`, `feat_dim`, `sample_rate`,
    `window_size_ms`, `window_stride_ms` and `language` are sherpa-onnx's names; the others are ours."""
    return {
        "version": "1",
        "framework": "ge2e",
        "language": "English",
        "input": "mels",
        "output": "embedding",
        "output_dim": str(EMBEDDING),
        "feat_dim": str(MELS),
        "frames_per_window": str(WINDOW_FRAMES),
        "sample_rate": "16000",
        "window_size_ms": "25",
        "window_stride_ms": "10",
        "window_type": "hann-periodic",
        "framing": "centred-zero-padded",
        "mel_kind": "linear-power",
        "mel_scale": "slaney",
        "mel_norm": "slaney",
        "mel_low_hz": "0",
        "mel_high_hz": "8000",
        "level_dbfs": "-30",
        "licence": "Apache-2.0",
        "copyright": "Copyright 2019 Resemble.AI",
    }
