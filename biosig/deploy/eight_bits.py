"""Weights in eight bits, with a scale for every row: what C and the browser carry."""

import numpy as np

from biosig.deploy.arrays import Arrays

MOST = 127


def rounded(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix (rows, columns) as int8 of the same shape, and the scale of each row: W ≈ scale · W8.

    The largest value of a row becomes ±127, so the error of a weight is at most half a step of its own row.
    """
    largest = np.abs(weight).max(axis=1, keepdims=True)
    scale = np.where(largest > 0, largest / MOST, 1).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale[:, 0]


def with_eight_bits(arrays: Arrays) -> Arrays:
    """The same arrays with every trained matrix as its eight bits say: what C and the browser compute with."""
    found = dict(arrays)
    for name in matrices(arrays):
        values, scale = rounded(arrays[name])
        found[name] = values.astype(np.float32) * scale[:, None]
    return found


def matrices(arrays: Arrays) -> list[str]:
    """The names of the trained matrices."""
    return [name for name, values in arrays.items() if values.ndim == 2 and name != "bands"]


def sparse_bands(bands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (K, F) as two numbers a bin: the lower of its two bands, uint8 (F,), and that band's share, (F,)."""
    lower = (bands > 0).argmax(axis=0)
    return lower.astype(np.uint8), bands[lower, np.arange(bands.shape[1])].astype(np.float32)
