"""The reference that the service's front-end and model are held to: synthetic clips, their mels, their embeddings.

Everything here is float64 numpy, written from the definitions in MODEL.md and apart from the ONNX graph, so that an
error in one of them shows as a difference and not as a golden value.
"""

import hashlib
import json

import numpy as np

from graph import HIDDEN, LAYERS, LOG_FLOOR, MELS, NORM_FLOOR, WINDOW_FRAMES, hears_logarithms

LEVEL_DBFS = -30.0  # hparams.py of resemblyzer, audio_norm_target_dBFS
FILTER_SPACING_HZ = 40.0  # 16000 / 400 and 8000 / 200 alike: both rates share one filter bank
MEL_HIGH_HZ = 8000.0
# Frames whose 40 mels are kept whole: the zero-padded first, then spread over the window to its last.
PROBED_FRAMES = (0, 41, 83, 127, 159)

# Loud clips (about -27 dBFS) must be turned down and quiet ones (about -44) up. The voices differ so much that no
# embedding passes for another's: the closest two have a cosine of 0.79.
CLIPS = [
    dict(name="telephone-low", sample_rate_hz=8000, samples=13000, level=0.33, noise=0.004, seed=1,
         f0_hz=112.0, vibrato_hz=2.3, vibrato_depth=0.10, syllable_hz=3.1, vowel_hz=1.7, harmonics=32,
         formants=[[720.0, 310.0, 90.0, 1.0], [1240.0, 2150.0, 140.0, 0.6], [2500.0, 2900.0, 200.0, 0.3]]),
    dict(name="telephone-high", sample_rate_hz=8000, samples=13000, level=0.035, noise=0.02, seed=2,
         f0_hz=214.0, vibrato_hz=3.7, vibrato_depth=0.14, syllable_hz=4.3, vowel_hz=2.1, harmonics=16,
         formants=[[420.0, 900.0, 110.0, 1.0], [2300.0, 1400.0, 180.0, 0.7], [3000.0, 2750.0, 250.0, 0.4]]),
    dict(name="wideband-low", sample_rate_hz=16000, samples=26000, level=0.33, noise=0.004, seed=3,
         f0_hz=98.0, vibrato_hz=1.9, vibrato_depth=0.08, syllable_hz=2.7, vowel_hz=1.3, harmonics=74,
         formants=[[560.0, 340.0, 80.0, 1.0], [940.0, 1900.0, 120.0, 0.7], [2400.0, 2600.0, 180.0, 0.4],
                   [3500.0, 3600.0, 300.0, 0.2]]),
    dict(name="wideband-high", sample_rate_hz=16000, samples=26000, level=0.035, noise=0.02, seed=4,
         f0_hz=236.0, vibrato_hz=4.1, vibrato_depth=0.12, syllable_hz=3.9, vowel_hz=2.6, harmonics=30,
         formants=[[850.0, 380.0, 120.0, 1.0], [1600.0, 2700.0, 190.0, 0.8], [3100.0, 3400.0, 260.0, 0.5],
                   [4400.0, 4500.0, 400.0, 0.4]]),
]


def samples_of(clip):
    """The clip as int16, by the formula in MODEL.md."""
    t = np.arange(clip["samples"]) / clip["sample_rate_hz"]
    f0, rate, depth = clip["f0_hz"], clip["vibrato_hz"], clip["vibrato_depth"]
    pitch_hz = f0 * (1 + depth * np.sin(2 * np.pi * rate * t))
    phase = 2 * np.pi * f0 * t + f0 * depth / rate * (1 - np.cos(2 * np.pi * rate * t))
    vowel = 0.5 - 0.5 * np.cos(2 * np.pi * clip["vowel_hz"] * t)
    voiced = np.zeros_like(t)
    for h in range(1, clip["harmonics"] + 1):
        gain = sum(g / (1 + ((h * pitch_hz - (a + (b - a) * vowel)) / width) ** 2)
                   for a, b, width, g in clip["formants"])
        voiced += gain / h * np.sin(h * phase)
    envelope = 0.15 + 0.85 * np.sin(np.pi * clip["syllable_hz"] * t) ** 2
    signal = clip["level"] * (envelope * voiced + clip["noise"] * noise_of(clip["seed"], len(t)))
    return np.clip(np.floor(32767 * signal + 0.5), -32768, 32767).astype(np.int16)


def noise_of(seed, count):
    """Uniform in [-1, 1): the 32-bit linear congruential generator of Numerical Recipes, one step before each draw."""
    out, x = np.empty(count), seed
    for n in range(count):
        x = (1664525 * x + 1013904223) % 2**32
        out[n] = x / 2**31 - 1
    return out


def level_gain(samples):
    """What brings the RMS of all of `samples` (full scale 1) to -30 dBFS, up or down."""
    return 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(samples ** 2))


