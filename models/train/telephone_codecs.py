"""Speech codecs of telephone networks, there and back: what a caller's voice goes through on its way.

libsndfile brings GSM 06.10 and G.711, FFmpeg the others. All take and give float samples, full scale 1, at the rate
named, and keep the number of samples.
"""

import io

import av
import numpy as np
import soundfile
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

# (name, bit rates): AMR is what most mobile calls were made with, ADPCM DECT, G.723.1 old trunks, Opus browsers.
NARROWBAND = {
    "mulaw": (None,),
    "alaw": (None,),
    "gsm": (None,),
    "adpcm24": (None,),
    "adpcm32": (None,),
    "amr": (4750, 5900, 7400, 7950, 10200, 12200),
    "g723_1": (6300,),
    "opus": (8000, 12000, 16000),
}
WIDEBAND = {"g722": (64000,), "opus": (12000, 16000, 24000)}

_SNDFILE = {"mulaw": ("WAV", "ULAW"), "alaw": ("WAV", "ALAW"), "gsm": ("WAV", "GSM610"),
            "adpcm24": ("AU", "G723_24"), "adpcm32": ("AU", "G721_32")}
_FFMPEG = {"amr": "libopencore_amrnb", "g723_1": "g723_1", "g722": "g722", "opus": "libopus"}
_DECODER = {"libopencore_amrnb": "amrnb"}


def through(codec, bit_rate, samples, rate):
    samples = np.clip(samples, -1, 1 - 1 / 32768)
    out = _sndfile(_SNDFILE[codec], samples, rate) if codec in _SNDFILE else _ffmpeg(
        _FFMPEG[codec], bit_rate, samples, rate)
    lag = _lag(samples, out, rate)
    out = np.pad(out[lag:], (0, max(0, len(samples) - len(out) + lag)))[:len(samples)]
    return out.astype(np.float32)


def _sndfile(kind, samples, rate):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind[0], subtype=kind[1])
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def _ffmpeg(name, bit_rate, samples, rate):
    encoder = av.CodecContext.create(name, "w")
    encoder.sample_rate, encoder.layout, encoder.bit_rate = rate, "mono", bit_rate
    encoder.format = "s16"
    if name == "libopus":
        encoder.options = {"compression_level": "1"}  # a third of the time for a difference that no phone call has
    encoder.open()
    size = encoder.frame_size or rate // 50
    pcm = np.round(samples * 32767).astype(np.int16)
    pcm = np.pad(pcm, (0, -len(pcm) % size + size))
    packets = []
    for start in range(0, len(pcm), size):
        frame = av.AudioFrame.from_ndarray(pcm[None, start:start + size], format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create(_DECODER.get(name, name), "r")
    decoder.sample_rate, decoder.layout, decoder.extradata = rate, "mono", encoder.extradata
    out = [frame.to_ndarray().ravel() for packet in packets for frame in decoder.decode(packet)]
    out = np.concatenate(out)
    out = out.astype(np.float32) / 32768 if out.dtype == np.int16 else out.astype(np.float32)
    if decoder.sample_rate != rate:
        out = resample_poly(out, rate, decoder.sample_rate)
    return out


def _lag(samples, out, rate):
    """How many samples late `out` is, up to 40 ms: the teacher's frames and the student's must be the same speech."""
    most = rate // 25
    # Three seconds show it, and padding by the most that it can be keeps the ends apart.
    n = min(len(samples), len(out), 3 * rate)
    fast = next_fast_len(n + most, real=True)
    product = irfft(rfft(out[:n], fast) * np.conj(rfft(samples[:n], fast)), fast)
    return int(np.argmax(product[:most]))
