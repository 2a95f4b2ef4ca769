"""A light mask on a web page that works without a network: plain JavaScript, and the trained numbers in the page."""

import base64
import json
from importlib import resources
from pathlib import Path

import numpy as np

from biosig.checks import as_signal
from biosig.deploy.arrays import light_arrays
from biosig.deploy.eight_bits import matrices, rounded, sparse_bands
from biosig.files import write_text
from biosig.models.light_mask import LightMasker
from biosig.models.networks import count_parameters

CODE, PAGE = "light_mask.js", "demo.html"


def write_demo(network: LightMasker, example: np.ndarray, credit: str, file: Path) -> Path:
    """Write the page: one HTML file that holds all that it needs.

    Args:
        network: a trained light mask.
        example: noisy speech at 16 kHz, (n,), full scale ±1.
        credit: what the example is, and whose.
        file: where to.
    """
    samples = np.clip(np.rint(as_signal(example, mono=True) * 32767), -32768, 32767).astype("<i2")
    parts = {
        "PARAMETERS": f"{count_parameters(network):,}",
        "CREDIT": credit,
        "CODE": text_of(CODE),
        "MODEL": json.dumps(model(network)),
        "EXAMPLE": encoded(samples),
    }
    page = text_of(PAGE)
    for name, text in parts.items():
        page = page.replace(f"@{name}@", text)
    write_text(file, page)
    return file


def model(network: LightMasker) -> dict:
    """Sizes, bands and trained numbers, as JSON can hold them."""
    arrays = light_arrays(network)
    band, share = sparse_bands(arrays["bands"])
    short = {name: name.replace("_w", "_", 1) + "w" if "gru" in name else name for name in matrices(arrays)}
    return {
        "units": network.gru.hidden_size,
        "layers": network.gru.num_layers,
        "bands": len(arrays["bands"]),
        "band": band.tolist(),
        "share": share.astype(float).tolist(),
        "matrices": {short[name]: matrix(arrays[name]) for name in short},
        "vectors": {
            name.replace("_b", "_", 1) + "b" if "gru" in name else name: encoded(values)
            for name, values in arrays.items()
            if values.ndim == 1 and name != "window"
        },
    }


def matrix(weight: np.ndarray) -> dict:
    """A matrix in eight bits, with a scale for each row."""
    values, scale = rounded(weight)
    return {"columns": weight.shape[1], "values": encoded(values), "scale": encoded(scale)}


def encoded(values: np.ndarray) -> str:
    """An array's bytes as base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def text_of(name: str) -> str:
    """One of the texts that lie beside this module."""
    return resources.files("biosig.deploy").joinpath(name).read_text(encoding="utf-8")
