"""The networks that people download: WeSpeaker's ResNet34, 3D-Speaker's CAM++, one like NeMo's TitaNet."""

from builder import FLOAT, INT64, Builder

BANDS = 80


def resnet34(path, metadata, seed=1):
    """WeSpeaker's: 32 to 256 channels in stages of 3, 4, 6 and 3 blocks, statistics over time, 256 numbers."""
    b = Builder(seed)
    x = b.node("Unsqueeze", b.node("Transpose", "feats", perm=[0, 2, 1]), b.ints(1))
    x = b.relu(b.conv(x, 1, 32, (3, 3)))
    channels = 32
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            wide, stride = 32 << stage, 2 if stage and not block else 1
            # A short cut adds to what comes out, so half of the gain keeps its size.
            y = b.relu(b.conv(x, channels, wide, (3, 3), (stride, stride)))
            y = b.conv(y, wide, wide, (3, 3), gain=0.5)
            if stride > 1 or channels != wide:
                x = b.conv(x, channels, wide, (1, 1), (stride, stride), gain=1.0)
            x, channels = b.relu(b.node("Add", x, y)), wide
    mean = b.node("Flatten", b.mean(x, 3), axis=1)
    deviation = b.node("Flatten", b.deviation(x, 3, 1e-7), axis=1)
    pooled = b.node("Concat", mean, deviation, axis=1)
    b.named(b.linear(pooled, 2 * 256 * BANDS // 8, 256), "embs")
    b.write(path, [("feats", FLOAT, ["B", "T", BANDS])], [("embs", FLOAT, ["B", 256])], metadata)


def cam_plus_plus(path, metadata, seed=2):
    """3D-Speaker's: a convolutional head over frequency, then dense blocks with context-aware masks; 192 numbers."""
    b = Builder(seed)
    x = b.node("Unsqueeze", b.node("Transpose", "feature", perm=[0, 2, 1]), b.ints(1))
    x = b.relu(b.conv(x, 1, 32, (3, 3)))
    for _ in range(2):
        for stride in (2, 1):
            y = b.conv(b.relu(b.conv(x, 32, 32, (3, 3), (stride, 1))), 32, 32, (3, 3), gain=0.5)
            x = b.relu(b.node("Add", y, b.conv(x, 32, 32, (1, 1), (stride, 1), gain=1.0) if stride > 1 else x))
    x = b.relu(b.conv(x, 32, 32, (3, 3), (2, 1)))
    x = b.node("Reshape", x, b.ints(0, 32 * BANDS // 8, -1))
    channels = 128
    x = b.relu(b.conv(x, 32 * BANDS // 8, channels, 5, stride=2))
    for layers, dilation in ((12, 1), (24, 2), (16, 2)):
        for _ in range(layers):
            x = b.node("Concat", x, dense_layer(b, x, channels, dilation), axis=1)
            channels += 32
        x = b.conv(b.relu(b.batch_norm(x, channels)), channels, channels // 2, 1, bias=False)
        channels //= 2
    x = b.relu(b.batch_norm(x, channels))
    frames = b.node("Cast", b.node("Slice", b.node("Shape", x), b.ints(2), b.ints(3)), to=FLOAT)
    unbiased = b.node("Div", frames, b.node("Sub", frames, b.floats(1.0)))
    pooled = b.node("Concat", b.mean(x, 2), b.deviation(x, 2, 1e-12, unbiased), axis=1)
    b.named(b.batch_norm(b.linear(pooled, 2 * channels, 192), 192), "embedding")
    b.write(path, [("feature", FLOAT, ["B", "T", BANDS])], [("embedding", FLOAT, ["B", 192])], metadata)


def dense_layer(b, x, channels, dilation):
    """32 channels more, each weighed by what the whole clip and its hundred frames around say."""
    x = b.conv(b.relu(b.batch_norm(x, channels)), channels, 128, 1)
    x = b.relu(x)
    local = b.conv(x, 128, 32, 3, dilation=dilation, gain=1.0, bias=False)
    spread = b.node("AveragePool", x, kernel_shape=[100], strides=[100], ceil_mode=1)
    spread = b.node("Expand", b.node("Unsqueeze", spread, b.ints(3)), b.ints(1, 1, 1, 100))
    spread = b.node("Reshape", spread, b.ints(0, 128, -1))
    end = b.node("Slice", b.node("Shape", x), b.ints(2), b.ints(3))
    spread = b.node("Slice", spread, b.ints(0), end, b.ints(2))
    context = b.node("Add", b.mean(x, 2, keepdims=1), spread)
    mask = b.conv(b.relu(b.conv(context, 128, 64, 1)), 64, 32, 1)
    return b.node("Mul", local, b.node("Sigmoid", mask))


def titanet_like(path, metadata, seed=3, width=256):
    """NeMo's way: depthwise separable blocks with squeeze and excitation, frames behind the end masked by `length`,
    attentive statistics; logits first and 192 numbers second."""
    b = Builder(seed)
    mask = time_mask(b)
    x = separable(b, b.node("Mul", "audio_signal", mask), BANDS, width, 3)
    x = b.relu(b.node("Mul", squeeze_excite(b, x, mask, width), mask))
    for kernel in (7, 11, 15):
        y = x
        for sub in range(3):
            y = separable(b, b.node("Mul", y, mask), width, width, kernel)
            y = y if sub == 2 else b.relu(y)
        y = squeeze_excite(b, y, mask, width)
        x = b.relu(b.node("Add", y, b.conv(x, width, width, 1, gain=1.0)))
    wide = 3 * width
    x = b.node("Mul", b.relu(separable(b, b.node("Mul", x, mask), width, wide, 1)), mask)
    pooled = attentive_statistics(b, x, mask, wide)
    embedding = b.linear(b.batch_norm(pooled, 2 * wide), 2 * wide, 192)
    b.named(b.linear(embedding, 192, 1000), "logits")
    b.named(embedding, "embs")
    b.write(path, [("audio_signal", FLOAT, ["B", BANDS, "T"]), ("length", INT64, ["B"])],
            [("logits", FLOAT, ["B", 1000]), ("embs", FLOAT, ["B", 192])], metadata)


def time_mask(b):
    """[B, 1, T]: 1 for frames before `length`."""
    frames = b.node("Squeeze", b.node("Slice", b.node("Shape", "audio_signal"), b.ints(2), b.ints(3)), b.ints(0))
    steps = b.node("Range", b.scalar(0), frames, b.scalar(1))
    before = b.node("Less", b.node("Unsqueeze", steps, b.ints(0)), b.node("Unsqueeze", "length", b.ints(1)))
    return b.node("Unsqueeze", b.node("Cast", before, to=FLOAT), b.ints(1))


def separable(b, x, channels_in, channels, kernel):
    x = b.conv(x, channels_in, channels_in, kernel, groups=channels_in, gain=1.0, bias=False)
    return b.conv(x, channels_in, channels, 1)


def squeeze_excite(b, x, mask, channels):
    """Each channel weighed by its mean over the frames that count."""
    total = b.node("ReduceSum", b.node("Mul", x, mask), b.ints(2), keepdims=1)
    mean = b.node("Div", total, b.node("ReduceSum", mask, b.ints(2), keepdims=1))
    hidden = b.relu(b.conv(mean, channels, channels // 8, 1))
    return b.node("Mul", x, b.node("Sigmoid", b.conv(hidden, channels // 8, channels, 1, gain=1.0)))


def attentive_statistics(b, x, mask, channels):
    """Mean and deviation over time with weights of their own, which are nothing where the mask is."""
    hidden = b.node("Tanh", b.relu(b.conv(x, channels, 128, 1)))
    scores = b.conv(hidden, 128, channels, 1, gain=1.0)
    hole = b.node("Mul", b.node("Sub", b.floats(1.0), mask), b.floats(-1e4))
    share = b.node("Softmax", b.node("Add", scores, hole), axis=2)
    weigh = lambda values: b.node("ReduceSum", b.node("Mul", share, values), b.ints(2), keepdims=0)
    mean = weigh(x)
    away = b.node("Sub", x, b.node("Unsqueeze", mean, b.ints(2)))
    variance = b.node("Max", weigh(b.node("Mul", away, away)), b.floats(1e-10))
    return b.node("Concat", mean, b.node("Sqrt", variance), axis=1)
