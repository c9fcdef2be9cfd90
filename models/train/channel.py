"""What lies between a caller's mouth and our socket: room, noise, handset, level, band, codecs, loss.

Every rendition is drawn from one seeded generator, so that a rendition can be made again alone. The ranges are meant to
hold what telephone lines do, wider than any one line: recipe.toml says how often each step is taken.
"""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

from telephone_codecs import NARROWBAND, WIDEBAND, through
from voices import RATE

# Nominal active speech level on a telephone line in dBov (ITU-T P.56), and how far callers and lines stray from it.
ACTIVE_DBOV, STRAY_DB = -26.0, 6.0
PACKET_MS = 20


class Channel:
    """Renders clean 16 kHz speech over simulated lines. `babble` holds other people's speech at 16 kHz."""

    def __init__(self, recipe, babble):
        self.recipe, self.babble = recipe, babble

    def render(self, clean, speech, kind, random):
        """(samples, rate) of `clean` over a line of this kind (a table of the recipe); `speech` marks its samples that
        somebody speaks in. As long as `clean`, and in step with it."""
        r = self.recipe["kind"][kind]
        x = clean / max(np.sqrt(np.mean(clean[speech] ** 2)), 1e-6) * 10 ** (ACTIVE_DBOV / 20)
        x = x.astype(np.float32)
        if random.random() < r["room"]:
            x = room(x, random, r["room_drr_db"])
        if random.random() < r["noise"]:
            noise = self.noise(len(x), random)
            x = x + at_snr(noise, x[speech], random.uniform(*r["snr_db"]))
        if random.random() < r["handset"]:
            x = handset(x, random, r["handset_db"])
        narrow = random.random() >= r["wideband"]
        rate = 8000 if narrow else RATE
        if narrow:
            x = resample_poly(x, 1, 2).astype(np.float32)
        if random.random() < r["band"]:
            x = band(x, random, rate)
        peak_gain = 10 ** (random.uniform(-STRAY_DB, STRAY_DB) / 20)
        x = x * np.float32(peak_gain)
        if random.random() < r["clip"]:
            limit = np.quantile(np.abs(x), random.uniform(0.95, 0.999))
            x = np.clip(x, -limit, limit)
        codecs = NARROWBAND if narrow else WIDEBAND
        for _ in range(1 + (random.random() < r["tandem"])):
            if random.random() < r["codec"]:
                weights = np.array([self.recipe["codec_weight"][name] for name in codecs], float)
                name = random.choice(list(codecs), p=weights / weights.sum())
                x = through(name, random.choice(codecs[name]), x, rate)
            elif narrow:
                x = through(str(random.choice(["mulaw", "alaw"])), None, x, rate)
        if random.random() < r["loss"]:
            x = loss(x, random, rate, r["loss_rate"])
        return x, rate

    def noise(self, n, random):
        kind = random.choice(["coloured", "coloured", "babble", "babble", "hum", "music", "clatter"])
        if kind == "babble":
            return self._babble(n, random)
        noise = coloured(n, random)
        if kind == "hum":
            return noise / rms(noise) * random.uniform(0.1, 1) + hum(n, random)
        if kind == "music":
            return noise / rms(noise) * 0.1 + music(n, random)
        if kind == "clatter":
            return noise / rms(noise) + clatter(n, random)
        return noise * swell(n, random)

    def _babble(self, n, random):
        out = np.zeros(n, np.float32)
        for _ in range(random.integers(3, 9)):
            voice = self.babble[random.integers(len(self.babble))]
            out += np.roll(np.resize(voice / rms(voice), n), random.integers(n)) * random.uniform(0.4, 1)
        return out + coloured(n, random) * random.uniform(0, 0.5)


def rms(x):
    return max(float(np.sqrt(np.mean(np.square(x)))), 1e-9)


def at_snr(noise, speech, snr_db):
    return (noise * (rms(speech) / rms(noise) * 10 ** (-snr_db / 20))).astype(np.float32)


def coloured(n, random):
    """Noise of power 1/f^a, a from 0 (white) to 2 (brown), with a smooth spectral shape of its own."""
    fast = next_fast_len(n, real=True)
    spectrum = rfft(random.standard_normal(fast, np.float32))
    hz = np.fft.rfftfreq(fast, 1 / RATE)
    shape = np.maximum(hz, 50) ** (-random.uniform(0, 2) / 2) * curve(hz, random, 6)
    return irfft(spectrum * (shape / shape.mean()).astype(np.float32), fast)[:n]


