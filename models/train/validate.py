"""How well the student and the original tell people apart whom neither training nor channel has seen: the report.

Each recording of the validation folder is cut in two calls, each call is sent over a line of its own, and every first call
is compared with every second. `regulars eval voice` is the judge of the finished model, with the service's own front-end;
this shows all kinds of lines of the recipe, among them the clean one, and needs nothing but clean speech.
"""

from concurrent.futures import ProcessPoolExecutor

import numpy as np

import front_end
import student
import voices
from channel import Channel
from graph import WINDOW_FRAMES
from network import Network
from voices import RATE

HOP = RATE // front_end.FRAMES_PER_S
# Speech of one call that is compared, as when a card settles.
CALL_FRAMES = 500
DRAWS = 1000


def report(folder, models, recipe, workers):
    """Markdown: a table of error rates by kind of line for `models`, a dict of name to (weights, logarithms too)."""
    found = voices.recordings([folder])
    lines = ["| line | model | EER % | first place % |", "|---|---|---|---|"]
    with ProcessPoolExecutor(workers, initializer=_start, initargs=(found, models, recipe)) as pool:
        for kind in recipe["kind"]:
            people = [made for made in pool.map(_embeddings, ((r, kind) for r in found)) if made]
            speakers = np.array([speaker for speaker, _ in people])
            resampled = list(draws(speakers))
            for n, name in enumerate(models):
                first, second = (np.array([calls[side][n] for _, calls in people]) for side in (0, 1))
                scores, same = first @ second.T, speakers[:, None] == speakers[None]
                rates = [f"{100 * value:.1f} [{100 * low:.1f}-{100 * high:.1f}]"
                         for value, low, high in (interval(f, scores, same, resampled) for f in (eer, first_place))]
                lines.append(f"| {kind} | {name} | {rates[0]} | {rates[1]} |")
    lines.append(f"\n{len(set(speakers))} speakers, {len(people)} recordings, two calls each, up to {CALL_FRAMES / 100:.0f} s; "
                 "95 % intervals by resampling speakers.")
    return "\n".join(lines)


def _start(found, models, recipe):
    global _networks, _channel, _recipe
    _recipe = recipe
    _networks = [(Network(weights), log) for weights, log in models.values()]
    _channel = Channel(recipe, [voices.read(recording) for recording in found[:20]])


def _embeddings(job):
    recording, kind = job
    random = np.random.default_rng([_recipe["seed"], *kind.encode(), *recording.path.name.encode()])
    samples = voices.read(recording)
    middle = len(samples) // 2
    calls = []
    for half in (samples[:middle], samples[middle:]):
        half = np.pad(half, RATE // 2)
        speech = front_end.speech_frames(front_end.mels(half, RATE)[1])
        if speech.sum() < WINDOW_FRAMES:
            return None
        line, rate = _channel.render(half, np.repeat(speech, HOP)[:len(half)], kind, random)
        mels, energy = front_end.mels(line, rate)
        mels, energy = mels[:len(speech)], energy[:len(speech)]
        heard = front_end.subtract(front_end.noise_floor(mels, energy), mels)[speech]
        heard = front_end.level(heard, energy[speech])[:CALL_FRAMES]
        starts = range(0, len(heard) - WINDOW_FRAMES + 1, front_end.STEP_FRAMES)
        windows = np.stack([heard[at:at + WINDOW_FRAMES] for at in starts], 1)
        calls.append([student.unit(network.forward(student.inputs(windows, log)).mean(0))
                      for network, log in _networks])
    return recording.speaker, calls


def draws(speakers):
    """How often each recording counts in each resampling of the speakers."""
    random = np.random.default_rng(1)
    names, of = np.unique(speakers, return_inverse=True)
    for _ in range(DRAWS):
        yield np.bincount(random.integers(len(names), size=len(names)), minlength=len(names))[of]


def interval(figure, scores, same, resampled):
    """(value, low, high): a pair counts as often as its two speakers do."""
    once = np.ones(len(scores))
    drawn = [figure(scores, same, counts.astype(float)) for counts in resampled]
    return figure(scores, same, once), *np.nanpercentile(drawn, [2.5, 97.5])


def eer(scores, same, counts):
    weights = counts[:, None] * counts[None]
    # A person drawn twice is still one person: the pair with oneself is a target once a draw.
    targets = np.where(same, counts[:, None], 0).ravel()
    others = np.where(same, 0, weights).ravel()
    order = np.argsort(scores, axis=None)
    miss = np.cumsum(targets[order]) / targets.sum()
    false_alarm = 1 - np.cumsum(others[order]) / others.sum()
    at = np.argmax(miss >= false_alarm)
    return (miss[at] + false_alarm[at]) / 2


def first_place(scores, same, counts):
    right = np.take_along_axis(same, scores.argmax(1)[:, None], 1)[:, 0]
    return (right * counts).sum() / counts.sum()
