"""What pages show and play: one style for plots, and sound players at equal loudness, small enough to embed.

matplotlib comes with the ``book`` extra; it and soundfile are imported where they are used.
"""

import base64
import html
import io
from dataclasses import dataclass, field

import numpy as np

from biosig.checks import as_signal, check_rate
from biosig.errors import ConfigError, SignalError
from biosig.signal.filters import resample_fft

AUDIO_HZ = 16_000  # the lowest rate that every browser plays as MP3
LOUDNESS = 0.1  # RMS of every sound, -20 dB of full scale
FADE_S = 0.01  # so that a cut signal does not click
COMPRESSION = 0.3  # of soundfile, from 0, the largest files, to 1, the smallest; 10 s take 15 kB

# Dark to light and solid to dotted, so that lines are told apart in grey and by the colour-blind alike.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#8C8C8C", "#009E73")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))


@dataclass(frozen=True)
class Player:
    """Something a notebook shows as sound: it has ``_repr_html_``, and nothing else is needed to play it."""

    caption: str
    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


def player(signal: np.ndarray, fs: float, caption: str, speed: float = 1.0) -> Player:
    """A sound as an HTML player that holds its own MP3: no file beside the page, no network.

    Every player has the same RMS, so that two of them compare by what they hold and not by their level. Samples
    beyond full scale are clipped, which takes a peak of ten times the RMS.

    Args:
        signal: shape (n,), any units.
        fs: rate in Hz.
        caption: what is heard, as text; it labels the player for those who cannot see it.
        speed: play this many times as fast, and so as many times as high: 4 lifts an EMG of 20 to 400 Hz, which
            small loudspeakers hardly give, to 80 to 1600 Hz.

    Raises:
        SignalError: not one finite channel, silence, or a rate or speed that is not positive.
        ConfigError: no caption.
    """
    if not caption.strip():
        raise ConfigError("caption of the player is empty: expected a sentence that says what is heard.")
    told = html.escape(caption)
    address = "data:audio/mpeg;base64," + base64.b64encode(mp3(signal, fs, speed)).decode()
    sound = f'<audio controls preload="metadata" aria-label="{told}" style="width:100%" src="{address}"></audio>'
    style = "margin:0.4rem 0;flex:1 1 15rem;max-width:26rem"
    return Player(caption, f'<figure style="{style}"><figcaption>{told}</figcaption>{sound}</figure>')


def row(*players: Player) -> Player:
    """Players side by side, one below the other where the page is narrow."""
    inside = "".join(each.html for each in players)
    style = "display:flex;flex-wrap:wrap;gap:0.5rem 1.5rem"
    return Player("; ".join(each.caption for each in players), f'<div style="{style}">{inside}</div>')


def mp3(signal: np.ndarray, fs: float, speed: float = 1.0) -> bytes:
    """One channel (n,) as MP3 at 16 kHz and a fixed RMS; see :func:`player` for arguments and errors."""
    import soundfile

    rate = check_rate(fs) * check_rate(speed, name="speed")
    sound = equally_loud(resample_fft(as_signal(signal, mono=True), rate, AUDIO_HZ))
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, AUDIO_HZ, format="MP3", subtype="MPEG_LAYER_III", compression_level=COMPRESSION)
    return buffer.getvalue()


def equally_loud(sound: np.ndarray) -> np.ndarray:
    """(n,) at 16 kHz without its mean, at the RMS of all players, its ends faded, clipped to full scale.

    Raises:
        SignalError: silence, which nothing can make audible.
    """
    sound = sound - sound.mean()
    rms = np.sqrt(np.square(sound).mean())
    if rms <= 1e-12 * (1 + np.abs(sound).max()):
        raise SignalError("signal to play is silent: expected some power, to set its loudness.")
    fade = np.minimum(1, (1 + np.arange(sound.size)) / (FADE_S * AUDIO_HZ))
    return np.clip(sound * (LOUDNESS / rms) * fade * fade[::-1], -1, 1)


def style() -> None:
    """Set matplotlib up for the book: legible on a phone, in grey, and on a dark page (plots are white paper)."""
    import matplotlib.pyplot as plt

    lines = plt.cycler(color=COLOURS) + plt.cycler(linestyle=DASHES)
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 3.0),
            "figure.dpi": 150,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "font.size": 11.5,
            "axes.titlesize": 11.5,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": lines,
            "lines.linewidth": 1.2,
            "legend.frameon": False,
            "legend.handlelength": 2.6,
        }
    )
