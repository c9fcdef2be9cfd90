"""The speaker encoder and its gradient, in numpy: three LSTM layers, a linear layer, ReLU, unit length.

Written out by hand because a matrix product per step in OpenBLAS trains this network about twice as fast on a processor
as the frameworks do, and because the numbers then depend on nothing but numpy. `check_gradient.py` compares the
gradient with finite differences.

Weights have torch's names and shapes (`lstm.weight_ih_l0` [1024, inputs], gates input, forget, cell, output), as the
original checkpoint has them.
"""

import numpy as np

from graph import HIDDEN, LAYERS, NORM_FLOOR

# Torch stacks input, forget, cell, output. Here the three sigmoid gates lie side by side, so that one call serves them.
_TORCH_TO_OURS = np.concatenate([np.arange(0, 512), np.arange(768, 1024), np.arange(512, 768)])
_OURS_TO_TORCH = np.argsort(_TORCH_TO_OURS)
# sigmoid(x) = (tanh(x / 2) + 1) / 2: with the halves in the weights one tanh does all four gates.
_HALVES = np.concatenate([np.full(3 * HIDDEN, 0.5), np.ones(HIDDEN)]).astype(np.float32)


class Network:
    """One set of weights made ready for use. `backward` belongs to the last `forward`."""

    def __init__(self, weights):
        self.layers = []
        for n in range(LAYERS):
            ih, hh = weights[f"lstm.weight_ih_l{n}"], weights[f"lstm.weight_hh_l{n}"]
            bias = weights[f"lstm.bias_ih_l{n}"] + weights[f"lstm.bias_hh_l{n}"]
            self.layers.append(_Layer(_ready(ih), _ready(hh), _ready(bias)))
        self.linear_w, self.linear_b = weights["linear.weight"], weights["linear.bias"]

    def forward(self, x):
        """`x` [frames, batch, inputs] to embeddings [batch, 256]."""
        for layer in self.layers:
            x = layer.forward(x)
        self.last = x
        self.hidden = x[-1]
        raw = self.hidden @ self.linear_w.T + self.linear_b
        self.relu = np.maximum(raw, 0)
        self.norm = np.maximum(np.sqrt((self.relu ** 2).sum(-1, keepdims=True)), NORM_FLOOR)
        self.embedding = self.relu / self.norm
        return self.embedding

    def backward(self, d_embedding, d_hidden):
        """The gradient of every weight, by name, from those of the embeddings and of the last states, [batch, 256]."""
        along = (d_embedding * self.embedding).sum(-1, keepdims=True)
        d_raw = (d_embedding - along * self.embedding) / self.norm * (self.relu > 0)
        gradient = {"linear.weight": d_raw.T @ self.hidden, "linear.bias": d_raw.sum(0)}
        dx = np.zeros_like(self.last)
        dx[-1] = d_raw @ self.linear_w + d_hidden
        for n in reversed(range(LAYERS)):
            dx, d_ih, d_hh, d_bias = self.layers[n].backward(dx, inputs_too=n > 0)
            gradient[f"lstm.weight_ih_l{n}"] = _back(d_ih)
            gradient[f"lstm.weight_hh_l{n}"] = _back(d_hh)
            gradient[f"lstm.bias_ih_l{n}"] = _back(d_bias)
            gradient[f"lstm.bias_hh_l{n}"] = gradient[f"lstm.bias_ih_l{n}"]
        return gradient


class _Layer:
    def __init__(self, w, r, bias):
        self.w, self.bias = w, bias
        # OpenBLAS multiplies by a matrix that lies in memory as it is read, 20 % faster than by a transposed view.
        self.w_t, self.r, self.r_t = np.ascontiguousarray(w.T), r, np.ascontiguousarray(r.T)

    def forward(self, x):
        frames, batch, inputs = x.shape
        self.x = x
        gates = (x.reshape(-1, inputs) @ self.w_t).reshape(frames, batch, 4 * HIDDEN)
        gates += self.bias
        self.h = np.empty((frames + 1, batch, HIDDEN), np.float32)
        self.c = np.empty_like(self.h)
        self.tanh_c = np.empty((frames, batch, HIDDEN), np.float32)
        self.h[0], self.c[0] = 0, 0
        recurrent = np.empty((batch, 4 * HIDDEN), np.float32)
        scratch = np.empty((batch, HIDDEN), np.float32)
        for t in range(frames):
            z = gates[t]
            np.matmul(self.h[t], self.r_t, out=recurrent)
            z += recurrent
            np.tanh(z, out=z)
            sigmoids = z[:, :3 * HIDDEN]
            sigmoids *= 0.5
            sigmoids += 0.5
            i, f, o, g = _split(z)
            np.multiply(f, self.c[t], out=self.c[t + 1])
            np.multiply(i, g, out=scratch)
            self.c[t + 1] += scratch
            np.tanh(self.c[t + 1], out=self.tanh_c[t])
            np.multiply(o, self.tanh_c[t], out=self.h[t + 1])
        self.gates = gates
        return self.h[1:]

    def backward(self, dh_out, inputs_too):
        frames, batch, _ = dh_out.shape
        dz = np.empty_like(self.gates)
        dh, dc = np.zeros((batch, HIDDEN), np.float32), np.zeros((batch, HIDDEN), np.float32)
        slope, scratch = np.empty((batch, 3 * HIDDEN), np.float32), np.empty((batch, HIDDEN), np.float32)
        for t in reversed(range(frames)):
            dh += dh_out[t]
            i, f, o, g = _split(self.gates[t])
            tanh_c = self.tanh_c[t]
            # dc += dh o (1 - tanh(c)^2)
            np.multiply(tanh_c, tanh_c, out=scratch)
            np.subtract(1, scratch, out=scratch)
            scratch *= o
            scratch *= dh
            dc += scratch
            d_i, d_f, d_o, d_g = _split(dz[t])
            np.multiply(dc, g, out=d_i)
            np.multiply(dc, self.c[t], out=d_f)
            np.multiply(dh, tanh_c, out=d_o)
            sigmoids = self.gates[t][:, :3 * HIDDEN]
            np.subtract(1, sigmoids, out=slope)
            slope *= sigmoids
            dz[t][:, :3 * HIDDEN] *= slope
            np.multiply(g, g, out=scratch)
            np.subtract(1, scratch, out=scratch)
            np.multiply(dc, i, out=d_g)
            d_g *= scratch
            dc *= f
            # Back through the halves of the sigmoid gates: they are in `r` already, and 2 (1/2) s(1-s) is the slope.
            dz[t][:, :3 * HIDDEN] *= 2
            np.matmul(dz[t], self.r, out=dh)
        flat = dz.reshape(-1, 4 * HIDDEN)
        d_w = flat.T @ self.x.reshape(-1, self.x.shape[2])
        d_r = flat.T @ self.h[:-1].reshape(-1, HIDDEN)
        dx = (flat @ self.w).reshape(frames, batch, -1) if inputs_too else None
        return dx, d_w, d_r, flat.sum(0)


def _split(z):
    return z[:, :HIDDEN], z[:, HIDDEN:2 * HIDDEN], z[:, 2 * HIDDEN:3 * HIDDEN], z[:, 3 * HIDDEN:]


def _ready(rows):
    rows = rows[_TORCH_TO_OURS]
    return np.ascontiguousarray(rows * (_HALVES[:, None] if rows.ndim == 2 else _HALVES), np.float32)


def _back(rows):
    """From the gradient of a prepared array to that of the array as torch has it."""
    return (rows * (_HALVES[:, None] if rows.ndim == 2 else _HALVES))[_OURS_TO_TORCH]
