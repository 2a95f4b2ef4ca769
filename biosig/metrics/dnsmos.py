"""DNSMOS P.835: a listener's scores of speech, background and both, guessed without a reference.

Reddy, Gopal and Cutler, "DNSMOS P.835: A non-intrusive perceptual objective speech quality metric to evaluate
noise suppressors", ICASSP 2022. The networks come with the package ``speechmos`` (extra ``speech``),
which is asked for when first used.
"""

import numpy as np

from biosig.checks import as_signal
from biosig.metrics import optional
from biosig.metrics.clips import check_rates, not_silent

SCALES = {"ovrl": "ovrl_mos", "sig": "sig_mos", "bak": "bak_mos"}  # our names, and those of the package


def dnsmos(estimate: np.ndarray, fs: float = 16000) -> dict[str, np.ndarray]:
    """Predicted mean opinion scores (1 to 5) of overall quality, speech and background: ovrl, sig, bak.

    The networks hear 9.01 s: a shorter clip is repeated, over a longer one they slide by 1 s, averaged. A
    clip louder than full scale (±1) is brought to it; a quieter one is left as it is, since level counts.

    Args:
        estimate: shape (..., n).
        fs: 16000.

    Returns:
        {"ovrl": …, "sig": …, "bak": …}, each of shape (...).

    Raises:
        SignalError: another rate, or NaN.
        ClipError: silence.
        ConfigError: ``speechmos``, or what it imports, is not installed.
    """
    estimate, rate = as_signal(estimate, "estimate"), check_dnsmos_rate(fs)
    package = optional.load("speechmos", "dnsmos")
    values = {name: np.empty(estimate.shape[:-1]) for name in SCALES}
    for index in np.ndindex(estimate.shape[:-1]):
        clip = estimate[index]
        not_silent(clip, "estimate")
        found = package.run(clip / max(1.0, np.abs(clip).max()), rate)
        for name, key in SCALES.items():
            values[name][index] = found[key]
    return {name: value[()] for name, value in values.items()}


def check_dnsmos_rate(fs: float) -> int:
    """``fs`` if it is 16000, the rate of the networks, or SignalError."""
    return check_rates(fs, (16000,), "dnsmos")
