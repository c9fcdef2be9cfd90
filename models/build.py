#!/usr/bin/env python3
"""Make ge2e/model.onnx and its golden clips from the pinned PyPI wheel of resemblyzer.

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
FOLDER = HERE / "ge2e"

PACKAGE = "resemblyzer==0.1.4"
WHEEL = "Resemblyzer-0.1.4-py3-none-any.whl"
WHEEL_SHA256 = "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
WEIGHTS = "resemblyzer/pretrained.pt"
WEIGHTS_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"


def main():
    run_in_venv("venv", HERE / "requirements.txt", [__file__])
    weights = read_weights(fetch_wheel())
    if not write_model(FOLDER, weights, metadata()):
        sys.exit("this is not the model that MODEL.md describes")


def write_model(folder, weights, metadata):
    """model.onnx and model.golden.json, checked against each other. Whether the folder's MODEL.md states their sha256."""
    import golden
    import graph
    folder.mkdir(exist_ok=True)
    model, clips = folder / "model.onnx", folder / "model.golden.json"
    model.write_bytes(graph.onnx_model(weights, metadata).SerializeToString())
    clips.write_text(golden.document(metadata["name"], weights, model))
    worst = golden.compare_with_graph(model)
    print(f"onnxruntime against the plain numpy network: max difference {worst:.1e}")
    if worst > 1e-5:
        sys.exit("the graph does not compute the network: the LSTM gates are probably in the wrong order")
    card = folder / "MODEL.md"
    text = card.read_text() if card.exists() else ""
    digests = [sha256(made.read_bytes()) for made in (model, clips)]
    for made, digest in zip((model, clips), digests):
        stated = "" if digest in text else "  (not in MODEL.md)"
        print(f"{folder.name}/{made.name}  {made.stat().st_size} bytes  sha256 {digest}{stated}")
    return all(digest in text for digest in digests)


def run_in_venv(name, requirements, command):
    """Unless this is it already: run `command` in a virtual environment that has exactly `requirements`, and exit."""
    if sys.prefix == str(WORK / name):
        return
    python, stamp = WORK / name / "bin" / "python", WORK / f"{name}.txt"
    wanted = requirements.read_bytes()
    if not python.exists() or not stamp.exists() or stamp.read_bytes() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", WORK / name], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "-r", requirements], check=True)
        stamp.write_bytes(wanted)
    sys.exit(subprocess.run([python, "-B", *command]).returncode)


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


def metadata():
    import graph
    return {
        "name": "ge2e",
        **graph.shared_metadata(),
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
