import pytest

from biosig.corpora import nsrdb, splits
from biosig.errors import ConfigError, DataError

ALL = [("3dc", "default"), ("nsrdb", "default"), ("ninapro_db2", "official"), ("ninapro_db2", "disjoint")]
ALL += [(name, "default") for name in ("csl_emg_array", "picovoice", "asterisk", "hu100", "esc10", "timit_sample",
                                   "simulated_arousal", "voicebank_train", "emguka")]
ALL += [("timit_sample_phones", f"fold{k}") for k in range(4)]


def sides(found):
    return [set(part.subjects) for part in (found.train, found.validation, found.test)]


def test_every_committed_split_is_read():
    known = ("3dc", "asterisk", "csl_emg_array", "emguka", "esc10", "hu100", "ninapro_db2", "nsrdb", "picovoice",
             "simulated_arousal", "timit_sample", "timit_sample_phones", "voicebank_train")
    assert splits.names() == known
    for name, variant in ALL:
        assert splits.split(name, variant).why


@pytest.mark.parametrize("name, variant", [pair for pair in ALL if pair[1] != "official"])
def test_sides_share_nobody(name, variant):
    train, validation, test = sides(splits.split(name, variant))
    assert not (train & validation or train & test or validation & test)


def test_3dc_tests_ten_other_people_on_other_channels():
    found = splits.split("3dc")
    assert len(found.test.subjects) == 10 and not set(found.test.channels) & set(found.train.channels)
    assert set.union(*sides(found)) == {f"Participant{k}" for k in range(1, 21)}


def test_nsrdb_uses_every_record_once():
    found = splits.split("nsrdb")
    assert found.test.subjects == ("16420", "16539", "16786")
    assert found.validation.subjects == ("17453", "18177", "19830")
    assert sorted(set.union(*sides(found))) == sorted(nsrdb.RECORDS) and len(found.train.subjects) == 12


def test_official_ninapro_split_says_that_it_shares_subjects():
    found = splits.split("ninapro_db2", "official")
    ten = {f"S{k}" for k in range(1, 11)}
    assert set(found.validation.subjects) == set(found.test.subjects) == ten == set(found.shared)
    assert "SHARE" in found.why
    assert (found.train.channels, found.train.exercises) == ((2,), (1,))
    assert (found.test.channels, found.test.exercises) == ((9, 10, 11, 12), (2,))


def test_disjoint_ninapro_split_tests_the_same_people():
    official, disjoint = (splits.split("ninapro_db2", variant) for variant in ("official", "disjoint"))
    assert disjoint.test == official.test and len(disjoint.validation.subjects) == 8
    assert set(disjoint.train.subjects) | set(disjoint.validation.subjects) == set(official.train.subjects)


def test_subject_on_two_sides_is_refused_unless_said():
    content = {"why": "x", "train": {"subjects": ["a", "b"]}, "validation": {"subjects": ["b"]}}
    content["test"] = {"subjects": ["c"]}
    with pytest.raises(DataError, match=r"has \['b'\] in both train and validation"):
        splits.parse("toy", "default", content)
    assert splits.parse("toy", "default", content | {"shared": ["b"]}).shared == ("b",)


def test_incomplete_split():
    with pytest.raises(DataError, match="split 'default' of 'toy' is incomplete: 'train' is missing"):
        splits.parse("toy", "default", {"why": "x"})


def test_unknown_names():
    with pytest.raises(ConfigError, match="no split for corpus 'mitdb'"):
        splits.split("mitdb")
    with pytest.raises(ConfigError, match="no split 'default' for corpus 'ninapro_db2': expected one of official"):
        splits.split("ninapro_db2")
