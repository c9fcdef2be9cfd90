#!/usr/bin/env python3
"""Make ge2e.onnx and ge2e.golden.json from the pinned PyPI wheel of resemblyzer.

    python3 models/build.py

The weights come out of the wheel without torch, so that the model in this folder can be remade and compared by
anyone in a minute. Two runs give the same bytes. MODEL.md says what the files mean.
"""

import hashlib
import io
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / ".build"  # git-ignored: a virtual environment and the downloaded wheel
MODEL = HERE / "ge2e.onnx"
GOLDEN = HERE / "ge2e.golden.json"

PACKAGE = "resemblyzer==0.1.4"
WHEEL = "Resemblyzer-0.1.4-py3-none-any.whl"
WHEEL_SHA256 = "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
WEIGHTS = "resemblyzer/pretrained.pt"
WEIGHTS_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"

LAYERS, HIDDEN, MELS, EMBEDDING = 3, 256, 40, 256
WINDOW_FRAMES = 160
# Keeps an all-zero ReLU output from dividing by zero; upstream divides 0 by 0 there. Real norms are near 1.
NORM_FLOOR = 1e-12
# The newest operator set that tract, onnxruntime and sherpa-onnx all load; also the first with Squeeze axes as an input.
OPSET = 13


def main():
    if sys.prefix != str(WORK / "venv"):
        return run_in_venv()
    weights = read_weights(fetch_wheel())
    model = onnx_model(weights)
    MODEL.write_bytes(model.SerializeToString())
    print(f"{MODEL.name}  {MODEL.stat().st_size} bytes  sha256 {sha256(MODEL.read_bytes())}")

    import golden
    GOLDEN.write_text(golden.document(weights, sha256(MODEL.read_bytes())))
    worst = golden.compare_with_graph(MODEL)
    print(f"{GOLDEN.name}  sha256 {sha256(GOLDEN.read_bytes())}")
    print(f"written graph against the plain numpy network: max difference {worst:.1e}")
    if worst > 1e-5:
        sys.exit("the graph does not compute the network: the LSTM gates are probably in the wrong order")
    card = (HERE / "MODEL.md").read_text()
    for made in (MODEL, GOLDEN):
        if sha256(made.read_bytes()) not in card:
            sys.exit(f"MODEL.md does not state the sha256 of this {made.name}")


def run_in_venv():
    """Run this script again inside a virtual environment that has exactly requirements.txt."""
    python = WORK / "venv" / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_bytes()
    stamp = WORK / "installed.txt"
    if not python.exists() or not stamp.exists() or stamp.read_bytes() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", WORK / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_bytes(wanted)
    sys.exit(subprocess.run([python, "-B", __file__]).returncode)


def fetch_wheel():
    wheel = WORK / WHEEL
    if not wheel.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "--dest", WORK, PACKAGE], check=True)
    require_sha256(wheel.name, wheel.read_bytes(), WHEEL_SHA256)
    return wheel


def read_weights(wheel):
    """`{name: float32 array}` of the checkpoint in `wheel`, with torch's names (`lstm.weight_ih_l0` and so on)."""
    with zipfile.ZipFile(wheel) as archive:
        checkpoint = archive.read(WEIGHTS)
    require_sha256(WEIGHTS, checkpoint, WEIGHTS_SHA256)
    return {name: tensor.array() for name, tensor in load_checkpoint(checkpoint)["model_state"].items()}


class Storage:
    """Numbers that the pickle names by key and the file carries after it."""

    def __init__(self, length):
        self.length = length
        self.values = None


class Tensor:
    """A view into a storage; resolved late because the storages' bytes follow the pickle."""

    def __init__(self, storage, offset, shape, stride, *_):
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride

    def array(self):
        import numpy as np
        step = self.storage.values.itemsize
        return np.lib.stride_tricks.as_strided(self.storage.values[self.offset:], self.shape,
                                               [s * step for s in self.stride]).copy()


class WeightsUnpickler(pickle.Unpickler):
    """A pickle can name any function to call; this one knows three names and refuses the rest."""

    ALLOWED = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): Tensor,
        ("torch", "FloatStorage"): "float32",
    }

    def __init__(self, file, storages):
        super().__init__(file)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"the checkpoint asks for {module}.{name}, which weights do not need")
        return self.ALLOWED[module, name]

    def persistent_load(self, pid):
        tag, dtype, key, _device, length, view = pid
        if (tag, dtype, view) != ("storage", "float32", None):
            raise pickle.UnpicklingError(f"unknown kind of storage: {tag} {dtype} {view}")
        return self.storages.setdefault(key, Storage(length))


def load_checkpoint(data):
    """Torch's format before 1.6: five pickles (magic, version, machine, object, storage keys), then for each key
    its length (u64 LE) and its float32 LE values."""
    import numpy as np
    file, storages = io.BytesIO(data), {}
    magic, version, _machine, checkpoint, keys = [WeightsUnpickler(file, storages).load() for _ in range(5)]
    if (magic, version) != (0x1950A86A20F9469CFC6C, 1001):
        raise ValueError(f"{WEIGHTS} is not a checkpoint in torch's old format")
    for key in keys:
        storage = storages[key]
        (length,) = struct.unpack("<Q", file.read(8))
        if length != storage.length:
            raise ValueError(f"storage {key} holds {length} values, {storage.length} were announced")
        storage.values = np.frombuffer(file.read(4 * length), "<f4")
    if file.read(1):
        raise ValueError("bytes follow the last storage")
    return checkpoint


def onnx_model(weights):
    """mels [batch, frames, 40] -> embedding [batch, 256], each row of length one."""
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper

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
    helper.set_model_props(model, metadata())
    checker.check_model(model, full_check=True)
    return model


def onnx_gates(rows):
    """Torch stacks the gates input, forget, cell, output; ONNX input, output, forget, cell."""
    import numpy as np
    i, f, c, o = np.split(rows, 4)
    return np.concatenate([i, o, f, c])


def metadata():
    """What a reader must know to feed this file, in the file itself. `output_dim`, `feat_dim`, `sample_rate`,
    `window_size_ms`, `window_stride_ms` and `language` are sherpa-onnx's names; the others are ours."""
    return {
        "name": "ge2e",
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
        "source": f"https://pypi.org/project/Resemblyzer/0.1.4/ {WHEEL} {WEIGHTS}",
        "source_sha256": WHEEL_SHA256,
        "weights_sha256": WEIGHTS_SHA256,
        "change": "weights converted to ONNX, values unchanged",
    }


def require_sha256(name, data, wanted):
    found = sha256(data)
    if found != wanted:
        sys.exit(f"{name} has sha256 {found}, expected {wanted}: refusing to build from it")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main()
