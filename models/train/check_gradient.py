#!/usr/bin/env python3
"""Compare the gradient of network.py with central differences, for every kind of weight.

    models/.build/venv-train/bin/python models/train/check_gradient.py
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from graph import EMBEDDING, HIDDEN, LAYERS  # noqa: E402
from network import Network  # noqa: E402

INPUTS, FRAMES, BATCH = 80, 20, 3
STEP = 1e-2
# In 32 bits the difference quotient itself is only so good.
TOLERANCE = 0.05


def main():
    random = np.random.default_rng(0)

    def drawn(*shape):
        return random.normal(0, 0.3, shape).astype(np.float32)

    weights = {"linear.weight": drawn(EMBEDDING, HIDDEN), "linear.bias": drawn(EMBEDDING)}
    for n in range(LAYERS):
        weights |= {f"lstm.weight_ih_l{n}": drawn(4 * HIDDEN, HIDDEN if n else INPUTS) / 4,
                    f"lstm.weight_hh_l{n}": drawn(4 * HIDDEN, HIDDEN) / 4,
                    f"lstm.bias_ih_l{n}": drawn(4 * HIDDEN), f"lstm.bias_hh_l{n}": drawn(4 * HIDDEN)}
    x, of_embedding, of_hidden = drawn(FRAMES, BATCH, INPUTS), drawn(BATCH, EMBEDDING), drawn(BATCH, HIDDEN) / 4

    def value(weights):
        network = Network(weights)
        embedding = network.forward(x).astype(np.float64)
        return float((embedding * of_embedding).sum() + (network.hidden.astype(np.float64) * of_hidden).sum())

    network = Network(weights)
    network.forward(x)
    gradient = network.backward(of_embedding, of_hidden)
    worst = 0.0
    for name in weights:
        # Along the gradient the difference is largest, and so least drowned in rounding.
        direction = gradient[name] / np.linalg.norm(gradient[name])
        ahead, behind = ({**weights, name: weights[name] + sign * STEP * direction} for sign in (1, -1))
        found = (value(ahead) - value(behind)) / (2 * STEP)
        error = abs(found / np.linalg.norm(gradient[name]) - 1)
        worst = max(worst, error)
        print(f"{name:20} {error:.4f}")
    sys.exit(f"off by {worst:.1%}" if worst > TOLERANCE else 0)


if __name__ == "__main__":
    main()
