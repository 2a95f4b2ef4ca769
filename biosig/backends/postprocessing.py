"""The four steps after the network: median filter, centring, scaling and time shift, each chosen on validation.

As Trigeorgis et al., Adieu features?, ICASSP 2016, report them and Triantafyllopoulos et al., Interspeech 2019, took
them over: in this order, each kept only where it raises the CCC of the validation set. What they leave open is chosen
here: windows in steps of 0.4 s, each an odd number of frames; the ends of a trace are repeated outwards; bias and
deviations are those of all validation frames together; scaling turns about the prediction's mean, so that it undoes no
centring; the shift delays the prediction, because raters answer late. One step at a time is no joint optimum: a strong
filter may be kept for what a shift would have done better. No public code of these steps is known to us, so there is
no second version.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import median_filter

from biosig.errors import SignalError
from biosig.metrics.emotion import ccc

STEP_S = 0.04  # between two values
MEDIANS_S = tuple(0.4 * k for k in range(1, 51))  # 0.4 to 20 s
SHIFTS = tuple(range(1, 251))  # frames: 0.04 to 10 s

Traces = Sequence[np.ndarray]


@dataclass(frozen=True)
class PostProcessing:
    """What was chosen; called with one prediction (n,) → (n,). It holds constants alone, so no trace sees another.

    Attributes:
        median: frames of the median filter, odd; 1 does nothing.
        bias: what is subtracted.
        centre, ratio: values move away from the centre by this ratio.
        shift: frames by which the trace is delayed; its first value fills the gap.
    """

    median: int = 1
    bias: float = 0.0
    centre: float = 0.0
    ratio: float = 1.0
    shift: int = 0

    def __call__(self, trace: np.ndarray) -> np.ndarray:
        trace = np.asarray(trace, dtype=float)
        if self.median > 1:
            trace = median_filter(trace, self.median, mode="nearest")
        return delayed(self.centre + self.ratio * (trace - self.bias - self.centre), self.shift)


def delayed(trace: np.ndarray, frames: int) -> np.ndarray:
    """The trace ``frames`` later, of the same length: its first value stands in front, its last ones are lost."""
    return np.concatenate([np.full(min(frames, trace.size), trace[0]), trace[: max(0, trace.size - frames)]])


def choose(predicted: Traces, truth: Traces) -> PostProcessing:
    """The steps that raise the CCC over all frames of the validation set, tried in order, each on top of the last.

    Args:
        predicted, truth: one trace a session, (n,) each; validation sessions, and nothing else.

    Raises:
        SignalError: no sessions, unequal numbers or lengths, or values that are not finite.
    """
    truth = [np.asarray(trace, dtype=float) for trace in truth]
    predicted = [np.asarray(trace, dtype=float) for trace in predicted]
    if len(predicted) != len(truth) or not truth:
        raise SignalError(f"{len(predicted)} predictions and {len(truth)} truths: expected as many of both, not 0.")
    if any(p.shape != t.shape or p.ndim != 1 or not p.size for p, t in zip(predicted, truth, strict=True)):
        raise SignalError("a prediction is not as long as its truth: expected traces (n,) of one length.")
    chosen = PostProcessing()
    for candidates in (_medians, _centring, _scaling, _shifts):
        chosen = _better(chosen, candidates(chosen, predicted, truth), predicted, truth)
    return chosen


def _medians(so_far: PostProcessing, predicted: Traces, truth: Traces) -> list[PostProcessing]:
    return [replace(so_far, median=2 * round(seconds / STEP_S / 2) + 1) for seconds in MEDIANS_S]


def _centring(so_far: PostProcessing, predicted: Traces, truth: Traces) -> list[PostProcessing]:
    return [replace(so_far, bias=float(_joined(so_far, predicted).mean() - np.concatenate(truth).mean()))]


def _scaling(so_far: PostProcessing, predicted: Traces, truth: Traces) -> list[PostProcessing]:
    values = _joined(so_far, predicted)
    if values.std() == 0:
        return []
    return [replace(so_far, centre=float(values.mean()), ratio=float(np.concatenate(truth).std() / values.std()))]


def _shifts(so_far: PostProcessing, predicted: Traces, truth: Traces) -> list[PostProcessing]:
    shortest = min(trace.size for trace in truth)
    return [replace(so_far, shift=frames) for frames in SHIFTS if frames < shortest]


def _better(
    so_far: PostProcessing, candidates: list[PostProcessing], predicted: Traces, truth: Traces
) -> PostProcessing:
    """The best of the candidates if it is better than what there is, the first among equals; else what there is."""
    whole = np.concatenate(truth)
    return max([so_far, *candidates], key=lambda steps: ccc(whole, _joined(steps, predicted)))


def _joined(steps: PostProcessing, predicted: Traces) -> np.ndarray:
    return np.concatenate([steps(trace) for trace in predicted])
