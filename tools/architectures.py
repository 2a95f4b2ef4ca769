"""The networks of the book as boxes and arrows. Sizes, counts and shapes are read from the built networks."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from drawing import Arrow, Box
from torch import nn

from biosig.models import hnf, msemg
from biosig.models.networks import build

Drawn = tuple[list[Box], list[Arrow]]
TOP, ROW = 26, 84  # px: the first row's centre, and from one row to the next


@dataclass(frozen=True)
class Architecture:
    """One drawing: which module, on which page, from which lines of code, and what to see in it."""

    name: str
    page: str
    title: str
    module: Callable[[], nn.Module]
    given: tuple[tuple[int, ...], ...]  # shapes of the inputs of the run that measures shapes
    code: tuple[str, ...]               # dotted names in the module's file whose lines the boxes quote
    layout: Callable[[nn.Module], Drawn]
    alt: str
    caption: str


def row(at: float) -> float:
    """The height of a row."""
    return TOP + ROW * at


def signal(name: str, x: float, at: float, title: str) -> Box:
    """What goes in or comes out."""
    return Box(name, x, row(at), title, kind="signal", width=8 * len(title) + 12)


def operation(name: str, x: float, at: float, title: str, code: str = "", width: float = 170) -> Box:
    """A step without parameters."""
    return Box(name, x, row(at), title, code=code, kind="operation", width=width)


def layer(attribute: str, x: float, at: float, title: str, code: str, width: float = 170) -> Box:
    """A step with parameters, named by where it lies in the network."""
    return Box(attribute.split()[0], x, row(at), title, attribute, code, width)


def chain(*names: str) -> list[Arrow]:
    """Arrows from each to the next."""
    return [Arrow(*pair) for pair in zip(names, names[1:], strict=False)]


# ------------------------------------------------------------------------------- what a module says of itself

def describe(module: nn.Module | nn.Parameter) -> str:
    """Sizes of a layer in a few words, read from its attributes."""
    if isinstance(module, nn.Parameter):
        return " × ".join(map(str, module.shape))
    if isinstance(module, nn.Sequential):  # its first layer with a weight matrix speaks for it
        module = next((part for part in module if getattr(part, "weight", torch.ones(1)).ndim > 1), module[-1])
    teller = next((SAYS[kind] for kind in type(module).__mro__ if kind in SAYS), None)
    return teller(module) if teller else ""


def _each(numbers: tuple[int, ...]) -> str:
    return " × ".join(map(str, numbers))


def _conv(layer_: nn.Module) -> str:
    said = f"{layer_.in_channels} → {layer_.out_channels}, kernel {_each(layer_.kernel_size)}"
    for name in ("stride", "dilation"):
        if set(getattr(layer_, name)) != {1}:
            said += f", {name} {_each(getattr(layer_, name))}"
    return said + (", one by one" if layer_.groups > 1 else "")


def _complex_conv(layer_: nn.Module) -> str:
    a, b = (2 * size for size in layer_.weight.shape[1:3])
    ends = (a, b) if layer_.transposed else (b, a)
    return f"{ends[0]} → {ends[1]}, kernel {_each(layer_.weight.shape[3:])}"


def _lstm(layer_: nn.LSTM) -> str:
    ways, many = ", two ways" if layer_.bidirectional else "", "s" if layer_.num_layers > 1 else ""
    return f"{layer_.input_size} → {layer_.hidden_size}, {layer_.num_layers} layer{many}{ways}"


def _complex(layer_: nn.Module) -> str:
    return f"two of: {describe(layer_.a)}"


def _hnf(block: hnf.HNF) -> str:
    kernels = ", ".join(str(f.kernel_size[0]) for f in block.filters)
    return f"kernels {kernels}" + (f", dilation {block.dilation}" if block.dilation > 1 else "")


def _says() -> dict[type, Callable[[nn.Module], str]]:
    from biosig.models import cmgan, conformer, dccrn, residual, sdemg, spectral

    by_channels = {kind: _conv for kind in (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)}
    norms = {kind: lambda m: f"{m.num_features} channels" for kind in (nn.BatchNorm1d, nn.InstanceNorm1d)}
    return by_channels | norms | {
        nn.RMSNorm: lambda m: f"{m.normalized_shape[0]} channels",
        nn.GroupNorm: lambda m: f"{m.num_channels} channels",
        nn.Linear: lambda m: f"{m.in_features} → {m.out_features}",
        nn.LSTM: _lstm,
        hnf.HNF: _hnf,
        msemg.MambaBlock: lambda m: f"{m.mamba.d_model} → {m.mamba.d_inner}, {m.mamba.d_state} states each",
        sdemg.Head: lambda m: _conv(m.conv),
        sdemg.Bridge: lambda m: f"kernels {m.conv_in.kernel_size[0]} and {m.conv_out.kernel_size[0]}, FiLM",
        dccrn.ComplexConv: _complex_conv,
        dccrn.ComplexLSTM: _complex,
        dccrn.ComplexLinear: _complex,
        residual.Block: lambda m: describe(m.first),
        conformer.Conformer: lambda m: f"{m.attention.heads} heads, kernel {m.conv.filters.kernel_size[0]}",
        cmgan.DilatedDense: lambda m: f"{len(m.layers)} of kernel {_each(m.layers[0][0].kernel_size)}",
        cmgan.SubPixel: lambda m: _conv(m.conv),
        spectral.Spectral: lambda m: f"{m.n_fft} samples every {m.hop}",
    }


SAYS = _says()


def found(network: nn.Module, path: str) -> nn.Module | nn.Parameter:
    """The module or parameter at a path such as "hnf_in.filters.0"."""
    *above, last = path.split(".")
    return getattr(network.get_submodule(".".join(above)), last)


def counted(part: nn.Module | nn.Parameter) -> int:
    """Trainable parameters of a part."""
    return part.numel() if isinstance(part, nn.Parameter) else sum(p.numel() for p in part.parameters())


def written(box: Box, network: nn.Module) -> Box:
    """The box with what its part says of itself below the title."""
    if not box.attribute:
        return box
    parts = [found(network, path) for path in box.attribute.split()]
    said, count = "; ".join(filter(None, map(describe, parts))), sum(map(counted, parts))
    return replace(box, lines=tuple(filter(None, (said, f"{count:,} parameters" if count else ""))))


def measured(network: nn.Module, given: tuple[tuple[int, ...], ...]) -> dict[str, str]:
    """The shape of what each module makes, without the batch, by its path; from one run."""
    shapes, hooks = {}, []
    for path, part in network.named_modules():
        hooks.append(part.register_forward_hook(lambda _, __, out, path=path: shapes.setdefault(path, out)))
    with torch.no_grad():
        network.eval()(*(torch.ones(shape) for shape in given))
    for hook in hooks:
        hook.remove()
    first = {path: out[0] if isinstance(out, tuple) else out for path, out in shapes.items()}
    return {path: _each(out.shape[1:]) for path, out in first.items() if path and out is not None}


def drawn(architecture: Architecture) -> Drawn:
    """Boxes and arrows with everything that the network says of itself."""
    network = architecture.module()
    shapes = measured(network, architecture.given)
    boxes, arrows = architecture.layout(network)
    at = {box.name: box for box in boxes}
    arrows = [a if a.label or a.way or at[a.start].y == at[a.end].y else
              replace(a, label=shapes.get(at[a.start].attribute, "")) for a in arrows]
    return [written(box, network) for box in boxes], arrows


# ------------------------------------------------------------------------------------------- the drawings

def draw_msemg(network: nn.Module) -> Drawn:
    """A column of five."""
    x, wide = 180, 260
    return [
        signal("noisy", x, 0, "noisy, 1 channel"),
        layer("conv_in", x, 1, "convolution, LeakyReLU", "self.conv_in(y)", wide),
        layer("hnf_in", x, 2, "HNF block", "self.hnf_in(y)", wide),
        layer("ssm", x, 3, "Mamba block", "self.ssm(y)", wide),
        layer("hnf_out", x, 4, "HNF block", "self.hnf_out(y)", wide),
        layer("conv_out", x, 5, "convolution", "self.conv_out(y)", wide),
        signal("clean", x, 6, "estimate of the clean signal"),
    ], chain("noisy", "conv_in", "hnf_in", "ssm", "hnf_out", "conv_out", "clean")


def draw_hnf(network: nn.Module) -> Drawn:
    """Four filters side by side, half of what they find normalised, and a path around it all."""
    xs = (85, 242, 399, 556)
    filters = [layer(f"filters.{i}", x, 1, "convolution", "for f in self.filters", 148) for i, x in enumerate(xs)]
    boxes = [
        signal("x", 320, 0, "x"), *filters,
        operation("cat", 320, 2, "one after the other", "torch.cat([self.filter_padded", 600),
        layer("mix", 320, 3, "convolution", "self.mix(", 200),
        layer("norm", 190, 4, "instance norm", "torch.cat([self.norm(normed)", 170),
        operation("plain", 450, 4, "left as it is", "y.chunk(2, dim=1)"),
        operation("join", 320, 5, "one after the other, LeakyReLU", "self.out(F.leaky_relu(y", 430),
        layer("out", 320, 6, "convolution, LeakyReLU", "self.out(F.leaky_relu(y", 200),
        operation("sum", 320, 7, "+", "return x + F.leaky_relu", 60), signal("y", 320, 7.8, "y"),
    ]
    fan = [Arrow(*pair) for f in filters for pair in (("x", f.name), (f.name, "cat"))]
    half = [Arrow("mix", "norm"), Arrow("mix", "plain"), Arrow("norm", "join"), Arrow("plain", "join")]
    return boxes, [*fan, *chain("cat", "mix"), *half, *chain("join", "out", "sum", "y"), Arrow("x", "sum", 640)]


def draw_mamba(network: nn.Module) -> Drawn:
    """The input decides how it is remembered."""
    boxes = [
        signal("x", 290, 0, "x"),
        layer("norm", 290, 1, "RMSNorm", "self.norm("),
        layer("mamba.in_proj", 290, 2, "linear, in two halves", "_project(self.in_proj", 380),
        layer("mamba.conv1d", 190, 3, "causal convolution", "self.conv1d(x)", 200),
        operation("silu", 190, 4, "SiLU", "F.silu(self.conv1d", 120),
        layer("mamba.x_proj", 330, 5, "linear: what to remember", "_project(self.x_proj", 200),
        layer("mamba.dt_proj", 480, 6, "linear: for how long", "_project(self.dt_proj", 170),
        layer("mamba.A_log mamba.D", 320, 7, "selective scan", "y = selective_scan(", 500),
        operation("gate", 640, 4, "SiLU", "y = selective_scan(", 80),
        operation("times", 320, 8, "×", "y = selective_scan(", 60),
        layer("mamba.out_proj", 320, 9, "linear", "_project(self.out_proj", 200),
        operation("sum", 320, 10, "+", "return x + y", 60),
        signal("y", 320, 10.8, "y"),
    ]
    arrows = [
        *chain("x", "norm", "mamba.in_proj"), Arrow("mamba.in_proj", "mamba.conv1d", label="x"),
        Arrow("mamba.conv1d", "silu", label="cut to the causal part"),
        Arrow("silu", "mamba.A_log"), Arrow("silu", "mamba.x_proj", "hv"),
        Arrow("mamba.x_proj", "mamba.dt_proj", "hv", "dt"), Arrow("mamba.x_proj", "mamba.A_log", label="B, C"),
        Arrow("mamba.dt_proj", "mamba.A_log", label="Δ"), Arrow("mamba.in_proj", "gate", "hv", "z"),
        Arrow("gate", "times", "vh"), *chain("mamba.A_log", "times", "mamba.out_proj", "sum", "y"),
        Arrow("x", "sum", 24),
    ]
    return boxes, arrows


def draw_sdemg(network: nn.Module) -> Drawn:
    """Two streams and the bridges between them."""
    depth = len(network.bridges)
    boxes = [signal("x_t", 110, 0, "x_t, diffused"), signal("noisy", 580, 0, "noisy"),
             operation("level", 345, 0, "noise level, as sines", "embed(level", 190)]
    arrows = [Arrow("x_t", "stream.0"), Arrow("noisy", "condition.0"), Arrow("level", "bridges.0")]
    for i in range(depth):
        title = "HNF block" if i else "convolution, LeakyReLU"
        boxes += [layer(f"stream.{i}", 110, i + 1, title, "x = layer(x)", 200),
                  layer(f"bridges.{i}", 345, i + 1, "bridge", "conditioned(y) + bridge", 190),
                  layer(f"condition.{i}", 580, i + 1, title, "conditioned(y) + bridge", 200)]
        arrows += [Arrow(f"stream.{i}", f"bridges.{i}"), Arrow(f"bridges.{i}", f"condition.{i}", label="+")]
        if i:
            arrows += [Arrow(f"{side}.{i - 1}", f"{side}.{i}") for side in ("stream", "condition")]
    boxes += [layer("conv_out", 580, depth + 1, "convolution", "self.conv_out(y)", 200),
              signal("noise", 345, depth + 1, "the noise in x_t")]
    return boxes, [*arrows, Arrow(f"condition.{depth - 1}", "conv_out"), Arrow("conv_out", "noise")]


def draw_fcn(network: nn.Module) -> Drawn:
    """A funnel and back: the wider a box, the more samples it makes."""
    shapes, x = measured(network, ((1, 2000),)), 330
    parts = [(f"{side}.{i}", title, f"y = self.{side}(y)") for side, title in
             (("encoder", "convolution, norm, ELU"), ("decoder", "transposed convolution, norm, ELU"))
             for i in range(len(getattr(network, side)))]
    parts.append(("out", "transposed convolution", "return self.out(y)"))
    longest = max(int(shapes[path].split(" × ")[1]) for path, *_ in parts)
    boxes = [layer(path, x, at, title, code, 170 + 450 * int(shapes[path].split(" × ")[1]) / longest)
             for at, (path, title, code) in enumerate(parts, 1)]
    ends = signal("noisy", x, 0, "noisy, 1 channel"), signal("clean", x, len(parts) + 1, "estimate, cut to length")
    return [ends[0], *boxes, ends[1]], chain("noisy", *(box.name for box in boxes), "clean")


LEFT, CENTRE, RIGHT, WIDE_U = 125, 355, 585, 230


def u_ends(mask: str, code: str) -> Drawn:
    """What a network with a mask on the STFT begins and ends with."""
    boxes = [signal("noisy", LEFT, 0, "noisy"), layer("spectral", LEFT, 1, "STFT", "self.spectral(with", WIDE_U),
             operation("times", RIGHT, 1, mask, code, WIDE_U),
             operation("inverse", RIGHT, 0, "inverse STFT", "self.spectral.inverse(", WIDE_U),
             signal("clean", CENTRE, 0, "estimate")]
    arrows = [*chain("noisy", "spectral"), Arrow("spectral", "times", label="spectra"),
              *chain("times", "inverse", "clean")]
    return boxes, arrows


def draw_unet(network: nn.Module) -> Drawn:
    """Down on the left, up on the right, skip paths across."""
    boxes, arrows = u_ends("sigmoid, ×", "torch.sigmoid(maps")
    depth = len(network.encoder)
    boxes.append(layer("norm", LEFT, 2, "log, batch norm", "self.norm(maps", WIDE_U))
    boxes += [layer(f"encoder.{i}", LEFT, 3 + i, "convolution, norm, ReLU" if not i else "pool, convolution …",
                    "y = down(", WIDE_U) for i in range(depth)]
    boxes += [layer(f"decoder.{j}", RIGHT, 2 + depth - j, "transposed convolution …", "torch.cat([rise(y)", WIDE_U)
              for j in range(depth - 1)]
    boxes += [layer("smooth", RIGHT, 3, "convolution, norm, ReLU", "self.out(self.smooth(y))", WIDE_U),
              layer("out", RIGHT, 2, "convolution", "self.out(self.smooth(y))", WIDE_U)]
    arrows += chain("spectral", "norm", *(f"encoder.{i}" for i in range(depth)))
    arrows += chain(f"encoder.{depth - 1}", *(f"decoder.{j}" for j in range(depth - 1)), "smooth", "out", "times")
    arrows += [Arrow(f"encoder.{i}", f"decoder.{depth - 1 - i}" if i else "smooth", label="skip path")
               for i in range(depth - 1)]
    return boxes, arrows


def draw_dccrn(network: nn.Module) -> Drawn:
    """The same U of complex layers, and a memory at its bottom."""
    boxes, arrows = u_ends("mask: tanh and angle, ×", "_apply(self.mask")
    depth, names = len(network.encoder), []
    for i in range(depth):
        title = "convolution, norm, PReLU"
        boxes.append(layer(f"encoder.{i}", LEFT, 2 + i, title, "y = level(y)", WIDE_U))
        up = layer(f"decoder.{i}", RIGHT, 1 + depth - i, "transposed, norm, PReLU" if i < depth - 1 else "transposed",
                   "level(_join(y, skips.pop()))", WIDE_U)
        boxes.append(up)
        arrows.append(Arrow(f"encoder.{depth - 1 - i}", f"decoder.{i}", label="skip path"))
    for i, x in enumerate((LEFT, CENTRE)[:len(network.lstm)]):
        boxes.append(layer(f"lstm.{i}", x, 2 + depth, "complex LSTM", "self.dense(self.lstm(z))", 200))
        names.append(f"lstm.{i}")
    boxes.append(layer("dense", RIGHT, 2 + depth, "complex linear", "self.dense(self.lstm(z))", 200))
    arrows += chain("spectral", *(f"encoder.{i}" for i in range(depth)), *names, "dense")
    return boxes, arrows + chain("dense", *(f"decoder.{i}" for i in range(depth)), "times")


def draw_demucs(network: nn.Module) -> Drawn:
    """The U of strided convolutions on samples, an LSTM along its bottom, and a sinc at both of its ends."""
    depth = len(network.encoder)
    boxes = [signal("noisy", LEFT, 0, "noisy"), signal("clean", RIGHT, 0, "estimate"),
             operation("up", LEFT, 1, f"{network.U} times the rate", "upsample2(x, self.sinc)", WIDE_U),
             operation("back", RIGHT, 1, "back to the rate", "downsample2(x, self.sinc)", WIDE_U),
             layer("lstm", CENTRE, 2 + depth, "LSTM", "self.lstm(x.transpose(1, 2))", 200)]
    arrows = []
    for i in range(depth):
        boxes.append(layer(f"encoder.{i}", LEFT, 2 + i, "strided, ReLU, 1 × 1, GLU", "x = down(x)", WIDE_U))
        rise = "1 × 1, GLU, transposed" + (", ReLU" if i < depth - 1 else "")
        boxes.append(layer(f"decoder.{i}", RIGHT, 1 + depth - i, rise, "up(x + skips.pop())", WIDE_U))
        arrows.append(Arrow(f"encoder.{depth - 1 - i}", f"decoder.{i}", label="skip path"))
    down, up = (tuple(f"{side}.{i}" for i in range(depth)) for side in ("encoder", "decoder"))
    return boxes, [*arrows, *chain("noisy", "up", *down, "lstm", *up, "back", "clean")]


def draw_conv_tasnet(network: nn.Module) -> Drawn:
    """On the left the network, on the right one of its blocks."""
    x, wide, right = 160, 230, 510
    depths = [block.depthwise.dilation[0] for block in network.blocks]
    starts = [i for i, d in enumerate(depths) if d == 1] + [len(depths)]
    repeats = [" ".join(f"blocks.{i}" for i in range(*pair)) for pair in zip(starts, starts[1:], strict=False)]
    boxes = [signal("noisy", x, 0, "noisy"), layer("encoder", x, 1, "learned transform", "self.encoder(x)", wide),
             layer("bottleneck", x, 2, "norm, convolution", "self.bottleneck(frames)", wide)]
    for at, (paths, pair) in enumerate(zip(repeats, zip(starts, starts[1:], strict=False), strict=True), 3):
        title = f"{pair[1] - pair[0]} blocks, dilation {depths[pair[0]]} … {depths[pair[1] - 1]}"
        boxes.append(layer(paths, x, at, title, "y, skip = block(y)", wide))
    end = 3 + len(repeats)
    boxes += [operation("total", x, end, "sum of all skip outputs", "total = total + skip", wide),
              layer("mask", x, end + 1, "PReLU, convolution, sigmoid", "self.mask(total)", wide),
              operation("times", x, end + 2, "×", "frames * self.mask", 60),
              layer("decoder", x, end + 3, "learned inverse", "self.decoder(", wide),
              signal("clean", x, end + 4, "estimate")]
    inside = [signal("in", right, 2, f"inside blocks.0, the first of {len(depths)}"),
              layer("blocks.0.widen", right, 3, "convolution, PReLU, norm", "self.widen(x)", 220),
              layer("blocks.0.depthwise", right, 4, "convolution along time", "self.depthwise(", 220),
              layer("blocks.0.activate", right, 5, "PReLU, norm", "self.activate(y)", 220),
              layer("blocks.0.residual", right - 92, 6, "convolution", "x + self.residual(y)", 172),
              layer("blocks.0.skip", right + 92, 6, "convolution", "self.skip(y)", 172),
              operation("sum", right - 92, 7, "+", "x + self.residual(y)", 60),
              signal("next", right - 92, 7.8, "to the next block"), signal("skip", right + 92, 7, "skip output")]
    names = [box.name for box in boxes]
    block = chain("in", "blocks.0.widen", "blocks.0.depthwise", "blocks.0.activate", "blocks.0.residual", "sum", "next")
    return boxes + inside, [*chain(*names), Arrow("encoder", "times", 20, ""), *block,
                            *chain("blocks.0.activate", "blocks.0.skip", "skip"), Arrow("in", "sum", 318)]


def draw_recurrent_mask(network: nn.Module) -> Drawn:
    """A gain and an angle for each bin of the noisy STFT."""
    x, wide = 240, 220
    boxes = [
        signal("noisy", x, 0, "noisy"), layer("spectral", x, 1, "STFT", "self.spectral(with", wide),
        layer("norm", x, 2, "magnitude to the power 0.3, norm", "self.norm(compress", 240),
        layer("enter", x, 3, "linear, ReLU", "self.enter(y)", wide),
        layer("lstm", x, 4, "LSTM", "self.mix(self.lstm(y)[0])", wide),
        layer("mix", x, 5, "linear", "self.mix(self.lstm(y)[0])", wide),
        operation("sum", x, 6, "+, ReLU", "self.mix(self.lstm(y)[0])", 90),
        layer("gain", 130, 7, "linear, sigmoid: gain", "self.gain(y)", 200),
        layer("angle", 350, 7, "linear, π tanh: angle", "self.angle(y)", 200),
        operation("polar", x, 8, "mask = gain · exp(j · angle)", "torch.polar(", 240),
        operation("times", x, 9, "×", "x * mask", 60),
        operation("inverse", x, 10, "inverse STFT", "self.spectral.inverse(", wide),
        signal("clean", x, 10.8, "estimate"),
    ]
    return boxes, [
        *chain("noisy", "spectral", "norm", "enter", "lstm", "mix", "sum"), Arrow("enter", "sum", 390),
        *(Arrow(*pair) for pair in (("sum", "gain"), ("sum", "angle"), ("gain", "polar"), ("angle", "polar"))),
        *chain("polar", "times", "inverse", "clean"), Arrow("spectral", "times", 14),
    ]


def draw_residual(network: nn.Module) -> Drawn:
    """Four rows of two blocks; around them the noisy frame's own path."""
    left, right, x, wide = 150, 420, 285, 240
    blocks = [layer(f"blocks.{i}", (left, right)[i % 2], 3 + i // 2, f"residual block {i + 1}", "self.blocks(", 230)
              for i in range(8)]
    names = [block.name for block in blocks]
    boxes = [
        signal("noisy", x, 0, "noisy"), layer("spectral", x, 1, "STFT", "self.spectral(with", wide),
        operation("log", x, 2, "log magnitude, 35 frames around each", "log_magnitude(magnitude)", 290), *blocks,
        layer("reduce", x, 7, "convolution", "self.head(F.relu(self.reduce", wide),
        layer("head", x, 8, "linear: the mask", "self.head(F.relu(self.reduce", wide),
        operation("sum", x, 9, "+", "(log + mask", 60),
        operation("inverse", x, 10, "exp, noisy phase, inverse STFT", "self.spectral.inverse(", 250),
        signal("clean", x, 10.8, "estimate"),
    ]
    return boxes, [*chain("noisy", "spectral"), Arrow("spectral", "log", label="201 × frames"),
                   *chain("log", *names, "reduce", "head", "sum", "inverse", "clean"), Arrow("log", "sum", 14)]


def draw_emgse(network: nn.Module) -> Drawn:
    """Two encoders side by side, a fusion layer, and what turns the latent into a spectrogram."""
    left, right, x, wide = 150, 430, 290, 240
    sound, face = "self.audio_encoder(", "self.emg_encoder("
    boxes = [
        signal("noisy", left, 0, "noisy log(1 + |Y|), scaled"), signal("emg", right, 0, "TD15 of 35 channels, scaled"),
        layer("audio_encoder.0", left, 1, "linear, ReLU", sound, wide),
        layer("emg_encoder.0", right, 1, "linear, ReLU, dropout", face, wide),
        layer("audio_encoder.2", left, 2, "linear, ReLU", sound, wide),
        layer("emg_encoder.3", right, 2, "linear, ReLU, dropout", face, wide),
        layer("fusion", x, 3, "fusion: linear, ReLU", "self.fusion(", wide),
        layer("blstm", x, 4, "BLSTM, two layers", "self.blstm(", wide),
        operation("sum", x, 5, "forwards + backwards", "forwards + backwards", 220),
        layer("out", x, 6, "linear, ReLU", "self.out(y)", wide),
        signal("clean", x, 6.8, "log(1 + |X|) of clean speech"),
    ]
    return boxes, [
        *chain("noisy", "audio_encoder.0", "audio_encoder.2", "fusion"),
        *chain("emg", "emg_encoder.0", "emg_encoder.3", "fusion"), *chain("fusion", "blstm", "sum", "out", "clean"),
    ]


def draw_cmgan(network: nn.Module) -> Drawn:
    """The encoder in a row, four rows of two conformers, then two decoders side by side."""
    left, right, x, wide = 185, 495, 340, 270
    pair = {"mask": left, "complex": right}
    boxes = [
        signal("noisy", x, 0, "noisy, RMS 1"),
        operation("compress", x, 1, "STFT, magnitude to the power 0.3", "compress(self.spectral(x)", 290),
        *(layer(f"encoder.{name}", at, 2, title, "self.halve(self.dense(", width) for name, at, title, width in (
            ("enter", 125, "convolution, norm, PReLU", 195), ("dense", 332, "dilated dense block", 195),
            ("halve", 560, "convolution, norm, PReLU", 236))),
    ]  # fmt: skip
    for k in range(len(network.blocks)):
        boxes += [layer(f"blocks.{k}.time", left, 3 + k, "conformer along time", "y + self.time(y)", 240),
                  layer(f"blocks.{k}.frequency", right, 3 + k, "… and along frequency", "y + self.frequency(y)", 240)]
    end = 3 + len(network.blocks)
    lines = {"mask": "self.scale(self.one(", "complex": "self.out(self.norm("}
    for side, at in pair.items():
        boxes += [layer(f"{side}.dense", at, end, "dilated dense block", lines[side], wide),
                  layer(f"{side}.rise", at, end + 1, "sub-pixel convolution", lines[side], wide)]
    boxes += [
        layer("mask.one", left, end + 2, "convolution, norm, PReLU", lines["mask"], wide),
        layer("complex.norm", right, end + 2, "norm, PReLU", lines["complex"], wide),
        layer("mask.scale mask.slopes", left, end + 3, "scale, a slope for each bin", "self.slopes(mask", wide),
        layer("complex.out", right, end + 3, "convolution", lines["complex"], wide),
        operation("times", left, end + 4, "× the noisy spectra", "self.mask(y) * x + added", 190),
        operation("sum", right, end + 4, "+", "self.mask(y) * x + added", 60),
        operation("expand", x, end + 5, "to the power 1/0.3, inverse STFT", "expand(spectra", 290),
        signal("clean", x, end + 5.8, "estimate"),
    ]
    stages = [f"blocks.{k}.{way}" for k in range(len(network.blocks)) for way in ("time", "frequency")]
    arrows = chain("noisy", "compress", "encoder.enter", "encoder.dense", "encoder.halve", *stages)
    arrows += [Arrow(stages[-1], f"{side}.dense") for side in pair]
    arrows += chain("mask.dense", "mask.rise", "mask.one", "mask.scale", "times", "sum", "expand", "clean")
    arrows += chain("complex.dense", "complex.rise", "complex.norm", "complex.out", "sum")
    return boxes, [*arrows, Arrow("compress", "times", 14, "")]


def _mamba_block() -> nn.Module:
    whole = build("msemg", backend="torch")
    return whole.ssm


EMG, SPEECH = ((1, 2000),), ((1, 16000),)
MSEMG_03, MSEMG_04 = "notebooks/msemg/03_networks_and_diffusion.md", "notebooks/msemg/04_state_spaces.md"
EMOTION_03 = "notebooks/emotion/03_the_enhancement_network.md"
SPEECH_04 = "notebooks/speech/04_masks_and_networks.md"
EMGSE_03 = "notebooks/emgse/03_network.md"
SPEECH_12 = "notebooks/speech/12_generative.md"
TRNET_02 = "notebooks/trnet/02_cmgan.md"
READ = "Square boxes hold parameters, round ones do not; "
EMG_SHAPES = "beside the arrows: channels × samples, for two seconds at 1 kHz."
SPEECH_SHAPES = "beside the arrows: sizes for one second at 16 kHz."

ARCHITECTURES = (
    Architecture(
        "fcn", MSEMG_03, "FCN", lambda: build("fcn"), EMG, ("FCN.forward",), draw_fcn,
        "Seven boxes in a column, an hourglass: three convolutions narrow it, four transposed convolutions widen "
        "it again.",
        "The FCN, a funnel and back: the wider a box, the more samples leave it. Nothing leads around the narrow "
        f"middle. {READ}{EMG_SHAPES}"),
    Architecture(
        "sdemg", MSEMG_03, "SDEMG", lambda: build("sdemg"), ((1, 2000), (1, 2000), (1,)), ("SDEMG.forward",),
        draw_sdemg,
        "Two columns of boxes of equal height. From each box of the left one an arrow leads through a bridge to the "
        "box beside it in the right one. The noise level feeds the bridges. The right column ends in a convolution.",
        "SDEMG: the diffused signal goes down on the left, the noisy one on the right. A bridge on each row carries "
        "what the left stream found to the right one, scaled and shifted by the noise level (the arrow to the first "
        f"bridge stands for all). {READ}{EMG_SHAPES}"),
    Architecture(
        "mamba", MSEMG_04, "The Mamba block inside MSEMG", _mamba_block, ((1, 64, 2000),),
        ("Mamba.forward", "MambaBlock.forward"), draw_mamba,
        "A norm and a linear layer, whose output goes two ways. One passes a causal convolution and a SiLU into the "
        "selective scan, and through two more linear layers decides the scan's B, C and step size. The other passes a "
        "SiLU and multiplies what the scan gives. A last linear layer follows; a path leads around everything.",
        "The Mamba block with its norm and its residual path. The three arrows into the scan all come from the same "
        f"input: this is what *selective* means. {READ}the scan's are $A$ and $D$."),
    Architecture(
        "hnf", MSEMG_04, "The HNF block", lambda: hnf.HNF(), ((1, 64, 2000),), ("HNF.forward", "HNF.resolve"),
        draw_hnf,
        "Four convolutions side by side, joined, and one convolution after them. Its channels part: one half is "
        "normalised, the other is not. Joined again they pass a last convolution; a path leads from the input around "
        "everything.",
        "An HNF block: four kernel lengths beside each other, and a norm for half of the channels only. "
        f"{READ}the instance norm has none here."),
    Architecture(
        "msemg", MSEMG_04, "MSEMG", lambda: build("msemg", backend="torch"), EMG, ("MSEMG.forward",), draw_msemg,
        "Five boxes in a column: a convolution, an HNF block, a Mamba block, an HNF block, a convolution.",
        "MSEMG: the whole network. Only the box in the middle has a memory; the convolutions around it see what is "
        f"near, and the norms inside HNF a mean and a variance. {READ}"
        f"{EMG_SHAPES}"),
    Architecture(
        "recurrent_mask", SPEECH_04, "Recurrent, masking", lambda: build("recurrent_mask"), SPEECH,
        ("RecurrentMasker.forward", "RecurrentMasker.features", "RecurrentMasker.masked"), draw_recurrent_mask,
        "A column: STFT, norm, linear layer, LSTM, linear layer with a path around both. Then two linear layers side "
        "by side, one for the gain and one for the angle, which make the mask. The mask multiplies the STFT, which "
        "comes along the left edge, and the inverse STFT follows.",
        "The recurrent masker. The path along the left carries the noisy spectra past the network, so that all it has "
        f"to say is what share of each bin to keep, and how far to turn it. {READ}{SPEECH_SHAPES}"),
    Architecture(
        "unet", SPEECH_04, "U-Net", lambda: build("unet"), SPEECH,
        ("UNet.forward", "UNet._features", "UNet._maps"), draw_unet,
        "Two columns. Down the left one go convolutions on ever coarser spectrograms, up the right one transposed "
        "convolutions on ever finer ones. Skip paths cross on each row. At the top the mask multiplies the STFT.",
        "The U-Net: read it down the left column and up the right one. What pooling loses on the way down comes back "
        f"along the skip paths. {READ}beside the arrows: channels × frames × bins, for one second at 16 kHz."),
    Architecture(
        "conv_tasnet", SPEECH_04, "Conv-TasNet", lambda: build("conv_tasnet"), SPEECH,
        ("ConvTasNet.forward", "Block.forward"), draw_conv_tasnet,
        "On the left a column: learned transform, bottleneck, three groups of eight blocks, the sum of their skip "
        "outputs, the mask, a multiplication with the transform's output, and the learned inverse. On the right one "
        "block: three layers, then two convolutions side by side, one for the next block and one for the sum.",
        "Conv-TasNet on the left, one of its blocks on the right. The path along the left edge is the transform's "
        f"output, which the mask multiplies. {READ}{SPEECH_SHAPES}"),
    Architecture(
        "dccrn", SPEECH_04, "DCCRN", lambda: build("dccrn"), SPEECH, ("DCCRN.forward", "DCCRN._remember"), draw_dccrn,
        "A U as the U-Net's, of complex convolutions, with skip paths on every row. At its bottom two complex LSTMs "
        "and a linear layer lead from the left column to the right one. At the top the mask multiplies the STFT.",
        "DCCRN: the U again, complex throughout, and along the bottom a memory from frame to frame. "
        f"{READ}beside the arrows: channels (real and imaginary) × bins × frames, for one second at 16 kHz."),
    Architecture(
        "demucs", SPEECH_12, "DEMUCS", lambda: build("demucs"), SPEECH,
        ("Demucs.forward", "Demucs.network"), draw_demucs,
        "A U of five strided convolutions down the left column and five transposed ones up the right one, with a skip "
        "path on each row, a resampling above each column, and an LSTM in the middle of the bottom.",
        "DEMUCS with the paper's 48 channels: the U-Net's form in one dimension. Each row has a fourth of the samples "
        f"of the one above, and twice the channels. {READ}{SPEECH_SHAPES}"),
    Architecture(
        "residual", EMOTION_03, "Residual enhancer", lambda: build("residual"), ((1, 1),),
        ("ResidualEnhancer.forward", "ResidualEnhancer.mask"), draw_residual,
        "A column: STFT, log magnitude of 35 frames, then eight residual blocks in four rows of two, a convolution, a "
        "linear layer. A path along the left edge leads the log magnitude around all of it to a sum at the bottom.",
        "The residual enhancer with the paper's 64 maps. Along the left edge the middle frame goes past everything, so "
        f"that the network only says what to add to it. {READ}beside the arrows: maps × frames × bins of one picture."),
    Architecture(
        "emgse", EMGSE_03, "EMGSE", lambda: build("emgse"), ((1, 40, 257 + 2 + 35 * 31 * 5),),
        ("EMGSE.forward", "EMGSE.latent"), draw_emgse,
        "Two columns of two linear layers each, sound on the left and EMG on the right, meet in a fusion layer. Below "
        "it a BLSTM, the sum of its two directions, and a last linear layer.",
        "EMGSE in the sizes of the authors' code. Until the fusion layer neither side knows of the other. "
        f"{READ}beside the arrows: numbers in a frame, or frames × numbers, for forty frames."),
    Architecture(
        "cmgan", TRNET_02, "CMGAN", lambda: build("cmgan"), ((1, 3200),),
        ("CMGAN.compressed", "CMGAN.enhanced", "CMGAN.sound", "Encoder.forward", "TwoStage.forward",
         "MaskDecoder.forward", "ComplexDecoder.forward"), draw_cmgan,
        "The compressed STFT enters a row of three: convolution, dense block, convolution. Four rows of two conformers "
        "follow, one along time and one along frequency. Then two columns: the mask decoder, whose output multiplies "
        "the noisy spectra that come along the left edge, and the complex decoder, whose output is added.",
        "CMGAN's generator. After four two-stage blocks two decoders part: one multiplies magnitudes, the other adds a "
        f"complex spectrum, which alone can turn a phase. {READ}beside the arrows: channels × frames × bins, or for a "
        "conformer steps × channels, for a fifth of a second at 16 kHz."),
)
