"""What each part of the recipe is worth: it is trained with one thing changed, and `regulars eval voice` is the judge."""

import hashlib
import json
import shutil
import subprocess

import export
from course import Course

# The judge scores every trial under a normalisation fitted on other speakers, at the length at which a card settles.
JUDGE = ["--cross-validate", "--seconds", "5"]


def run(args, recipe, plan):
    """Writes the table to `args.work` and prints it. A row that needs --more is left out without it."""
    if not shutil.which(args.regulars):
        raise SystemExit(f"{args.regulars}: no such program; after `cargo build` give --regulars target/debug/regulars")
    course = Course(args.speech, args.exclude, args.work, args.workers)
    wider = Course([*args.speech, *args.more], args.exclude, args.work, args.workers) if args.more else None
    lines = [manifest.stem for manifest in args.ablation]
    table = [f"| | {' | '.join(lines)} |", "|---" * (len(lines) + 1) + "|"]
    table.append(_row("the original", [_judged(args, course.teacher, recipe)]))
    for row in plan["row"]:
        speech = wider if row.get("more") else course
        if speech is None:
            continue
        changed = recipe | {part: recipe[part] | row.get(part, {}) for part in ("training", "voices")}
        changed["training"]["steps"] = plan["steps"]
        start, share = speech.start(changed), row.get("original_share", 0)
        students = [speech.weights(changed, seed) for seed in plan["seeds"]]
        groups = [students] if row.get("mean") else [[student] for student in students]
        table.append(_row(row["what"], [_judged(args, export.blend(group, start, share), recipe) for group in groups]))
        (args.work / "ablation.md").write_text("\n".join(table) + "\n")
        print(table[-1], flush=True)
    print("\n".join(table))


def _judged(args, weights, recipe):
    """The figures by manifest: (EER, rank-1, FNIR of 5 at FPIR 5 %, d')."""
    name = hashlib.sha256(b"".join(weights[key].tobytes() for key in sorted(weights))).hexdigest()[:8]
    folder = args.work / "ablation" / name
    figures = folder / "figures.json"
    if not figures.exists():
        folder.mkdir(parents=True, exist_ok=True)
        export.write(folder, weights, recipe)
        command = [args.regulars, "eval", "voice", *args.ablation, "--model", folder, *JUDGE, "--json", figures]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    read = json.loads(figures.read_text())
    out = []
    for manifest in read["manifests"]:
        of = manifest["lengths"][0]["a"]
        out.append((of["eer"]["value"], of["rank_1"]["value"], of["fnir"][0]["fnir"][1]["value"], of["d_prime"]))
    return out


def _row(what, judged):
    """A cell a manifest, a line in it a model."""
    cells = ["<br>".join(f"{100 * eer:.2f} / {100 * first:.1f} / {100 * fnir:.1f}; {d_prime:.2f}"
                         for eer, first, fnir, d_prime in of) for of in zip(*judged)]
    return f"| {what} | {' | '.join(cells)} |"