def mels_of(samples, sample_rate_hz):
    """`[frames, 40]` linear power mels of `samples` (full scale 1), 16 kHz or 8 kHz; frame k is centred on k hops."""
    n_fft, hop = sample_rate_hz // 40, sample_rate_hz // 100
    # A window of half the samples gathers half the amplitude; the network knows the scale of 16 kHz.
    amplitude = 16000 // sample_rate_hz
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    padded = np.pad(samples, n_fft // 2)
    frames = np.stack([padded[k * hop:k * hop + n_fft] for k in range(1 + len(samples) // hop)])
    power = np.abs(amplitude * np.fft.rfft(frames * hann)) ** 2
    return power @ filter_bank(n_fft // 2 + 1).T


def filter_bank(bins):
    """`[40, bins]` triangles over bins 40 Hz apart, each of area one. At 8 kHz the bank simply stops at 4 kHz."""
    edges_hz = mel_to_hz(np.linspace(0, hz_to_mel(MEL_HIGH_HZ), MELS + 2))
    f = np.arange(bins) * FILTER_SPACING_HZ
    low, peak, high = (edges_hz[i:i + MELS, None] for i in range(3))
    triangle = np.maximum(0, np.minimum((f - low) / (peak - low), (high - f) / (high - peak)))
    return triangle * 2 / (high - low)


# Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz at 200/3 Hz a mel, then 27 mels for a factor of 6.4.
LINEAR_HZ, BREAK_HZ, LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27


def hz_to_mel(hz):
    return hz / LINEAR_HZ if hz < BREAK_HZ else BREAK_HZ / LINEAR_HZ + np.log(hz / BREAK_HZ) / LOG_STEP


def mel_to_hz(mel):
    knee = BREAK_HZ / LINEAR_HZ
    return np.where(mel < knee, mel * LINEAR_HZ, BREAK_HZ * np.exp(LOG_STEP * (np.maximum(mel, knee) - knee)))


def embed(weights, mels):
    """`[frames, 40]` -> `[256]` with torch's gate order (input, forget, cell, output) and torch's weights."""
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    x = mels.astype(np.float64)
    if hears_logarithms(weights):
        logs = np.log(x + LOG_FLOOR)
        x = np.concatenate([x, logs - logs.mean(0)], 1)
    for layer in range(LAYERS):
        w_in, w_rec, b_in, b_rec = (weights[f"lstm.{kind}_l{layer}"].astype(np.float64)
                                    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        driven = x @ w_in.T + b_in + b_rec
        h, c, out = np.zeros(HIDDEN), np.zeros(HIDDEN), []
        for step in driven:
            i, f, g, o = np.split(step + w_rec @ h, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            out.append(h)
        x = np.array(out)
    raw = np.maximum(0, weights["linear.weight"] @ x[-1] + weights["linear.bias"])
    return raw / max(np.linalg.norm(raw), NORM_FLOOR)


def window_of(clip):
    """The clip's samples, gain and the `[160, 40]` float32 mels that the network sees."""
    pcm = samples_of(clip)
    samples = pcm / 32768
    gain = level_gain(samples)
    return pcm, gain, mels_of(gain * samples, clip["sample_rate_hz"])[:WINDOW_FRAMES].astype(np.float32)


def document(name, weights, model):
    """The text of model.golden.json, for the network in the file `model`."""
    clips = []
    for clip in CLIPS:
        pcm, gain, mels = window_of(clip)
        wide = pcm.astype(np.int64)
        clips.append({
            "formula": clip,
            "samples_check": {"samples_1000_to_1007": wide[1000:1008].tolist(),
                              "sum_of_absolutes": int(np.abs(wide).sum())},
            "gain": significant(gain),
            "mel_mean_per_band": significant(mels.mean(axis=0, dtype=np.float64)),
            "mel_max": significant(mels.max()),
            "mel_frames": [{"frame": k, "mels": significant(mels[k])} for k in PROBED_FRAMES],
            "embedding": significant(embed(weights, mels)),
        })
    model_sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    content = {"format": 1, "model": name, "model_sha256": model_sha256, "window_frames": WINDOW_FRAMES,
               "cosine_min": 0.999, "mel_relative": 1e-3, "mel_absolute_of_max": 1e-7, "clips": clips,
               "onnxruntime": onnxruntime_says(model)}
    return compact(content) + "\n"


def significant(values):
    """Seven digits: float32's own, and few enough that every numpy writes the same."""
    if np.ndim(values):
        return [significant(v) for v in values]
    return float(f"{values:.6e}")


def compact(value, indent=0):
    """JSON with one key a line and each list of plain values on one line."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values()):
        rows = [f"{pad}{json.dumps(k)}: {compact(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(pad + compact(v, indent + 1) for v in value) + "\n" + " " * indent + "]"
    return json.dumps(value)


# Mels as no speech has them: what is compared here is arithmetic. The scales span a whisper and a shout.
RANDOM_INPUTS = [{"seed": 1, "scale": 0.001}, {"seed": 2, "scale": 0.05}, {"seed": 3, "scale": 2.0}]


def random_mels(seed, scale):
    """`[160, 40]`: scale times the fourth power of a number from 0 to 1, drawn as in `noise_of`."""
    u = (noise_of(seed, WINDOW_FRAMES * MELS) + 1) / 2
    return (scale * u ** 4).reshape(WINDOW_FRAMES, MELS).astype(np.float32)


def onnxruntime_says(model):
    """What the commonest ONNX runtime gives for random mels, so that another can be held to it without being there."""
    import onnxruntime
    embeddings = [run(model, random_mels(**drawn)) for drawn in RANDOM_INPUTS]
    return {"version": onnxruntime.__version__, "tolerance": 1e-5, "inputs": RANDOM_INPUTS,
            "embeddings": [significant(embedding) for embedding in embeddings]}


def run(model, mels):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    (embedding,) = session.run(None, {"mels": mels[None]})
    return embedding[0]


def compare_with_graph(model):
    """The largest difference between the golden embeddings and what onnxruntime makes of the written file."""
    golden = json.loads(model.with_name("model.golden.json").read_text())
    return max(np.abs(run(model, window_of(clip)[2]) - kept["embedding"]).max()
               for clip, kept in zip(CLIPS, golden["clips"]))
