"""What the student hears, what it is asked for, and how far off it is."""

import json
from typing import NamedTuple

import numpy as np

from front_end import STEP_FRAMES
from graph import EMBEDDING, HIDDEN, LOG_FLOOR, MELS, WINDOW_FRAMES
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


class Batch(NamedTuple):
    """What the student hears, what the teacher says of the same speech when it is clean, and whose it is."""
    mels: np.ndarray  # [160, size, 40]
    targets: np.ndarray  # [size, 256]
    hidden: np.ndarray  # [size, 256], the teacher's last state
    speakers: np.ndarray  # [size]


class Lessons:
    """Windows of renditions and what the teacher said of the same speech, clean."""

    def __init__(self, shards, recipe):
        self.recipe = recipe
        self.mels = [np.load(f"{shard}.mels.npy", mmap_mode="r") for shard in shards]
        self.targets = [np.load(f"{shard}.targets.npy") for shard in shards]
        self.hidden = [np.load(f"{shard}.hidden.npy") for shard in shards]
        self.voices = []
        for number, shard in enumerate(shards):
            with open(f"{shard}.json") as file:
                self.voices += [(number, voice) for voice in json.load(file) if set(voice["kinds"]) & set(recipe["kinds"])]
        # Whose voice it is, and the mean of what the teacher says of each speaker.
        names, self.speakers = np.unique([voice["speaker"] for _, voice in self.voices], return_inverse=True)
        sums = np.zeros((len(names), EMBEDDING), np.float32)
        for n, speaker in enumerate(self.speakers):
            sums[speaker] += self._of(self.targets, n).sum(0)
        self.means = unit(sums)

    def _of(self, kept, n):
        shard, voice = self.voices[n]
        return kept[shard][voice["first_target"]:voice["first_target"] + voice["targets"]]

    def batch(self, size, random):
        """Of `size` recordings one window of one rendition each."""
        mels = np.empty((WINDOW_FRAMES, size, MELS), np.float32)
        targets = np.empty((size, EMBEDDING), np.float32)
        hidden = np.empty((size, HIDDEN), np.float32)
        drawn = random.integers(len(self.voices), size=size)
        for n, which in enumerate(drawn):
            shard, voice = self.voices[which]
            allowed = [at for at, kind in enumerate(voice["kinds"]) if kind in self.recipe["kinds"]]
            rendition, window = random.choice(allowed), random.integers(voice["targets"])
            start = voice["first_frame"] + rendition * voice["frames"] + window * OFFSET_STEP
            mels[:, n] = self.mels[shard][start:start + WINDOW_FRAMES]
            share = self.recipe["window_share"]
            targets[n] = share * self._of(self.targets, which)[window] + (1 - share) * self.means[self.speakers[which]]
            hidden[n] = self._of(self.hidden, which)[window]
        mels *= mels
        mels *= mels
        mask(mels, random, self.recipe["mask"])
        return Batch(mels, unit(targets), hidden, self.speakers[drawn])


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


def loss(embeddings, hidden, batch, means, recipe):
    """The mean loss, the mean cosine to the target, and the gradients for `embeddings` and `hidden` [size, 256].

    The angle to the target; the divergence of the similarities to all speakers from those that the target has (without it
    embeddings shrink towards the mean of all people, and the best strangers come too close); and how far the last state
    is from the teacher's, as a share of that."""
    cosine = (embeddings * batch.targets).sum(1)
    wanted = (1 - recipe["label_share"]) * softmax(batch.targets @ means.T / recipe["tau"])
    wanted[np.arange(len(wanted)), batch.speakers] += recipe["label_share"]
    given = softmax(embeddings @ means.T / recipe["tau"])
    divergence = (wanted * (np.log(wanted + 1e-12) - np.log(given + 1e-12))).sum(1)
    d_embeddings = recipe["similarity"] / recipe["tau"] * ((given - wanted) @ means) - recipe["angle"] * batch.targets
    off, size = hidden - batch.hidden, (batch.hidden ** 2).sum(1, keepdims=True)
    d_hidden = 2 * recipe["hidden"] * off / size
    total = recipe["angle"] * (1 - cosine) + recipe["similarity"] * divergence
    total += recipe["hidden"] * ((off ** 2) / size).sum(1)
    count = np.float32(len(wanted))
    return total.mean(), cosine.mean(), d_embeddings / count, d_hidden / count


def softmax(x):
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True)
