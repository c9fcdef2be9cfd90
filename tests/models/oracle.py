"""`oracle.py OUT`: writes models with drawn weights, sounds, and what kaldi-native-fbank and sherpa-onnx make of both.

OUT/NAME.onnx, OUT/CLIP.f32 (samples at 16 kHz), OUT/FEATURES.f32 (rows of 80), OUT/answers.json.
"""

import json
import pathlib
import sys

import kaldi_native_fbank as knf
import numpy as np
import sherpa_onnx

import networks

RATE = 16000
# One shorter than the longest block of CAM++'s context, one that is no whole number of hops, one long.
CLIPS = {"short": 1.62, "odd": 2.01993, "long": 3.02, "longest": 4.02}
# Lengths in frames for which the reader has a plan; each clip is embedded cut to one of them.
FRAMES = {"short": 160, "odd": 200, "long": 300, "longest": 400}
COMMON = {"output_dim": "192", "sample_rate": str(RATE), "language": "English"}
MODELS = {
    "wespeaker-resnet34": (networks.resnet34, {"framework": "wespeaker", "output_dim": "256", "normalize_samples": "0"}),
    "3d-speaker-campplus": (networks.cam_plus_plus, {"framework": "3d-speaker", "normalize_samples": "1",
                                                     "feature_normalize_type": "global-mean"}),
    "nemo-titanet": (networks.titanet_like, {"framework": "nemo", "feat_dim": "80", "window_size_ms": "25",
                                             "window_stride_ms": "10", "window_type": "hann",
                                             "feature_normalize_type": "per_feature"}),
}


def sound(seed, seconds):
    """Something like a voice: a gliding pitch with drawn harmonics, syllables, breath; and an offset, which must go."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = rng.uniform(90, 220) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * t))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(rng.uniform(0, 1) / h * np.sin(h * phase) for h in range(1, 30))
    syllables = np.sin(np.pi * rng.uniform(2, 4) * t) ** 2
    samples = 0.1 * voice * syllables + 0.003 * rng.normal(size=t.size) + 0.01
    return (np.round(np.clip(samples, -1, 1) * 32767) / 32768).astype(np.float32)


def kaldi(samples, scale, **changes):
    """Rows of 80 with sherpa-onnx's options, or others."""
    options = knf.FbankOptions()
    frame, mel = options.frame_opts, options.mel_opts
    frame.dither, frame.samp_freq, frame.snip_edges = 0.0, RATE, False
    mel.num_bins, mel.high_freq = 80, -400.0
    for name, value in changes.items():
        setattr(frame if hasattr(frame, name) else mel, name, value)
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(RATE, (samples * scale).tolist())
    fbank.input_finished()
    return np.stack([fbank.get_frame(n) for n in range(fbank.num_frames_ready)])


# The reader's names of features, and how to ask for them here.
FEATURES = {
    "wespeaker": (32768.0, {}),
    "3d-speaker": (1.0, {}),
    "nemo": (1.0, {"snip_edges": True, "remove_dc_offset": False, "window_type": "hann", "low_freq": 0.0,
                   "is_librosa": True}),
    "wespeaker-faithful": (32768.0, {"snip_edges": True, "window_type": "hamming", "high_freq": 0.0}),
    "3d-speaker-faithful": (1.0, {"snip_edges": True, "high_freq": 0.0}),
}


def embed(extractor, samples):
    stream = extractor.create_stream()
    stream.accept_waveform(RATE, samples)
    stream.input_finished()
    return extractor.compute(stream)


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    clips = {name: sound(seed, seconds) for seed, (name, seconds) in enumerate(CLIPS.items())}
    answers = {"features": [], "embeddings": []}
    for name, samples in clips.items():
        samples.tofile(out / f"{name}.f32")
        for kind, (scale, changes) in FEATURES.items():
            rows = kaldi(samples, scale, **changes).astype(np.float32)
            rows.tofile(out / f"{name}-{kind}.f32")
            answers["features"].append({"kind": kind, "clip": name, "frames": len(rows)})
    for name, (make, metadata) in MODELS.items():
        path = out / f"{name}.onnx"
        make(path, COMMON | metadata)
        extractor = sherpa_onnx.SpeakerEmbeddingExtractor(
            sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(path), num_threads=1))
        snips = metadata["framework"] == "nemo"
        for clip, frames in FRAMES.items():
            length = (frames - 1) * 160 + 400 if snips else frames * 160
            answers["embeddings"].append({"model": name, "clip": clip, "samples": length, "frames": frames,
                                          "values": embed(extractor, clips[clip][:length])})
    (out / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
