"""Training: Adam on all cores, an average of the weights on the way, and a place to go on from.

A step's batch is cut into parts of fixed size, whose gradients are added in their order: the result does not depend on how
many cores there are.
"""

from concurrent.futures import ProcessPoolExecutor

import numpy as np

import student
from network import Network
from progress import Progress

CHECKPOINT_EVERY = 50
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def train(start, shards, recipe, seed, checkpoint, workers):
    """The averaged weights after `recipe["steps"]` steps from `start`; goes on from `checkpoint` when it is there."""
    original = _flat(start)
    state = _resume(checkpoint) or {"step": 0, "weights": original, "average": original.copy(),
                                    "m": np.zeros_like(original), "v": np.zeros_like(original)}
    progress = Progress("training", recipe["steps"], int(state["step"]))
    shapes = [(name, value.shape) for name, value in start.items()]
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(shards, recipe, seed, shapes)) as pool:
        running = None
        while state["step"] < recipe["steps"]:
            step = int(state["step"])
            jobs = [(state["weights"], step, part) for part in range(recipe["parts"])]
            gradient, total, cosine = np.zeros_like(original), 0.0, 0.0
            for part, part_total, part_cosine in pool.map(_gradient, jobs):
                gradient += part / recipe["parts"]
                total, cosine = total + part_total / recipe["parts"], cosine + part_cosine / recipe["parts"]
            _update(state, gradient, original, recipe)
            running = total if running is None else 0.95 * running + 0.05 * total
            progress.step(f"loss {running:.3f}  cosine {cosine:.3f}")
            if state["step"] % CHECKPOINT_EVERY == 0 or state["step"] == recipe["steps"]:
                _save(checkpoint, state)
    return _named(state["average"], shapes)


def _start(shards, recipe, seed, shapes):
    global _lessons, _recipe, _seed, _shapes
    _lessons, _recipe, _seed, _shapes = student.Lessons(shards, recipe), recipe, seed, shapes


def _gradient(job):
    flat, step, part = job
    random = np.random.default_rng([_seed, step, part])
    batch = _lessons.batch(_recipe["part_size"], random)
    network = Network(_named(flat, _shapes))
    embeddings = network.forward(student.inputs(batch.mels, _recipe["log"]))
    total, cosine, *slopes = student.loss(embeddings, network.hidden, batch, _lessons.means, _recipe)
    gradient = network.backward(*(slope.astype(np.float32) for slope in slopes))
    return np.concatenate([gradient[name].ravel() for name, _ in _shapes]), float(total), float(cosine)


def _update(state, gradient, original, recipe):
    """Adam (Kingma and Ba, 2015) with a cosine schedule; decay is towards the original weights, not to zero."""
    state["step"] = step = int(state["step"]) + 1
    norm = np.linalg.norm(gradient)
    if norm > recipe["clip"]:
        gradient *= recipe["clip"] / norm
    state["m"] = BETA_1 * state["m"] + (1 - BETA_1) * gradient
    state["v"] = BETA_2 * state["v"] + (1 - BETA_2) * gradient ** 2
    warm = min(1.0, step / recipe["warm_up"])
    rate = recipe["rate"] * warm * (0.5 + 0.5 * np.cos(np.pi * step / recipe["steps"]))
    direction = state["m"] / (1 - BETA_1 ** step) / (np.sqrt(state["v"] / (1 - BETA_2 ** step)) + EPSILON)
    state["weights"] = (state["weights"] - rate * (direction + recipe["pull"] * (state["weights"] - original)))
    state["weights"] = state["weights"].astype(np.float32)
    keep = min(recipe["average"], (1 + step) / (10 + step))
    state["average"] = (keep * state["average"] + (1 - keep) * state["weights"]).astype(np.float32)


def _flat(weights):
    return np.concatenate([value.ravel() for value in weights.values()]).astype(np.float32)


def _named(flat, shapes):
    out, at = {}, 0
    for name, shape in shapes:
        size = int(np.prod(shape))
        out[name] = flat[at:at + size].reshape(shape)
        at += size
    return out


def _resume(checkpoint):
    if not checkpoint.exists():
        return None
    with np.load(checkpoint) as stored:
        return dict(stored)


def _save(checkpoint, state):
    part = checkpoint.with_suffix(".part.npz")
    np.savez(part, **state)
    part.replace(checkpoint)
