from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from biosig.backends import published, svm
from biosig.backends.calibration import calibrate
from biosig.errors import ConfigError, DataError
from biosig.results.verify import check_sums

FOLDER = Path(published.__file__).parent / "models"


def corpus(people=5, each=24, d=8, seed=0):
    """Synthetic features of three classes that overlap, one of them rarer."""
    rng = np.random.default_rng(seed)
    y = np.tile(np.repeat(["anger", "joy", "sadness"], [each // 2, each // 3, each // 6]), people)
    who = np.repeat([f"p{k}" for k in range(people)], each)
    x = rng.standard_normal((y.size, d))
    x[:, 0] += 2 * (y == "anger")
    x[:, 1] += 2 * (y == "joy")
    return x, y, who


def test_no_other_slope_makes_held_out_labels_likelier():
    """By scikit-learn's log loss, on a fine grid; the rarer class weighs as much as the others."""
    from sklearn.metrics import log_loss
    from sklearn.utils.class_weight import compute_sample_weight

    x, y, _ = corpus()
    labels, weights, scores = sorted(set(y)), compute_sample_weight("balanced", y), x[:, [0, 1, 2]]
    slopes = np.linspace(0.01, 5, 500)
    losses = [log_loss(y, softmax(slope * scores, axis=1), sample_weight=weights, labels=labels) for slope in slopes]
    found = calibrate(scores, y, labels)
    assert found.slope == pytest.approx(slopes[np.argmin(losses)], abs=0.011)
    np.testing.assert_allclose(found(scores), softmax(found.slope * scores, axis=1), atol=1e-12)
    np.testing.assert_allclose(found(1e5 * scores).sum(axis=1), 1)


def test_what_is_said_of_a_model_is_true_of_people_it_never_met():
    """On another draw of the same synthetic people, it is about as right and as sure as it said."""
    from sklearn.metrics import recall_score

    x, y, who = corpus(people=8, each=60)
    model = published.fit_model(x, y, who, {"corpus": "made"})
    others, truth, _ = corpus(people=40, each=60, seed=5)
    likely = model(others)
    guessed = np.array(model.labels)[likely.argmax(axis=1)]
    right = np.mean(guessed == truth)
    assert model.about["right"] == pytest.approx(right, abs=0.05)
    assert model.about["uar"] == pytest.approx(recall_score(truth, guessed, average="macro"), abs=0.05)
    assert model.about["sure"] == pytest.approx(likely.max(axis=1).mean(), abs=0.05)
    assert model.about["sure"] == pytest.approx(model.about["right"], abs=0.1)
    assert (model.about["n"], model.about["speakers"], model.about["corpus"]) == (480, 8, "made")


def test_a_fit_to_the_training_scores_would_be_far_too_sure():
    x, y, who = corpus(people=8, each=60, d=60)
    model = published.fit_model(x, y, who, {})
    scores = model.classifier.scores(x)
    naive = calibrate(scores, y, model.labels)(scores)
    assert naive.max(axis=1).mean() > model.about["right"] + 0.1
    assert abs(model.about["sure"] - model.about["right"]) < 0.08


def test_a_saved_model_is_the_same_without_pickle(tmp_path):
    x, y, who = corpus()
    model = published.fit_model(x, y, who, {"corpus": "made", "features": "egemaps"})
    for name in ("a.npz", "b.npz"):
        published.save_model(tmp_path / name, model)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = published.read_model(tmp_path / "a.npz")
    assert found.labels == model.labels and found.about == model.about
    np.testing.assert_allclose(found(x), model(x), atol=1e-4)
    np.testing.assert_array_equal(found.classifier(x), model.classifier(x))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_damaged_model_is_one_sentence(tmp_path, content):
    path = tmp_path / "x.npz"
    if content is None:
        np.savez(path, header=np.array("{}"))
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match="x.npz is damaged: expected an emotion model"):
        published.read_model(path)


def test_published_models_are_those_listed_and_say_what_they_are():
    assert check_sums(FOLDER, "*.npz") == [] and published.DEFAULT in published.models()
    for name in published.models():
        model = published.load_model(name)
        assert model.about["dirty"] is False and len(model.about["commit"]) == 40
        assert len(model.labels) == 6 and 1 / 6 < model.about["uar"] < 1
        assert (FOLDER / f"{name}.npz").stat().st_size < 3e6
    with pytest.raises(ConfigError, match="no model 'mind-reader': expected one of emodb-egemaps"):
        published.load_model("mind-reader")


def test_the_level_of_a_recording_is_nothing():
    pytest.importorskip("opensmile")
    from biosig.samples import sounds

    model, signal = published.load_model(), sounds.load("speech_it_1").signal
    expected = model.hear(signal, 16_000)
    np.testing.assert_allclose(model.hear(signal / 100, 16_000), expected, atol=1e-6)
    np.testing.assert_allclose(model.hear(signal * 30, 16_000), expected, atol=1e-6)


@pytest.mark.real_data
def test_the_default_model_is_what_emodb_gives():
    """From the corpus, by scikit-learn alone and with the settings that the model names."""
    pytest.importorskip("opensmile")
    from dataclasses import replace

    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from biosig.backends.features import features_of
    from biosig.cache import ArrayCache
    from biosig.corpora import emodb
    from biosig.corpora.registry import locate

    utterances = [replace(one, signal=published.levelled(one.signal)) for one in emodb.utterances(locate("emodb"))]
    x = features_of(utterances, "egemaps", ArrayCache.beside_data(), progress=False)
    model = published.load_model()
    machine = SVC(C=model.classifier.cost, gamma=model.classifier.width / 88, class_weight="balanced")
    theirs = make_pipeline(StandardScaler(), machine).fit(x, [one.label for one in utterances])
    assert isinstance(model.classifier, svm.Classifier)
    assert np.mean(model.classifier(x) == theirs.predict(x)) > 0.99
