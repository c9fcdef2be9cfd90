"""Every voice over many simulated lines, as the mels that the student will see, with what the teacher says.

Written to disk in shards before training: the simulation costs as much time as the training, and a shard that is there
is not made again. Mels are kept as their fourth root in 16 bits, 0.2 % exact.
"""

import json
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import front_end
import voices
from channel import Channel
from graph import WINDOW_FRAMES
from network import Network
from progress import Progress
from voices import RATE

SHARD = 64
# Windows start at multiples of this many frames of speech.
OFFSET_STEP = 40
HOP = RATE // front_end.FRAMES_PER_S
# Silence around a recording, so that the line's noise is heard alone as before and after a caller speaks.
LEAD_S = (0.1, 0.8)
BABBLE_VOICES = 200
TEACHER_BATCH = 64


def make(found, behind, renditions, teacher, recipe, folder, workers):
    """Shards of `found` in `folder`, so many `renditions` of each; the missing ones are made. Babble is people of `behind`."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = [found[at:at + SHARD] for at in range(0, len(found), SHARD)]
    missing = [n for n in range(len(shards)) if not (folder / f"{n:04}.json").exists()]
    progress = Progress("renditions", len(shards), len(shards) - len(missing))
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(behind, renditions, teacher, recipe)) as pool:
        for _ in pool.map(_shard, ((n, shards[n], folder) for n in missing)):
            progress.step()
    return [folder / f"{n:04}" for n in range(len(shards))]


def _start(behind, renditions, teacher, recipe):
    global _teacher, _recipe, _channel, _renditions
    random = np.random.default_rng(recipe["seed"])
    babble = random.choice(len(behind), min(BABBLE_VOICES, len(behind)), replace=False)
    _teacher, _recipe, _renditions = Network(teacher), recipe, renditions
    _channel = Channel(recipe, [voices.read(behind[n]) for n in babble])


def _shard(job):
    number, found, folder = job
    mels, windows, index = [], [], []
    frames = 0
    for recording in found:
        made = rendered(recording)
        if made is None:
            continue
        heard, kinds, clean_windows = made
        index.append({"speaker": recording.speaker, "first_frame": frames, "frames": heard.shape[1], "kinds": kinds,
                      "first_target": len(windows), "targets": len(clean_windows)})
        mels.append(np.concatenate(heard))
        windows.extend(clean_windows)
        frames += heard.shape[0] * heard.shape[1]
    np.save(folder / f"{number:04}.mels.npy", np.concatenate(mels))
    embeddings, hidden = embed(_teacher, windows)
    np.save(folder / f"{number:04}.targets.npy", embeddings)
    np.save(folder / f"{number:04}.hidden.npy", hidden)
    # Last, so that a shard with this file is whole.
    (folder / f"{number:04}.json").write_text(json.dumps(index))


def rendered(recording):
    """Fourth roots of mels [renditions, frames, 40], the kind of each rendition, and the clean windows [160, 40] that
    start every `OFFSET_STEP` frames. None for a recording with next to no speech."""
    change = round(100 * recording.speed * recording.tract)
    random = np.random.default_rng([_recipe["seed"], *recording.path.name.encode(), change])
    clean = voices.read(recording)
    clean = np.pad(clean, [int(RATE * random.uniform(*LEAD_S)) for _ in range(2)])
    mels, energy = front_end.mels(clean, RATE)
    speech = front_end.speech_frames(energy)
    if speech.sum() < front_end.STEP_FRAMES // 2:
        return None
    fill = np.arange(max(speech.sum(), WINDOW_FRAMES)) % speech.sum()
    clean_mels = front_end.level(mels[speech], energy[speech])[fill]
    spoken = np.repeat(speech, HOP)[:len(clean)]
    kinds = list(_recipe["kind"])
    weights = np.array([_recipe["kind"][kind]["weight"] for kind in kinds], float)
    heard, drawn = [], []
    for _ in range(_renditions):
        kind = str(random.choice(kinds, p=weights / weights.sum()))
        samples, rate = _channel.render(clean, spoken, kind, random)
        line, line_energy = front_end.mels(samples, rate)
        line, line_energy = line[:len(speech)], line_energy[:len(speech)]
        if random.random() < _recipe["voices"]["floor_known"]:
            floor = front_end.noise_floor(line, line_energy)
            line = front_end.subtract(floor, line)
        line = front_end.level(line[speech], line_energy[speech])[fill]
        line *= np.float32(10 ** (random.normal(0, _recipe["voices"]["level_jitter_db"]) / 10))
        heard.append(np.sqrt(np.sqrt(line)).astype(np.float16))
        drawn.append(kind)
    starts = range(0, len(fill) - WINDOW_FRAMES + 1, OFFSET_STEP)
    return np.array(heard), drawn, [clean_mels[at:at + WINDOW_FRAMES] for at in starts]


def embed(network, windows):
    """Embeddings and the last hidden states, [windows, 256] each, of windows [160, 40]."""
    embeddings, hidden = [], []
    for at in range(0, len(windows), TEACHER_BATCH):
        embeddings.append(network.forward(np.stack(windows[at:at + TEACHER_BATCH], 1)))
        hidden.append(network.hidden.copy())
    return np.concatenate(embeddings), np.concatenate(hidden)