def swell(n, random):
    """Slow changes of loudness, as of a street."""
    knots = 10 ** (random.uniform(-6, 6, max(3, n // RATE * 2 + 2)) / 20)
    return np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots).astype(np.float32)


def hum(n, random):
    t = np.arange(n, dtype=np.float32) / RATE
    base = random.choice([50.0, 60.0, 100.0, 120.0])
    harmonics = range(1, random.integers(4, 20))
    return sum(random.random() / h ** 0.5 * np.sin(2 * np.pi * (base * h * t + random.random())) for h in harmonics)


def music(n, random):
    """Chords that change a few times a second, each tone with its overtones."""
    out, at, t = np.zeros(n, np.float32), 0, np.arange(n, dtype=np.float32) / RATE
    while at < n:
        length = int(RATE * random.uniform(0.15, 0.6))
        here = t[at:at + length]
        for _ in range(random.integers(1, 5)):
            hz = 110 * 2 ** (random.integers(0, 36) / 12)
            tone = sum(np.sin(2 * np.pi * hz * h * here) / h for h in range(1, 6))
            out[at:at + length] += tone * random.uniform(0.3, 1) * np.exp(-3 * (here - here[0]))
        at += length
    return out


def clatter(n, random):
    """Dishes, tills, keyboards: short decaying bursts, each with a tone."""
    out = np.zeros(n)
    for _ in range(random.poisson(4 * n / RATE)):
        at, length = random.integers(n), int(RATE * random.uniform(0.005, 0.08))
        burst = random.standard_normal(length, np.float32) * np.exp(-np.arange(length) * 5 / length)
        burst *= np.sin(2 * np.pi * random.uniform(400, 5000) * np.arange(length) / RATE)
        end = min(n, at + length)
        out[at:end] += burst[:end - at] * random.uniform(1, 12)
    return out


def curve(hz, random, depth_db):
    """A smooth random gain over frequency: knots a third of an octave apart or more, within +-depth_db."""
    knots = np.geomspace(80, 8000, random.integers(4, 14))
    gains = random.uniform(-depth_db, depth_db, len(knots))
    return 10 ** (np.interp(np.log(np.maximum(hz, 20)), np.log(knots), gains) / 20)


def handset(x, random, depth_db):
    """Another telephone's microphone and plastic: a smooth random response as a linear-phase filter."""
    taps = 129
    hz = np.fft.rfftfreq(2 * taps, 1 / RATE)
    response = np.fft.fftshift(np.fft.irfft(curve(hz, random, random.uniform(0.3, 1) * depth_db)))
    centre = len(response) // 2
    kernel = response[centre - taps // 2:centre + taps // 2 + 1] * np.hanning(taps)
    return fftconvolve(x, kernel, mode="same").astype(np.float32)


def room(x, random, drr_db):
    """A speakerphone or a tiled kitchen: direct sound and an exponential tail."""
    t60 = random.uniform(0.1, 0.6)
    n = int(RATE * min(t60, 0.4))
    tail = random.standard_normal(n) * 10 ** (-3 * np.arange(n) / RATE / t60)
    tail[:int(RATE * random.uniform(0.001, 0.01))] = 0
    tail = lfilter([1, -0.3], [1, random.uniform(-0.8, 0)], tail)
    tail *= 10 ** (-random.uniform(*drr_db) / 20) / np.sqrt((tail ** 2).sum())
    tail[0] += 1
    return fftconvolve(x, tail)[:len(x)].astype(np.float32)


def band(x, random, rate):
    """Edges of the channel (ITU-T G.712 and what phones make of it)."""
    low = random.uniform(50, 150) if rate == RATE else random.choice([random.uniform(60, 250), random.uniform(250, 450)])
    high = random.uniform(6000, 7600) if rate == RATE else random.uniform(2900, 3800)
    sos = butter(random.integers(1, 4), [low, high], "bandpass", fs=rate, output="sos")
    return sosfilt(sos, x).astype(np.float32)


def loss(x, random, rate, most):
    """Packets of 20 ms lost in bursts (Gilbert, 1960), filled as endpoints fill them: silence, comfort noise, or the
    last packet fading away."""
    x = x.copy()
    size = rate * PACKET_MS // 1000
    leave = random.uniform(0.3, 0.9)
    share = random.uniform(0.005, most)
    enter, lost = share * leave / (1 - share), False
    fill = random.choice(["silence", "noise", "repeat"])
    for at in range(size, len(x) - size, size):
        lost = random.random() >= leave if lost else random.random() < enter
        if not lost:
            continue
        if fill == "silence":
            x[at:at + size] = 0
        elif fill == "noise":
            x[at:at + size] = random.standard_normal(size, np.float32) * 10 ** (random.uniform(-70, -50) / 20)
        else:
            x[at:at + size] = x[at - size:at] * 0.7
    return x
