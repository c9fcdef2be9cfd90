"""What the student hears, what it is asked for, and how far off it is."""

import json

import numpy as np

from front_end import STEP_FRAMES
from graph import EMBEDDING, LOG_FLOOR, MELS, WINDOW_FRAMES
from renditions import OFFSET_STEP

# The logarithm of a band, less its mean over the window: a telephone's response is a factor in every band, and so
# disappears here. The scale makes it about as large as the mels; in the ONNX file it is part of the weights.
LOG_SCALE = 0.25


def inputs(mels, log):
    """Linear mels [frames, batch, 40] to what the network reads: these, and their logarithm in another 40."""
    if not log:
        return mels
    logs = np.log(mels + np.float32(LOG_FLOOR))
    return np.concatenate([mels, np.float32(LOG_SCALE) * (logs - logs.mean(0))], 2)


def from_teacher(weights, log):
    """The teacher's weights, with weights of zero for the logarithms: the student starts as the teacher."""
    weights = dict(weights)
    if log:
        first = weights["lstm.weight_ih_l0"]
        weights["lstm.weight_ih_l0"] = np.concatenate([first, np.zeros_like(first)], 1)
    return weights


class Lessons:
    """Windows of renditions and what the teacher said of the same speech, clean."""

    def __init__(self, shards, recipe):
        self.recipe = recipe
        self.mels = [np.load(f"{shard}.mels.npy", mmap_mode="r") for shard in shards]
        self.targets = [np.load(f"{shard}.targets.npy") for shard in shards]
        self.voices = []
        for number, shard in enumerate(shards):
            with open(f"{shard}.json") as file:
                self.voices += [(number, voice) for voice in json.load(file)]
        self.means = np.array([unit(self._targets(n).mean(0)) for n in range(len(self.voices))])

    def _targets(self, n):
        shard, voice = self.voices[n]
        return self.targets[shard][voice["first_target"]:voice["first_target"] + voice["targets"]]

    def batch(self, size, random):
        """Mels [160, size, 40], targets [size, 256] and voices [size]: of each voice one window of one rendition."""
        mels = np.empty((WINDOW_FRAMES, size, MELS), np.float32)
        targets = np.empty((size, EMBEDDING), np.float32)
        drawn = random.integers(len(self.voices), size=size)
        for n, which in enumerate(drawn):
            shard, voice = self.voices[which]
            rendition, window = random.integers(len(voice["kinds"])), random.integers(voice["targets"])
            start = voice["first_frame"] + rendition * voice["frames"] + window * OFFSET_STEP
            mels[:, n] = self.mels[shard][start:start + WINDOW_FRAMES]
            share = self.recipe["window_share"]
            targets[n] = share * self._targets(which)[window] + (1 - share) * self.means[which]
        mels *= mels
        mels *= mels
        mask(mels, random, self.recipe["mask"])
        return mels, unit(targets), drawn


def mask(mels, random, chance):
    """SpecAugment (Park et al., 2019): a few bands or a stretch of time are reduced to almost nothing."""
    for n in range(mels.shape[1]):
        if random.random() < chance:
            low, wide = random.integers(0, 32), random.integers(1, 6)
            mels[:, n, low:low + wide] *= 0.02
        if random.random() < chance:
            at, long = random.integers(0, WINDOW_FRAMES - STEP_FRAMES // 2), random.integers(5, STEP_FRAMES // 2)
            mels[at:at + long, n] *= 0.02


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def loss(embeddings, targets, own, prototypes, recipe):
    """The mean loss and its gradient for `embeddings` [batch, 256].

    Two terms: the angle to the target, and the divergence of the similarities to all voices from those that the target
    has (without it embeddings shrink towards the mean of all people, and the best strangers come too close)."""
    cosine = (embeddings * targets).sum(1)
    gradient = -recipe["angle"] * targets
    wanted = (1 - recipe["label_share"]) * softmax(targets @ prototypes.T / recipe["tau"])
    wanted[np.arange(len(own)), own] += recipe["label_share"]
    given = softmax(embeddings @ prototypes.T / recipe["tau"])
    divergence = (wanted * (np.log(wanted + 1e-12) - np.log(given + 1e-12))).sum(1)
    gradient += recipe["similarity"] / recipe["tau"] * ((given - wanted) @ prototypes)
    total = recipe["angle"] * (1 - cosine) + recipe["similarity"] * divergence
    return total.mean(), cosine.mean(), gradient / len(targets)


def softmax(x):
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True)
