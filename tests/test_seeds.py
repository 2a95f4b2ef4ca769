"""Names of random draws: the numbers that committed results rest on, and names that would meet."""

import hashlib

import pytest

from biosig.errors import ConfigError
from biosig.seeds import rng_for, seed_for


def test_a_seed_is_the_hash_of_its_name_and_stays_what_it_was():
    assert seed_for("training mixture", "fcn open", 0, 3, 7, 1) == 6898644272190425447
    expected = int(hashlib.sha256(b"ecg start/samples/emg_bursts/s0@0dB+ecg_rest_3").hexdigest()[:16], 16)
    found = seed_for("ecg start", "samples/emg_bursts/s0@0dB+ecg_rest_3")
    assert found == int.from_bytes(expected.to_bytes(8, "big"), "little") >> 1
    assert rng_for("a", 1).random() == rng_for("a", "1").random() != rng_for("a", 2).random()


def test_a_slash_may_stand_in_the_last_part_only():
    seed_for("tests: slash", "b/c")
    with pytest.raises(ConfigError, match="'a/b' is part of a random draw's name: expected no slash before the last"):
        seed_for("a/b", "c")


def test_the_session_sees_two_names_meet():
    seed_for("tests: two names", "b/c")
    with pytest.raises(AssertionError, match="two draws would be one"):
        seed_for("tests: two names", "b", "c")
