"""PyTorch code of a design: a module that is the same network."""

from __future__ import annotations

from math import prod

from .code import checked, ends
from .plan import Plan, PlannedRow, groups_of
from .rows import Design

_FUNCTIONS = {
    "ReLU": "F.relu",
    "SiLU": "F.silu",
    "GELU": "F.gelu",
    "sigmoid": "torch.sigmoid",
    "tanh": "torch.tanh",
}

_MASKED = '''
class MaskedConv2d(nn.Conv2d):
    """A convolution whose kernel is zero from the centre on; type B keeps the centre itself."""

    def __init__(self, kind, *arguments, **options):
        super().__init__(*arguments, **options)
        size = self.kernel_size[0]
        order = torch.arange(size * size).reshape(size, size)
        self.register_buffer("mask", (order < size * size // 2 + (kind == "B")).float())

    def forward(self, x):
        weight = self.weight * self.mask
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation)
'''

_CHANNEL_NORM = '''
class ChannelNorm(nn.LayerNorm):
    """Normalises all channels of a cell together."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
'''

_ATTENTION = '''
class WindowAttention(nn.Module):
    """Attention within windows; shifted ones begin half a window earlier."""

    def __init__(self, channels, size, heads, shifted=False):
        super().__init__()
        self.size, self.heads, self.shifted = size, heads, shifted
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels, bias=False)
        self.out = nn.Linear(channels, channels, bias=False)

    def forward(self, x):
        size, axes = self.size, x.dim() - 2
        front, behind = size // 2, size - size // 2
        if self.shifted:
            x = F.pad(x, [front, behind] * axes)
        batch, channels, *extents = x.shape
        counts = [n // size for n in extents]
        split = [n for count in counts for n in (count, size)]
        outer = [2 + 2 * i for i in range(axes)]
        inner = [3 + 2 * i for i in range(axes)]
        x = x.reshape(batch, channels, *split).permute(0, *outer, *inner, 1)
        x = x.reshape(-1, size**axes, channels)

        def heads(y):
            return y.reshape(*y.shape[:2], self.heads, -1).transpose(1, 2)

        query, key, value = (heads(part(x)) for part in (self.query, self.key, self.value))
        x = F.scaled_dot_product_attention(query, key, value)
        x = self.out(x.transpose(1, 2).reshape(-1, size**axes, channels))
        x = x.reshape(batch, *counts, *[size] * axes, channels)
        back = [n for i in range(axes) for n in (1 + i, 1 + axes + i)]
        x = x.permute(0, 1 + 2 * axes, *back).reshape(batch, channels, *extents)
        if self.shifted:
            x = x[(..., *[slice(front, n - behind) for n in extents])]
        return x
'''


def to_pytorch(design: Design) -> str:
    """Write Python code that makes ``model``, its parts named as in the design.

    Raises ModelError for an invalid design.
    """
    worked = checked(design)
    axes = len(design.input) - 1
    kinds = {row.kind for row in design.rows}
    lines = ['"""Made with RF-Viz. The weights are random, not trained."""', "", "import torch"]
    lines += ["import torch.nn.functional as F", "from torch import nn", ""]
    for needed, text in (
        (any(kind.startswith("masked") for kind in kinds), _MASKED),
        ("layer normalisation" in kinds, _CHANNEL_NORM),
        (any(kind.endswith("window attention") for kind in kinds), _ATTENTION),
    ):
        if needed:
            lines += [*text.splitlines(), ""]
    parts, run = [], []
    for step in worked.steps.values():
        own_parts, own_run = _step(worked, step, axes)
        parts += own_parts
        run += own_run
    start, outputs = worked.name(0), ends(worked)
    lines += [
        "",
        "class Network(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
    ]
    lines += [f"        {line}" for line in parts]
    lines += ["", f"    def forward(self, {start}):"]
    lines += [f"        {line}" for line in run]
    lines += [f"        return {', '.join(outputs)}", "", "", "model = Network().eval()"]
    shape = ", ".join(map(str, (1, *design.input)))
    lines.append(f"example = torch.zeros({shape})")
    return "\n".join(lines) + "\n"


