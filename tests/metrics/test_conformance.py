"""The conformance kit: ours passes, a wrong variant fails, and the answers are not ours alone."""

import sys

import numpy as np
import pytest
from reference import emg_slow, speech_measures

from biosig.cli import main
from biosig.errors import ConfigError
from biosig.metrics import conformance, emg, speech


def test_every_measure_has_known_answers_with_variant_and_tolerance():
    offered = set(speech.MEASURES) | set(emg.VERSIONS) | {"r_peak_energy_ratio_db"}
    assert set(conformance.metrics()) == offered
    assert all(v.variant and v.source and v.tolerance > 0 and np.isfinite(v.expected) for v in conformance.vectors())


@pytest.mark.parametrize("metric", [m for m in conformance.metrics() if not m.startswith("dnsmos")])
def test_ours_passes(metric):
    found = list(conformance.conform(lambda *given, **others: conformance.ours(metric, *given, **others), metric))
    assert found and [o.verdict for o in found if o.verdict != "not offered"] == ["pass"] * len(found)


@pytest.mark.parametrize(("metric", "slow"), [("si_sdr_db", speech_measures.si_sdr), ("snr_db", emg_slow.snr)])
def test_answers_are_those_of_a_slow_loop(metric, slow):
    assert all(o.verdict == "pass" for o in conformance.conform(lambda c, e, fs: slow(c, e), metric))


def test_another_variant_fails_and_an_exception_is_an_outcome():
    def of_amplitudes(clean, estimate, fs):
        return 20 * np.log10(np.mean(np.abs(clean)) / np.mean(np.abs(estimate - clean))) + 1

    assert {o.verdict for o in conformance.conform(of_amplitudes, "snr_db")} == {"FAIL"}
    outcome = next(conformance.conform(lambda *_: 1 / 0, "snr_db"))
    assert (outcome.verdict, outcome.reason) == ("FAIL", "ZeroDivisionError: division by zero")
    assert {o.verdict for o in conformance.conform(lambda *_: float("nan"), "rmse")} == {"FAIL"}


def test_what_is_not_offered_is_not_a_failure():
    outcomes = list(conformance.conform(lambda m, c, e, fs, **_: 0.0 if m == "snr_imp_db" else None))
    assert {o.vector.metric for o in outcomes if o.verdict != "not offered"} == {"snr_imp_db"}
    with pytest.raises(ConfigError, match="'psnr' has no known answers"):
        list(conformance.conform(lambda *_: 0.0, "psnr"))


def test_inputs_cannot_be_changed_by_who_is_asked():
    def vandal(clean, estimate, fs):
        clean[:] = estimate[:] = 0
        return 0.0

    list(conformance.conform(vandal, "snr_db"))
    assert np.abs(conformance.signal("speech")).max() > 0.1


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    """A module of somebody else's in the current folder."""
    (tmp_path / "somebodys_measures.py").write_text(
        "import math\n"
        "def snr(c, e, fs):\n    return 10 * math.log10((c @ c) / ((e - c) @ (e - c)))\n"
        "def wrong(c, e, fs):\n    return snr(c, e, fs) + 0.1\n"
        "def nothing(metric, c, e, fs, **others):\n    return None\n")
    monkeypatch.chdir(tmp_path)
    yield "somebodys_measures"
    sys.modules.pop("somebodys_measures", None)


@pytest.mark.parametrize(("arguments", "code"), [
    (["{}:snr", "--metric", "snr_db"], 0), (["{}:wrong", "--metric", "snr_db"], 1), (["{}:nothing"], 2),
    (["{}:gone"], 2), (["{}"], 2), (["no_such_module:f"], 2), (["{}:snr", "--metric", "psnr"], 2),
])
def test_the_command_says_how_it_went_by_its_exit_code(stranger, arguments, code, capsys):
    assert main(["conformance", "--against", *(a.format(stranger) for a in arguments)]) == code
    out, err = capsys.readouterr()
    if code == 2:
        assert err.startswith("biosig: ") and err.count("\n") == 1
    else:
        assert f"{3 * (code == 0)} pass, {3 * code} fail" in out


def test_without_a_stranger_the_command_asks_this_package(capsys):
    assert main(["conformance", "--metric", "rmse"]) == 0
    assert "2 pass, 0 fail" in capsys.readouterr().out
