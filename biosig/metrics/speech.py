"""Every measure of enhanced speech by name, each saying which variant it is and which package computed it.

    score_speech(clean, estimate, 16000)                      all that compare with a clean reference
    score_speech(clean, estimate, 16000, ("pesq_wb", "stoi"))
    score_speech(None, estimate, 16000, BLIND)                DNSMOS, without a reference
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from biosig.checks import as_signal, check_rate, same_shape
from biosig.errors import ConfigError, SignalError
from biosig.metrics import distortion, intelligibility, optional, quality
from biosig.metrics.clips import not_silent
from biosig.metrics.delay import MAX_DELAY_S, align
from biosig.metrics.dnsmos import check_dnsmos_rate, dnsmos
from biosig.metrics.scores import ClipError, Score
from biosig.metrics.waveform import snr

DELAY = "delay_ms"


@dataclass(frozen=True)
class Clip:
    """One output beside its reference, aligned; what two measures share is computed once."""

    clean: np.ndarray | None
    estimate: np.ndarray
    fs: float
    whole: np.ndarray  # the estimate before alignment cut it

    @functools.cached_property
    def pesq_nb(self) -> float:
        return quality.pesq_nb(self.clean, self.estimate, self.fs)

    @property
    def pesq_raw(self) -> float:
        return quality.raw_from_lqo(self.pesq_nb)

    @functools.cached_property
    def dnsmos(self) -> dict[str, float]:
        return dnsmos(self.whole, self.fs)


@dataclass(frozen=True)
class Measure:
    """How a named value is computed, and what its name stands for."""

    value: Callable[[Clip], float]
    variant: str
    package: str = ""
    check_rate: Callable[[float], object] = check_rate
    blind: bool = False

    @property
    def version(self) -> str:
        """The variant, and the package with its version: what tells two values of one name apart."""
        by = f"; {self.package} {optional.installed_version(self.package)}" if self.package else ""
        return f"1; {self.variant}{by}"


def _compared(function: Callable, variant: str, package: str = "", rate: Callable = check_rate) -> Measure:
    """A measure that needs nothing but the clean signal, the estimate and the rate."""

    def value(clip: Clip) -> float:
        not_silent(clip.clean, "clean")
        return function(clip.clean, clip.estimate, clip.fs)

    return Measure(value, variant, package, rate)


def _dnsmos(scale: str, what: str) -> Measure:
    variant = f"DNSMOS P.835 {what}, no reference"
    return Measure(lambda clip: clip.dnsmos[scale], variant, "speechmos", check_dnsmos_rate, blind=True)


WIDE, NARROW = (functools.partial(quality.check_pesq_rate, mode=mode) for mode in ("wb", "nb"))
WHOLE_RATE = intelligibility.check_stoi_rate

MEASURES = {
    "pesq_wb": _compared(quality.pesq_wb, "MOS-LQO wide band (P.862.2)", "pesq", WIDE),
    "pesq_nb": Measure(lambda clip: clip.pesq_nb, "MOS-LQO narrow band (P.862.1)", "pesq", NARROW),
    "pesq_raw": Measure(lambda clip: clip.pesq_raw, "raw P.862, from narrow-band MOS-LQO", "pesq", NARROW),
    "stoi": _compared(intelligibility.stoi, "STOI (Taal 2011)", "pystoi", WHOLE_RATE),
    "estoi": _compared(intelligibility.estoi, "extended STOI (Jensen 2016)", "pystoi", WHOLE_RATE),
    "si_sdr_db": _compared(lambda c, e, _: distortion.si_sdr(c, e), "whole clip, no mean removed"),
    "snr_db": _compared(lambda c, e, _: snr(c, e), "whole clip, no scaling"),
    "seg_snr_db": _compared(distortion.segmental_snr, distortion.SEGMENTAL_SNR),
    "lsd_db": _compared(distortion.log_spectral_distance, distortion.LOG_SPECTRAL_DISTANCE),
    "dnsmos_ovrl": _dnsmos("ovrl", "overall"),
    "dnsmos_sig": _dnsmos("sig", "speech"),
    "dnsmos_bak": _dnsmos("bak", "background"),
}
INTRUSIVE = tuple(name for name, measure in MEASURES.items() if not measure.blind)
BLIND = tuple(name for name, measure in MEASURES.items() if measure.blind)
ALIGNED = "1; first differences cross-correlated, within ±{:g} ms, positive: the estimate is late"


def score_speech(
    clean: np.ndarray | None,
    estimate: np.ndarray,
    fs: float,
    metrics: Sequence[str] = INTRUSIVE,
    max_delay_s: float = MAX_DELAY_S,
) -> list[Score]:
    """The named measures of one output, in that order, and last the delay that was removed (``delay_ms``).

    A clip that a measure has no value for (silent, too short, perfect, …) gets NaN with the reason.

    Args:
        clean: shape (n,); None where only measures in BLIND are asked for.
        estimate: shape (n,).
        fs: rate in Hz.
        metrics: names in MEASURES.
        max_delay_s: the system's own delay is looked for within ± so many seconds and removed before anything
            is compared; 0 leaves the signals as they are and no delay is reported. DNSMOS hears all of it.

    Raises:
        SignalError: several channels, NaN, mismatched lengths, a rate that a measure does not know.
        ConfigError: an unknown measure, or a package that is not installed.
    """
    metrics = check_metrics(metrics, fs)
    clip, delay = _clip(clean, estimate, fs, metrics, max_delay_s)
    scores = [_score(name, clip) for name in metrics]
    return scores if delay is None else [*scores, delay]


def check_metrics(metrics: Sequence[str], fs: float | None = None) -> tuple[str, ...]:
    """The names, each once, after checking that they exist, can be computed here, and know the rate.

    Raises:
        ConfigError: none, an unknown one, or one whose package is not installed.
        SignalError: a rate that a measure does not know.
    """
    names = tuple(dict.fromkeys([metrics] if isinstance(metrics, str) else metrics))
    unknown = [name for name in names if name not in MEASURES]
    if unknown or not names:
        found = f"metric {unknown[0]!r} is unknown" if unknown else "no metric is named"
        raise ConfigError(f"{found}: expected some of {', '.join(MEASURES)}.")
    for name in names:
        measure = MEASURES[name]
        if measure.package:
            optional.load(measure.package, "dnsmos" if measure.blind else "")
        if fs is not None:
            measure.check_rate(fs)
    return names


def version(metric: str) -> str:
    """The version string that scores of this metric carry here."""
    return MEASURES[check_metrics(metric)[0]].version


def _clip(
    clean: np.ndarray | None, estimate: np.ndarray, fs: float, metrics: Sequence[str], max_delay_s: float
) -> tuple[Clip, Score | None]:
    """The checked and aligned pair, and the delay that was removed (None where none was looked for)."""
    estimate = as_signal(estimate, "estimate", mono=True)
    if clean is None:
        compared = [name for name in metrics if not MEASURES[name].blind]
        if compared:
            raise SignalError(f"clean is missing: expected a reference signal for {', '.join(compared)}.")
        return Clip(None, estimate, fs, estimate), None
    clean = as_signal(clean, "clean", mono=True)
    same_shape(clean, estimate, "clean", "estimate")
    if not max_delay_s:
        return Clip(clean, estimate, fs, estimate), None
    *aligned, delay = align(clean, estimate, fs, max_delay_s)
    reported = Score(DELAY, ALIGNED.format(1000 * max_delay_s), 1000 * delay / fs)
    return Clip(*aligned, fs, estimate), reported


def _score(name: str, clip: Clip) -> Score:
    """One value, or NaN and why there is none."""
    try:
        value, reason = float(MEASURES[name].value(clip)), ""
    except ClipError as error:
        value, reason = np.nan, error.reason
    if np.isinf(value):  # which a table of averages cannot hold
        value, reason = np.nan, "perfect" if value > 0 else "nothing of the clean signal"
    elif np.isnan(value) and not reason:
        reason = "no number"
    return Score(name, MEASURES[name].version, value, reason)
