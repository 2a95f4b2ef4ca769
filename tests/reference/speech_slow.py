"""The speech chapter's definitions once more, in plain loops that share no line with the package."""

import cmath
import math


def stft(x, n_fft, hop, window):
    """Frames centred on multiples of the hop, transformed by the definition of the DFT; rows are frames."""
    half = len(window) // 2
    rows, centre = [], 0
    while True:
        frame = [window[i] * (x[centre + i - half] if 0 <= centre + i - half < len(x) else 0.0)
                 for i in range(len(window))]
        rows.append([sum(v * cmath.exp(-2j * math.pi * k * i / n_fft) for i, v in enumerate(frame))
                     for k in range(n_fft // 2 + 1)])
        if centre >= len(x):
            return rows
        centre += hop
