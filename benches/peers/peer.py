"""The other programs, as the bench calls them: one JSON request a line, one answer a line.

Each request is one run on one thread; the answer is the CPU time that it took, in milliseconds. What a program loads or
builds for a request is kept for the next, and not in its time.
"""

import functools
import importlib.metadata
import json
import os
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np  # noqa: E402  the number of threads is read when it is loaded

PACKAGES = ["onnxruntime", "faiss-cpu", "kaldi_native_fbank", "sherpa-onnx"]


def took(run):
    began = time.thread_time_ns()
    run()
    return (time.thread_time_ns() - began) / 1e6


@functools.cache
def session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def onnx(path, shape):
    """One run on numbers that are no special case. A second input is the number of frames (NeMo)."""
    network = session(path)
    inputs = network.get_inputs()
    given = {inputs[0].name: values(tuple(shape))}
    if len(inputs) > 1:
        given[inputs[1].name] = np.array([shape[-1]] * shape[0], np.int64)
    return took(lambda: network.run(None, given))


@functools.cache
def values(shape):
    return (np.arange(np.prod(shape)) % 97).astype(np.float32).reshape(shape) * 1e-4


@functools.cache
def index(rows, dimension):
    import faiss

    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatIP(dimension)
    drawn = np.random.default_rng(1)
    for first in range(0, rows, 100_000):
        block = drawn.standard_normal((min(100_000, rows - first), dimension), np.float32)
        flat.add(block / np.linalg.norm(block, axis=1, keepdims=True))
    return flat


def search(rows, dimension, probes, top):
    flat = index(rows, dimension)
    asked = np.random.default_rng(2).standard_normal((probes, dimension), np.float32)
    return took(lambda: flat.search(asked, top))


def forget():
    """Gives the memory of the indexes back."""
    index.cache_clear()
    return 0.0


@functools.cache
def sound(seconds):
    """A buzz with a voice's spectrum, as the bench makes it."""
    t = np.arange(round(seconds * 16000), dtype=np.float32) / 16000
    return sum(np.sin(2 * np.pi * 140 * h * t) / h for h in range(1, 20)).astype(np.float32) * 0.05


def fbank(seconds, mels):
    """Its Python interface takes a list, which costs more than the features. A bank whose frames are longer than the sound
    makes none, so what it takes is the list alone, and is taken away."""
    import kaldi_native_fbank as knf

    def bank(frame_ms):
        options = knf.FbankOptions()
        options.frame_opts.dither, options.frame_opts.samp_freq = 0.0, 16000
        options.frame_opts.frame_length_ms = frame_ms
        options.mel_opts.num_bins = mels
        return knf.OnlineFbank(options)

    samples = sound(seconds).tolist()
    features, list_alone = bank(25.0), bank(2000.0 * seconds)
    whole = took(lambda: features.accept_waveform(16000, samples))
    assert features.num_frames_ready > 90 * seconds and list_alone.num_frames_ready == 0
    return whole - took(lambda: list_alone.accept_waveform(16000, samples))


@functools.cache
def extractor(path):
    import sherpa_onnx

    return sherpa_onnx.SpeakerEmbeddingExtractor(sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=path, num_threads=1))


def audio_to_embedding(path, seconds):
    network, samples = extractor(path), sound(seconds)

    def run():
        stream = network.create_stream()
        stream.accept_waveform(16000, samples)
        stream.input_finished()
        network.compute(stream)

    return took(run)


def versions():
    return {package: importlib.metadata.version(package) for package in PACKAGES}


DEEDS = {deed.__name__: deed for deed in (onnx, search, forget, fbank, audio_to_embedding, versions)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"is": DEEDS[request.pop("do")](**request)}
    except Exception as error:  # the bench says it and goes on
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
