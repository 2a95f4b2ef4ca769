import numpy as np
import pytest

from biosig.backends import features as backend
from biosig.cache import ArrayCache
from biosig.errors import ConfigError, SignalError
from biosig.signal.types import Recording

opensmile = pytest.importorskip("opensmile")
FS = 16_000


def voice(seconds=1.0, seed=0):
    """Synthetic: harmonics of a gliding pitch, in syllables."""
    t = np.arange(round(seconds * FS)) / FS
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 2 * t)) / FS
    tone = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
    return 0.2 * tone + 1e-3 * np.random.default_rng(seed).standard_normal(t.size)


@pytest.mark.parametrize(("name", "size"), [("compare", 6373), ("egemaps", 88)])
def test_the_numbers_are_those_of_the_official_package(name, size, tmp_path):
    import soundfile

    signal = np.round(voice() * 32768) / 32768
    soundfile.write(tmp_path / "voice.wav", signal, FS, subtype="PCM_16")
    official = opensmile.Smile(opensmile.FeatureSet[backend.SETS[name][0]], opensmile.FeatureLevel.Functionals)
    expected = official.process_file(tmp_path / "voice.wav").to_numpy()[0]
    found = backend.features(signal, FS, name)
    assert found.shape == (size,)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_nothing_wraps_or_clips_on_the_way_into_opensmile():
    signal = voice()
    loud = signal / np.abs(signal).max()  # the peak is exactly 1.0, which as int16 would be -1.0
    ready = backend.prepared(loud, FS)
    assert np.abs(ready).max() <= 32767 / 32768
    assert np.round(ready * 32768).astype(np.int64).max() <= 32767
    # scaled as a whole, and not clipped: what is louder still has the same features as what just fits
    just, louder = (backend.features(signal / np.abs(signal).max() * peak, FS, "egemaps") for peak in (0.9999, 40.0))
    np.testing.assert_allclose(louder, just, rtol=0.02, atol=0.02)


def test_a_sample_of_full_scale_does_wrap_without_it():
    """The trap that :func:`prepared` is for: the same sound a hair below full scale has other features."""
    loud = np.clip(5 * voice(), -1, 1)
    just = backend.prepared(loud, FS)
    raw, ready = (backend._extracted(signal.astype(np.float32), "egemaps") for signal in (loud, just))
    assert np.abs(loud - just).max() < 1e-4
    assert np.abs(raw - ready).max() > 10


def test_a_second_call_comes_from_the_cache(tmp_path, monkeypatch):
    cache = ArrayCache(tmp_path)
    first = backend.features(voice(), FS, "egemaps", cache)
    monkeypatch.setattr(backend, "_extracted", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(backend.features(voice(), FS, "egemaps", cache), first)


def recordings(n=3, **changes):
    return [Recording(voice(0.3 + 0.1 * k, k), FS, "full scale", f"made/{k}", "no one", **changes) for k in range(n)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_features_of_many_are_those_of_each_in_their_order(tmp_path, monkeypatch, jobs):
    utterances, cache = recordings(), ArrayCache(tmp_path)
    expected = [backend.features(each.signal, FS, "egemaps") for each in utterances]
    backend.features(utterances[1].signal, FS, "egemaps", cache)
    asked, of_one = [], backend._of_one
    if jobs == 1:  # what another process does cannot be watched from here
        monkeypatch.setattr(backend, "_of_one", lambda each, **more: asked.append(each.item) or of_one(each, **more))
    found = backend.features_of(utterances, "egemaps", cache, jobs=jobs, progress=False)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32 and asked == ["made/0", "made/2"] * (jobs == 1)
    monkeypatch.setattr(backend, "_of_one", lambda *_, **__: pytest.fail("computed again"))
    np.testing.assert_array_equal(backend.features_of(utterances, "egemaps", cache, jobs=jobs), expected)


def test_no_utterances_have_no_features():
    assert backend.features_of([], "compare").shape == (0, 6373)


@pytest.mark.parametrize(
    ("change", "jobs", "words"),
    [
        ({"signal": np.zeros(FS)}, 1, "made/2: the utterance is silent"),
        ({"signal": voice(0.05)}, 1, "made/2: the utterance has 800 samples"),
        ({"fs": 8000}, 1, "made/2: .*expected 16000 Hz"),
        ({}, 0, "jobs is 0"),
    ],
)
def test_one_that_has_none_is_named_before_work_starts(monkeypatch, change, jobs, words):
    from dataclasses import replace

    monkeypatch.setattr(backend, "_extracted", lambda *_: pytest.fail("work started"))
    *good, last = recordings()
    with pytest.raises((SignalError, ConfigError), match=words):
        backend.features_of([*good, replace(last, **change)], "egemaps", jobs=jobs)


@pytest.mark.parametrize(
    ("signal", "fs", "which", "words"),
    [
        (np.zeros(FS), FS, "egemaps", "is silent"),
        (voice(0.05), FS, "egemaps", "has 800 samples: expected 0.1 s"),
        (voice(), 8000, "egemaps", "expected 16000 Hz"),
        (np.full(FS, np.nan), FS, "egemaps", "NaN"),
        (np.ones((2, FS)), FS, "egemaps", "one channel"),
        (voice(), FS, "mfcc", "no feature set 'mfcc'"),
    ],
)
def test_what_has_no_features(signal, fs, which, words):
    with pytest.raises((SignalError, ConfigError), match=words):
        backend.features(signal, fs, which)
