"""Players hold what they say, equally loud; plots keep their lines apart without colour."""

import base64
import html
import io
import re

import numpy as np
import pytest

from biosig.display import AUDIO_HZ, COLOURS, DASHES, LOUDNESS, equally_loud, mp3, player, row, style
from biosig.errors import ConfigError, SignalError

soundfile = pytest.importorskip("soundfile")
FS = 1000


def tone(hz: float, seconds: float = 2.0, height: float = 1.0) -> np.ndarray:
    return height * np.sin(2 * np.pi * hz * np.arange(round(seconds * FS)) / FS)


def heard(shown: str) -> list[tuple[np.ndarray, int]]:
    """What each player in a piece of HTML plays, decoded by soundfile."""
    sounds = re.findall(r"data:audio/mpeg;base64,([A-Za-z0-9+/=]+)", shown)
    return [soundfile.read(io.BytesIO(base64.b64decode(sound))) for sound in sounds]


def loudest_hz(sound: np.ndarray, rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(sound))) * rate / sound.size)


@pytest.mark.parametrize(("speed", "hz", "seconds"), [(1, 100, 2.0), (4, 400, 0.5)])
def test_a_player_plays_the_signal_at_its_speed(speed, hz, seconds):
    ((sound, rate),) = heard(player(tone(100), FS, "a tone", speed).html)
    assert rate == AUDIO_HZ
    assert sound.size / rate == pytest.approx(seconds, abs=0.15)  # MP3 comes in frames and pads its ends
    assert loudest_hz(sound, rate) == pytest.approx(hz, abs=3)


def test_loud_and_faint_signals_are_played_equally_loud():
    levels = [np.sqrt(np.square(sound[2000:-4000]).mean())
              for shown in (tone(150, height=1e-3), tone(220, height=500.0) + 40)
              for sound, _ in heard(player(shown, FS, "a tone").html)]
    assert levels == pytest.approx([LOUDNESS, LOUDNESS], rel=0.03)


def test_ends_are_faded_the_offset_is_gone_and_nothing_leaves_full_scale():
    sound = equally_loud(np.random.default_rng(0).standard_normal(16_000) + 5)
    assert abs(sound[0]) < 0.01 and abs(sound[-1]) < 0.01
    assert abs(sound.mean()) < 1e-3
    click = np.zeros(16_000)
    click[8000] = 1.0
    assert np.abs(equally_loud(click)).max() == 1.0


def test_ten_seconds_of_noise_are_small_enough_to_embed():
    assert len(mp3(np.random.default_rng(0).standard_normal(10 * FS), FS)) < 60_000


def test_the_caption_is_shown_and_labels_the_sound_safely():
    caption = 'muscle & "heart" <b>'
    shown = player(tone(100), FS, caption)
    assert f"<figcaption>{html.escape(caption)}</figcaption>" in shown._repr_html_()
    assert f'aria-label="{html.escape(caption)}"' in shown.html
    assert "base64" not in repr(shown)


def test_a_row_holds_all_its_players():
    shown = row(player(tone(100), FS, "low"), player(tone(300), FS, "high"))
    assert [round(loudest_hz(*each), -1) for each in heard(shown.html)] == [100, 300]
    assert shown.caption == "low; high"


@pytest.mark.parametrize(("signal", "fs", "caption", "speed", "kind", "sentence"), [
    (np.zeros(2000), FS, "nothing", 1, SignalError, "silent"),
    (np.full(2000, 3.3), FS, "a constant", 1, SignalError, "silent"),
    (np.ones((2, 2000)), FS, "stereo", 1, SignalError, "one channel"),
    (tone(100), 0, "no rate", 1, SignalError, "fs is 0"),
    (tone(100), FS, "no speed", -1, SignalError, "speed is -1"),
    (tone(100), FS, "  ", 1, ConfigError, "caption"),
])
def test_what_cannot_be_played_is_refused_in_one_sentence(signal, fs, caption, speed, kind, sentence):
    with pytest.raises(kind, match=sentence):
        player(signal, fs, caption, speed)


def test_lines_differ_in_lightness_or_dash_and_the_cycle_is_set():
    plt = pytest.importorskip("matplotlib.pyplot")
    with plt.rc_context():
        style()
        cycle = plt.rcParams["axes.prop_cycle"].by_key()
        assert plt.rcParams["figure.facecolor"] == "white"
    assert cycle["color"] == list(COLOURS) and cycle["linestyle"] == list(DASHES)
    assert len(set(map(str, DASHES))) == len(DASHES) == len(COLOURS)