def _step(worked: Plan, step: PlannedRow, axes: int) -> tuple[list[str], list[str]]:
    """Write the lines that make a row's parts, and those that run them."""
    row, name, before = step.row, step.name, step.input_shape
    sources = [worked.name(source) for source in step.sources]
    x = sources[0]
    self = f"self.{name}"

    def part(code: str, first: list[str] | None = None, x: str = x) -> tuple[list[str], list[str]]:
        """The row as one part: its code, and the lines that run it after some that go first."""
        return [f"{self} = {code}"], [*(first or []), f"{name} = {self}({x})"]

    match row.kind:
        case "transposed convolution":
            code = f"nn.ConvTranspose{axes}d({before[0]}, {row.channels}, {row.kernel}, "
            front, behind = step.pads[0]
            if front == behind:
                return part(f"{code}stride={row.stride}, padding={front})")
            cut = ", ".join([f"{front}:-{behind}"] * axes)
            parts, run = part(f"{code}stride={row.stride})")
            return parts, [*run, f"{name} = {name}[..., {cut}]"]
        case "max pooling" | "average pooling":
            kind = "Max" if row.kind == "max pooling" else "Avg"
            fill = ', value=float("-inf")' if kind == "Max" else ""
            first, x, padding = _padded(step, x, fill, most=row.kernel // 2)
            code = f"nn.{kind}Pool{axes}d({row.kernel}, stride={row.stride}, padding={padding})"
            return part(code, first, x)
        case "global pooling":
            return [], [f"{name} = {x}.mean({tuple(range(2, 2 + axes))}, keepdim=True)"]
        case "nearest upsampling" | "bilinear upsampling":
            mode = row.kind.partition(" ")[0]
            return [], [f'{name} = F.interpolate({x}, scale_factor={row.stride}, mode="{mode}")']
        case "batch normalisation":
            return part(f"nn.BatchNorm{axes if len(before) > 1 else 1}d({before[0]})")
        case "layer normalisation":
            return part(f"ChannelNorm({before[0]})")
        case "add" | "multiply":
            sign = " + " if row.kind == "add" else " * "
            return [], [f"{name} = {sign.join(sources)}"]
        case "concatenate":
            return [], [f"{name} = torch.cat([{', '.join(sources)}], 1)"]
        case "squeeze-and-excite":
            inner = [
                f"{self} = nn.Sequential(",
                f"    nn.AdaptiveAvgPool{axes}d(1),",
                f"    nn.Conv{axes}d({before[0]}, {row.channels}, 1),",
                "    nn.ReLU(),",
                f"    nn.Conv{axes}d({row.channels}, {before[0]}, 1),",
                "    nn.Sigmoid(),",
                ")",
            ]
            return inner, [f"{name} = {x} * {self}({x})"]
        case "window attention" | "shifted window attention":
            shifted = ", shifted=True" if row.kind.startswith("shifted") else ""
            return part(f"WindowAttention({before[0]}, {row.kernel}, {row.groups}{shifted})")
        case "dense":
            flat = f"{x}.flatten(1)" if len(before) > 1 else x
            return part(f"nn.Linear({prod(before)}, {row.channels})", x=flat)
        case kind if kind in _FUNCTIONS:
            return [], [f"{name} = {_FUNCTIONS[kind]}({x})"]
    return part(*_convolution(step, x, axes))


def _convolution(step: PlannedRow, x: str, axes: int) -> tuple[str, list[str], str]:
    """The code of a convolution, the lines that go before it, and what it is run on."""
    row, channels = step.row, step.input_shape[0]
    before, x, padding = _padded(step, x, "")
    options = [f"padding={padding}"] if padding else []
    if row.stride > 1:
        options.append(f"stride={row.stride}")
    if row.dilation > 1:
        options.append(f"dilation={row.dilation}")
    groups = groups_of(row, channels)
    if groups > 1:
        options.append(f"groups={groups}")
    masked = row.kind.startswith("masked")
    start = f'MaskedConv2d("{row.kind[-1]}", ' if masked else f"nn.Conv{axes}d("
    numbers = [str(n) for n in (channels, step.shape[0], row.kernel)]
    return f"{start}{', '.join([*numbers, *options])})", before, x


def _padded(
    step: PlannedRow, x: str, fill: str, most: int | None = None
) -> tuple[list[str], str, int | tuple[int, ...]]:
    """Lines that pad first, where PyTorch's layer cannot, their output, and the layer's padding."""
    fronts = tuple(front for front, _ in step.pads)
    even = all(front == behind for front, behind in step.pads)
    if even and (most is None or max(fronts) <= most):
        return [], x, fronts[0] if len(set(fronts)) == 1 else fronts
    padded = f"{step.name}_padded"
    widths = [n for pads in reversed(step.pads) for n in pads]
    return [f"{padded} = F.pad({x}, {widths}{fill})"], padded, 0
