"""From weights to the files of a model: ONNX and golden clips."""

import numpy as np

import build
import graph
from student import LOG_SCALE


def network_only(checkpoint):
    """The weights that the graph has; the checkpoint also holds two numbers of its training loss."""
    return {name: value for name, value in checkpoint.items() if name.startswith(("lstm.", "linear."))}


def blend(students, original, share):
    """The mean of the students, with `share` of the original."""
    mean = {name: np.mean([student[name] for student in students], 0) for name in original}
    return {name: ((1 - share) * mean[name] + share * original[name]).astype(np.float32) for name in original}


def write(folder, weights, recipe):
    """model.onnx and model.golden.json."""
    weights = dict(weights)
    first = weights["lstm.weight_ih_l0"]
    if graph.hears_logarithms(weights):
        # The graph hears the logarithms as they are.
        weights["lstm.weight_ih_l0"] = np.concatenate([first[:, :graph.MELS], LOG_SCALE * first[:, graph.MELS:]], 1)
    build.write_model(folder, weights, {
        "name": folder.name,
        **graph.shared_metadata(),
        "source": "models/train with the weights named by source_weights_sha256",
        "source_weights_sha256": build.WEIGHTS_SHA256,
        "seed": str(recipe["seed"]),
        "change": "trained on telephone renditions of clean speech to give what the original gives for the clean speech",
    })
