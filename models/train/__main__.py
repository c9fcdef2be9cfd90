#!/usr/bin/env python3
"""Train ge2e-telephone: the original network, taught to hear through telephones what it hears in clean speech.

    python3 models/train SPEECH_FOLDER...

Everything it needs is installed into models/.build, from PyPI, at the versions of models/train/requirements.txt. What was
chosen about the training stands in recipe.toml, what came of it in models/ge2e-telephone/MODEL.md. A run that was
stopped goes on where it was.
"""

import os

# One thread a process: the work is spread over processes, and sums must not depend on how many cores there are.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import hashlib
import json
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import build  # noqa: E402


def main():
    args = arguments()
    build.run_in_venv("venv-train", HERE / "requirements.txt", [HERE, *sys.argv[1:]])
    import export
    import optimise
    import renditions
    import student
    import validate
    import voices

    started = time.monotonic()
    recipe = tomllib.loads((HERE / "recipe.toml").read_text())
    training = recipe["training"]
    teacher = build.read_weights(build.fetch_wheel())
    start = student.from_teacher(export.network_only(teacher), training["log"])

    found = voices.recordings(args.speech, exclude=args.exclude)
    learnt = voices.perturbed(found, recipe["voices"]["speeds"], recipe["voices"]["others"], recipe["seed"])
    print(f"{len(found)} recordings of {len({r.speaker for r in found})} speakers, {len(learnt)} voices with their speeds")
    heard = fingerprint({**recipe, "training": None}, [(r.path.name, r.speaker, r.speed) for r in learnt])
    shards = renditions.make(learnt, teacher, recipe, args.work / f"renditions-{heard}", args.workers)
    run = args.work / f"student-{fingerprint(heard, {**training, 'original_share': None, 'seeds': None})}"
    students = [optimise.train(start, shards, training, seed, run.with_name(f"{run.name}-{seed}.npz"), args.workers)
                for seed in training["seeds"]]
    weights = export.blend(students, start, training["original_share"])
    export.write(args.out, weights, recipe)
    if args.validate:
        models = {"original": (teacher, False), args.out.name: (weights, training["log"])}
        report = validate.report(args.validate, models, recipe, args.workers)
        (args.work / "report.md").write_text(report)
        print(report)
    print(f"done after {(time.monotonic() - started) / 60:.0f} minutes")


def fingerprint(*what):
    """Names what was made from `what`, so that a run never goes on from what another recipe made."""
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:8]


def arguments():
    parser = argparse.ArgumentParser(prog="models/train", description=__doc__.split("\n")[0])
    parser.add_argument("speech", nargs="+", type=Path, help="folder of clean speech, at 16 kHz or more")
    parser.add_argument("--out", type=Path, default=HERE.parent / "ge2e-telephone", help="where the model goes")
    parser.add_argument("--work", type=Path, default=HERE.parent / ".build" / "train", help="renditions and checkpoints")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--validate", type=Path, metavar="FOLDER", help="clean speech of other people, for the report")
    parser.add_argument("--exclude", nargs="*", default=[], metavar="SPEAKER", help="speakers to leave out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
