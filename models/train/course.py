"""From speech and a recipe to trained weights."""

import hashlib
import json

import build
import export
import optimise
import renditions
import student
import voices


class Course:
    """The speech of some folders, and where work on it is kept."""

    def __init__(self, folders, exclude, work, workers):
        self.folders = [voices.recordings([folder], exclude) for folder in folders]
        self.found = [recording for folder in self.folders for recording in folder]
        self.work, self.workers = work, workers
        self.teacher = export.network_only(build.read_weights(build.fetch_wheel()))

    def __str__(self):
        return f"{len(self.found)} recordings of {len({recording.speaker for recording in self.found})} speakers"

    def start(self, recipe):
        return student.from_teacher(self.teacher, recipe["training"]["log"])

    def weights(self, recipe, seed):
        """Of one student."""
        shards, heard = self._renditions(recipe)
        training = {name: value for name, value in recipe["training"].items() if name not in ("seeds", "original_share")}
        checkpoint = self.work / f"student-{fingerprint(heard, training)}-{seed}.npz"
        return optimise.train(self.start(recipe), shards, training, seed, checkpoint, self.workers)

    def finished(self, recipe):
        """All students in one, with the share of the original."""
        students = [self.weights(recipe, seed) for seed in recipe["training"]["seeds"]]
        return export.blend(students, self.start(recipe), recipe["training"]["original_share"])

    def _renditions(self, recipe):
        chosen = recipe["voices"]
        # Each part is kept by itself, so that another folder or another kind of voice costs no more than its own time.
        parts = [(folder, chosen["renditions"]) for folder in self.folders]
        for what in ("speed", "tract"):
            if chosen[f"other_{what}s"]:
                others = voices.changed(self.found, what, chosen[f"{what}s"], chosen[f"other_{what}s"], recipe["seed"])
                parts.append((others, chosen["other_renditions"]))
        shards, heard = [], []
        lines = {name: value for name, value in recipe.items() if name != "training"} | {"voices": {
            name: chosen[name] for name in ("floor_known", "level_jitter_db")}}
        for recordings, count in parts:
            # Babble is people of the first folder, so the first part names the others too.
            heard.append(fingerprint(lines, count, [(r.path.name, r.speaker) for r in recordings], *heard[:1]))
            folder = self.work / f"renditions-{heard[-1]}"
            shards += renditions.make(recordings, self.folders[0], count, self.teacher, recipe, folder, self.workers)
        return shards, heard


def fingerprint(*what):
    """Names what was made from `what`, so that a run never goes on from what another recipe made."""
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:8]
