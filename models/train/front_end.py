"""The service's front-end (src/speech), for whole recordings: mels, speech, noise floor, level.

The figures are those of src/speech, where their reasons stand. Two things are simpler here, since training has the clean
recording beside the degraded one: what is speech is seen on the clean one, and the noise floor knows the whole recording.
"""

import functools

import numpy as np
from scipy.fft import rfft
from scipy.ndimage import binary_dilation, uniform_filter1d

from golden import filter_bank
from graph import MELS

STEP_FRAMES = 80
FRAMES_PER_S = 100
BIN_SPACING_HZ = 40
LEVEL = 10 ** (-30 / 10)
SMOOTHING_FRAMES, FLOOR_STRIDE = 15, 5
FLOOR_QUANTILE, OVER_SUBTRACTION, KEPT = 0.05, 1.5, 0.02
DIGITAL_SILENCE = 1e-8
# A frame of the clean recording is speech when it, or one up to 60 ms away, is less than this below the loud ones.
SPEECH_RANGE_DB, HANG_FRAMES = 28, 6


def mels(samples, rate):
    """[frames, 40] linear power and [frames] mean square, frame k centred on sample k * hop (src/speech/fbank.rs)."""
    n_fft, hop = rate // BIN_SPACING_HZ, rate // FRAMES_PER_S
    padded = np.pad(samples.astype(np.float32), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    window = _hann(n_fft)
    energy = (frames ** 2) @ window * (2 / n_fft)
    spectrum = rfft(frames * (window * (16000 / rate)))
    return ((spectrum.real ** 2 + spectrum.imag ** 2) @ _bank(n_fft // 2 + 1)).astype(np.float32), energy


def speech_frames(energy):
    """Which frames of a clean recording somebody speaks in."""
    db = 10 * np.log10(energy + 1e-12)
    return binary_dilation(db > np.percentile(db, 95) - SPEECH_RANGE_DB, iterations=HANG_FRAMES)


def noise_floor(mels, energy):
    """[40] linear power of what is there while nobody speaks (src/speech/noise_floor.rs)."""
    heard = mels[energy >= DIGITAL_SILENCE]
    if len(heard) < SMOOTHING_FRAMES:
        return np.zeros(MELS, np.float32)
    smooth = uniform_filter1d(heard, SMOOTHING_FRAMES, axis=0)[SMOOTHING_FRAMES // 2:len(heard) - SMOOTHING_FRAMES // 2]
    kept = np.sort(smooth[::FLOOR_STRIDE], axis=0)
    return kept[round(FLOOR_QUANTILE * (len(kept) - 1))]


def subtract(floor, mels):
    return np.maximum(mels - OVER_SUBTRACTION * floor, KEPT * mels)


def level(mels, energy):
    """Brings the mean power of these (speech) frames to the level that the network was trained on."""
    return mels * np.float32(LEVEL / max(energy.mean(), 1e-20))


@functools.cache
def _hann(n):
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


@functools.cache
def _bank(bins):
    return np.ascontiguousarray(filter_bank(bins).T, np.float32)
