"""Clean speech on disk, voice by voice."""

import csv
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from scipy.fft import irfft, rfft
from scipy.signal import ShortTimeFFT, resample_poly

RATE = 16000
SUFFIXES = {".opus", ".flac", ".wav", ".ogg"}
# Longer recordings are cut: more voices teach more than more of one voice (MODEL.md), and room is limited.
MOST_S = 12
# 32 ms, and cepstral coefficients that hold formants and no pitch below some 400 Hz.
FRAME, ENVELOPE_COEFFICIENTS = 512, 40


@dataclass(frozen=True)
class Recording:
    """`speed` and `tract` 1 is the person; any other makes another voice of the recording."""
    speaker: str
    path: Path
    speed: float = 1.0
    # Above 1 is a shorter vocal tract: formants rise by this factor, pitch and pace stay.
    tract: float = 1.0


def recordings(folders, exclude=()):
    """All recordings below `folders`. A folder's manifest.csv with the columns speaker and file (or with the file in
    audio/) names the speakers; without one every file is a speaker of its own."""
    found = []
    for folder in map(Path, folders):
        speakers = _manifest(folder)
        paths = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES)
        if not paths:
            raise SystemExit(f"{folder}: no recordings ({', '.join(sorted(SUFFIXES))}) in it")
        found += [Recording(speakers.get(p.relative_to(folder).as_posix(), p.stem), p) for p in paths]
    return [r for r in found if r.speaker not in exclude]


def _manifest(folder):
    manifest = folder / "manifest.csv"
    if not manifest.exists():
        return {}
    with manifest.open(newline="") as file:
        return {row["file"]: row["speaker"] for row in csv.DictReader(file)}


def changed(found, what, factors, count, seed):
    """Other voices made of every recording: `count` of its own, drawn from `factors` of `what` ("speed" or "tract")."""
    out = []
    for recording in found:
        random = np.random.default_rng([seed, *what.encode(), *recording.path.name.encode()])
        out += [replace(recording, speaker=f"{recording.speaker} {what} {factor}", **{what: float(factor)})
                for factor in sorted(random.choice(factors, count, replace=False))]
    return out


def read(recording):
    samples, rate = soundfile.read(recording.path, dtype="float32", always_2d=True)
    samples = samples.mean(1)
    if rate != RATE:
        ratio = Fraction(RATE, rate)
        samples = resample_poly(samples, ratio.numerator, ratio.denominator)
    if recording.speed != 1:
        ratio = Fraction(recording.speed).limit_denominator(25)
        samples = resample_poly(samples, ratio.denominator, ratio.numerator)
    samples = samples[:MOST_S * RATE].astype(np.float32)
    return samples if recording.tract == 1 else with_tract(samples, recording.tract)


def with_tract(samples, factor):
    """The same speech from a vocal tract whose resonances lie `factor` higher: of each frame the spectral envelope (from
    its first cepstral coefficients) is moved, and the fine structure with the pitch stays."""
    window = ShortTimeFFT(np.hanning(FRAME + 1)[:-1], FRAME // 4, RATE)
    spectrum = window.stft(samples)
    logs = np.log(np.abs(spectrum) + 1e-5)
    cepstrum = irfft(logs, axis=0)
    cepstrum[ENVELOPE_COEFFICIENTS:1 - ENVELOPE_COEFFICIENTS] = 0
    envelope = rfft(cepstrum, axis=0).real
    from_bin = np.minimum(np.arange(len(envelope)) / factor, len(envelope) - 1)
    low, share = from_bin.astype(int), (from_bin % 1)[:, None]
    moved = (1 - share) * envelope[low] + share * envelope[np.minimum(low + 1, len(envelope) - 1)]
    return window.istft(spectrum * np.exp(moved - envelope), k1=len(samples)).astype(np.float32)
