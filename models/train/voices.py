"""Clean speech on disk, voice by voice."""

import csv
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

RATE = 16000
SUFFIXES = {".opus", ".flac", ".wav", ".ogg"}
# Longer recordings are cut: more voices teach more than more of one voice (MODEL.md), and room is limited.
MOST_S = 12


@dataclass(frozen=True)
class Recording:
    """`speed` 1 is the person; any other makes another voice of the recording."""
    speaker: str
    path: Path
    speed: float = 1.0


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


def perturbed(found, speeds, others, seed):
    """Every recording as it is, and at `others` speeds of its own drawn from `speeds`."""
    out = list(found)
    for recording in found:
        random = np.random.default_rng([seed, *recording.path.name.encode()])
        out += [Recording(f"{recording.speaker}*{speed}", recording.path, float(speed))
                for speed in sorted(random.choice(speeds, others, replace=False))]
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
    return samples[:MOST_S * RATE].astype(np.float32)
