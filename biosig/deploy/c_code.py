"""A light mask as C: one source file that stays as it is, and a header with the trained numbers in eight bits."""

from importlib import resources
from pathlib import Path

import numpy as np

from biosig.deploy.arrays import light_arrays
from biosig.deploy.eight_bits import rounded, sparse_bands
from biosig.files import write_text
from biosig.models.light_mask import LightMasker

SOURCE, HEADER = "light_mask.c", "light_mask_weights.h"
TYPES = {"i": "int8_t", "u": "uint8_t", "f": "float"}
PER_LINE = 24


def write_c(network: LightMasker, folder: Path) -> Path:
    """Write ``light_mask.c`` and ``light_mask_weights.h`` into a folder; gives the path of the source."""
    write_text(folder / HEADER, header(network))
    write_text(folder / SOURCE, resources.files("biosig.deploy").joinpath(SOURCE).read_text())
    return folder / SOURCE


def header(network: LightMasker) -> str:
    """The trained numbers, sizes and bands of a network as a C header."""
    arrays = light_arrays(network)
    band, share = sparse_bands(arrays["bands"])
    layers, units = network.gru.num_layers, network.gru.hidden_size
    lines = [
        "/* Trained numbers of a light mask, written by biosig.deploy.c_code: 8 bits, a scale for each row. */",
        f"enum {{ BANDS = {len(arrays['bands'])}, UNITS = {units}, LAYERS = {layers} }};",
        declared("BAND", band),
        declared("SHARE", share),
    ]
    for name in ("enter", "gain"):
        lines += matrix(f"{name.upper()}_W", arrays[f"{name}_w"][None], single=True)
        lines.append(declared(f"{name.upper()}_B", arrays[f"{name}_b"]))
    for short in ("wi", "wh"):
        lines += matrix(f"GRU_{short.upper()}", np.stack([arrays[f"gru{layer}_{short}"] for layer in range(layers)]))
    for short in ("bi", "bh"):
        both = np.stack([arrays[f"gru{layer}_{short}"] for layer in range(layers)])
        lines.append(declared(f"GRU_{short.upper()}", both))
    return "\n".join(lines) + "\n"


def matrix(name: str, weights: np.ndarray, single: bool = False) -> list[str]:
    """Matrices (layers, rows, columns) as eight bits and scales; ``single``: without the layers' axis."""
    values, scales = (np.stack(each) for each in zip(*(rounded(weight) for weight in weights), strict=True))
    values = values.reshape(len(values), -1)
    values, scales = (values[0], scales[0]) if single else (values, scales)
    return [declared(name, values), declared(f"{name}_SCALE", scales)]


def declared(name: str, values: np.ndarray) -> str:
    """A constant array of one or two axes."""
    sizes = "".join(f"[{size}]" for size in values.shape)
    rows = [values] if values.ndim == 1 else values
    body = ",\n".join(listed(row) for row in rows)
    body = body if values.ndim == 1 else f"{{\n{body}\n}}"
    return f"static const {TYPES[values.dtype.kind]} {name}{sizes} = {body};"


def listed(row: np.ndarray) -> str:
    """A row's numbers in braces, some to a line."""
    words = [f"{value:.8e}f" for value in row] if row.dtype.kind == "f" else [str(value) for value in row]
    lines = [",".join(words[at : at + PER_LINE]) for at in range(0, len(words), PER_LINE)]
    return "{" + ",\n".join(lines) + "}"
