"""Writes ONNX graphs with the shapes of published networks and weights drawn from a seed."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper


class Builder:
    """Each method adds an operator and gives the name of what comes out."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def node(self, op, *inputs, **attributes):
        out = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], name=f"n{len(self.nodes)}", **attributes))
        return out

    def constant(self, value):
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def floats(self, *values):
        return self.constant(np.array(values, np.float32))

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(np.array(value, np.int64))

    def weights(self, *shape, gain=2.0):
        """He's initialisation: what goes through keeps its size."""
        fan_in = int(np.prod(shape[1:]))
        return self.rng.normal(0, np.sqrt(gain / fan_in), shape).astype(np.float32)

    def conv(self, x, channels_in, channels, kernel, stride=1, dilation=1, groups=1, gain=2.0, bias=True):
        """As exported for inference: the batch normalisation behind it is in its weights. `kernel` of one or two axes."""
        kernel = kernel if isinstance(kernel, tuple) else (kernel,)
        strides = stride if isinstance(stride, tuple) else (stride,) * len(kernel)
        pads = [dilation * (k - 1) // 2 for k in kernel] * 2
        inputs = [x, self.constant(self.weights(channels, channels_in // groups, *kernel, gain=gain))]
        if bias:
            inputs.append(self.constant(self.rng.normal(0, 0.1, channels).astype(np.float32)))
        return self.node("Conv", *inputs, kernel_shape=list(kernel), strides=list(strides), pads=pads,
                         dilations=[dilation] * len(kernel), group=groups)

    def batch_norm(self, x, channels):
        """One that stands before its convolution and so could not be folded into it."""
        drawn = [self.rng.normal(1, 0.1, channels), self.rng.normal(0, 0.1, channels),
                 self.rng.normal(0, 0.1, channels), self.rng.uniform(0.8, 1.2, channels)]
        return self.node("BatchNormalization", x, *(self.constant(d.astype(np.float32)) for d in drawn), epsilon=1e-5)

    def relu(self, x):
        return self.node("Relu", x)

    def linear(self, x, size_in, size, gain=1.0):
        return self.node("Gemm", x, self.constant(self.weights(size, size_in, gain=gain)),
                         self.constant(self.rng.normal(0, 0.1, size).astype(np.float32)), transB=1)

    def mean(self, x, axis, keepdims=0):
        return self.node("ReduceMean", x, axes=[axis], keepdims=keepdims)

    def deviation(self, x, axis, floor, unbiased_by=None):
        """Square root of the variance over `axis`, which stays as 1 only in between."""
        centred = self.node("Sub", x, self.mean(x, axis, keepdims=1))
        variance = self.mean(self.node("Mul", centred, centred), axis)
        if unbiased_by is not None:
            variance = self.node("Mul", variance, unbiased_by)
        return self.node("Sqrt", self.node("Add", variance, self.floats(floor)))

    def write(self, path, inputs, outputs, metadata):
        """`inputs` and `outputs`: (name, element type, shape)."""
        value = lambda spec: helper.make_tensor_value_info(*spec)
        graph = helper.make_graph(self.nodes, path.stem, [value(i) for i in inputs], [value(o) for o in outputs],
                                  self.constants)
        model = helper.make_model(graph, producer_name="regulars-tests", ir_version=8,
                                  opset_imports=[helper.make_opsetid("", 13)])
        helper.set_model_props(model, metadata)
        checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())

    def named(self, x, name):
        self.nodes.append(helper.make_node("Identity", [x], [name], name=f"out_{name}"))


FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
