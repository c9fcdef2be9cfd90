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
    import ablation
    import export
    import validate
    from course import Course

    started = time.monotonic()
    recipe = tomllib.loads((HERE / "recipe.toml").read_text())
    course = Course(args.speech, args.exclude, args.work, args.workers)
    print(course)
    if args.ablation:
        ablation.run(args, recipe, tomllib.loads((HERE / "ablation.toml").read_text()))
    else:
        weights = course.finished(recipe)
        export.write(args.out, weights, recipe)
        if args.validate:
            models = {"original": (course.teacher, False), args.out.name: (weights, recipe["training"]["log"])}
            report = validate.report(args.validate, models, recipe, args.workers)
            (args.work / "report.md").write_text(report)
            print(report)
    print(f"done after {(time.monotonic() - started) / 60:.0f} minutes")


def arguments():
    parser = argparse.ArgumentParser(prog="models/train", description=__doc__.split("\n")[0])
    parser.add_argument("speech", nargs="+", type=Path, help="folder of clean speech, at 16 kHz or more")
    parser.add_argument("--out", type=Path, default=HERE.parent / "ge2e-telephone", help="where the model goes")
    parser.add_argument("--work", type=Path, default=HERE.parent / ".build" / "train", help="renditions and checkpoints")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--validate", type=Path, metavar="FOLDER", help="clean speech of other people, for the report")
    parser.add_argument("--ablation", nargs="+", type=Path, metavar="MANIFEST.csv", help="instead train what ablation.toml "
                        "says, and judge each by `regulars eval voice` on these")
    parser.add_argument("--more", nargs="+", type=Path, default=[], metavar="FOLDER", help="speech of the rows with `more`")
    parser.add_argument("--regulars", default="regulars", metavar="PROGRAM", help="the judge")
    parser.add_argument("--exclude", nargs="*", default=[], metavar="SPEAKER", help="speakers to leave out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
