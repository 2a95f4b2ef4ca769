"""The loop for two networks: both learn, PESQ is counted, a killed run goes on exactly."""

import csv
import dataclasses

import numpy as np
import pytest
import torch

from biosig.errors import BiosigError, ConfigError
from biosig.metrics.quality import pesq_wb
from biosig.models.networks import build
from biosig.samples import speech
from biosig.training.adversarial import descend, discriminator_loss, fit_adversarial, train_step
from biosig.training.cmgan_loss import cmgan, supervised
from biosig.training.judges import Judges, pesq_of
from biosig.training.objectives import objective
from biosig.training.recipe import AdversarialRecipe

RECIPE = AdversarialRecipe("adversarial test", 2, 2, 2, 4800, 1e-2, loss="cmgan", discriminator_channels=2, workers=0)


def batches(epoch, step):
    """Synthetic: a tone in white noise, a pure function of (epoch, step)."""
    generator = torch.Generator().manual_seed(1000 * epoch + step)
    clean = torch.sin(torch.arange(4800) / 5 + 6 * torch.rand(2, 1, generator=generator))
    return clean + 0.5 * torch.randn(2, 4800, generator=generator), clean


def tiny():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build("cmgan", channels=2, blocks=1, heads=1, hop=200)


def validate(network):
    return cmgan(network, *batches(99, 0), torch.Generator()).item()


def loudness(clean, estimate):
    """Stands for PESQ: a number that follows from the estimate; clips that begin above 0 have none."""
    return "begins above 0" if clean[0] > 0 else float(1 + 3 * min(1, np.square(estimate).mean()))


def train(folder, recipe=RECIPE, network=None, draw=batches, score=loudness):
    network = network or tiny()
    judges = Judges(0, score)
    return network, *fit_adversarial(network, draw, validate, recipe, folder, progress=False, judges=judges)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


class Killed(BaseException):
    """Stands for a kill -9."""


# --- the losses ---------------------------------------------------------------------------------------------------


def test_the_loss_by_hand():
    generator = torch.Generator().manual_seed(0)
    spectra, wanted = (torch.randn(2, 5, 4, dtype=torch.complex64, generator=generator) for _ in range(2))
    sound, clean = (torch.randn(2, 30, generator=generator) for _ in range(2))
    x, y = spectra.numpy().astype(complex), wanted.numpy().astype(complex)
    expected = (0.1 * (np.mean((x - y).real ** 2) + np.mean((x - y).imag ** 2)) + 0.9 * np.mean((abs(x) - abs(y)) ** 2)
                + 0.2 * np.mean(np.abs(sound.numpy() - clean.numpy())))  # fmt: skip
    assert supervised(spectra, sound, wanted, clean).item() == pytest.approx(expected, rel=1e-5)


def test_without_a_discriminator_it_is_an_objective_like_any_other():
    network, (noisy, clean) = tiny(), batches(0, 0)
    found = objective("cmgan")(network, noisy, clean, torch.Generator())
    spectra, wanted = network.enhanced(network.compressed(noisy)), network.compressed(clean)
    torch.testing.assert_close(found, supervised(spectra, network(noisy), wanted, clean))


def test_the_discriminators_loss_by_hand_and_what_a_clip_without_a_score_teaches_it():
    said = lambda clean, estimate: torch.where((clean == estimate).all(-1).all(-1), 0.9, 0.3)  # noqa: E731
    clean, estimate = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    nan = float("nan")
    both, one = 0.01 + (0.2**2 + 0.3**2) / 2, 0.01 + 0.2**2
    for pesq, expected in (([2.75, 1.0], both), ([2.75, nan], one), ([nan, nan], 0.01)):
        assert discriminator_loss(said, clean, estimate, torch.tensor(pesq)).item() == pytest.approx(expected, rel=1e-5)


def test_each_step_moves_both_networks_and_neither_moves_the_other(tmp_path):
    from biosig.training.adversarial import TwoNetworks, discriminator_of

    generator = tiny()
    state = TwoNetworks(generator, discriminator_of(RECIPE, generator), RECIPE, tmp_path)
    before = [[p.clone() for p in network.parameters()] for network in (generator, state.discriminator)]
    train_step(state, *batches(0, 0), Judges(0, loudness))
    for network, old in zip((generator, state.discriminator), before, strict=True):
        assert any(not torch.equal(p, q) for p, q in zip(network.parameters(), old, strict=True))
    frozen = [p.clone() for p in generator.parameters()]
    clean = torch.rand(2, 33, 33)
    descend(state.judging, discriminator_loss(state.discriminator, clean, clean / 2, torch.ones(2)),
            state.discriminator, None)  # fmt: skip
    assert all(torch.equal(p, q) for p, q in zip(generator.parameters(), frozen, strict=True))


def test_the_discriminator_learns_two_scores_by_heart():
    from biosig.models.cmgan_discriminator import MetricDiscriminator

    with torch.random.fork_rng():
        torch.manual_seed(0)
        judge = MetricDiscriminator(8)
    optimiser = torch.optim.Adam(judge.parameters(), 1e-2)
    clean, noise = torch.rand(2, 2, 33, 33, generator=torch.Generator().manual_seed(0))
    noise[0] = 0
    for _ in range(50):
        loss = discriminator_loss(judge, clean, clean + 2 * noise, torch.tensor([4.5, 1.0]))
        descend(optimiser, loss, judge, None)
    good, bad = judge(clean, clean + 2 * noise).tolist()
    assert good > 0.8 > 0.2 > bad


# --- the loop -----------------------------------------------------------------------------------------------------


def test_training_lowers_the_loss_and_keeps_the_best_weights(tmp_path):
    network, result, heard = train(tmp_path, dataclasses.replace(RECIPE, max_epochs=5))
    losses = [row["train_loss"] for row in result.curve]
    assert losses[-1] < 0.9 * losses[0] and result.stopped == "max_epochs"
    network.eval()
    with torch.no_grad():
        assert validate(network) == pytest.approx(result.best_value, rel=1e-4)
    assert result.best_value == min(row["validation"] for row in result.curve)
    assert heard["pesq_asked"] == 5 * 2 * 2


def test_clips_without_a_score_are_counted_with_their_reason(tmp_path):
    _, _, heard = train(tmp_path)
    without = sum(int(batches(e, s)[1][row, 0] > 0) for e in range(2) for s in range(2) for row in range(2))
    assert 0 < without < 8 and (heard["pesq_asked"], heard["pesq_failed"]) == (8, without)
    account = rows(tmp_path / "pesq.csv")
    assert sum(int(row["failed"]) for row in account) == without and "× begins above 0" in account[0]["why_failed"]


def test_an_epoch_in_which_nothing_was_scored_says_so(tmp_path):
    _, result, heard = train(tmp_path, score=lambda clean, estimate: "never")
    assert heard["pesq_failed"] == heard["pesq_asked"] == 8 and len(result.curve) == 2
    assert {row["mean_pesq"] for row in rows(tmp_path / "pesq.csv")} == {""}


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 1)])
def test_a_killed_run_goes_on_to_the_same_weights_and_the_same_account(tmp_path, epoch, step):
    def until(e, s):
        if (e, s) == (epoch, step):
            raise Killed
        return batches(e, s)

    whole, expected, heard = train(tmp_path / "whole")
    with pytest.raises(Killed):
        train(tmp_path / "cut", draw=until)
    resumed, result, again = train(tmp_path / "cut")
    assert same_weights(whole, resumed) and again == heard
    keep = ("epoch", "train_loss", "validation", "lr")
    assert [[row[k] for k in keep] for row in result.curve] == [[row[k] for k in keep] for row in expected.curve]
    assert rows(tmp_path / "whole" / "pesq.csv") == rows(tmp_path / "cut" / "pesq.csv")


def test_a_finished_run_is_not_trained_again(tmp_path):
    first, expected, heard = train(tmp_path)
    again, result, told = train(tmp_path, draw=None)
    assert result == expected and told == heard and same_weights(first, again)


def test_a_run_of_another_recipe_is_refused(tmp_path):
    train(tmp_path)
    with pytest.raises(ConfigError, match="holds a run with adversarial = 0.05, not 0.5"):
        train(tmp_path, dataclasses.replace(RECIPE, adversarial=0.5))


def test_a_loss_that_is_no_number_is_one_sentence(tmp_path):
    bad = lambda e, s: (batches(e, s)[0] * float("nan"), batches(e, s)[1])  # noqa: E731
    with pytest.raises(ConfigError, match="loss of adversarial test is nan at epoch 0, step 0: expected a finite"):
        train(tmp_path, draw=bad)


# --- PESQ ---------------------------------------------------------------------------------------------------------


def clips():
    """Two clips of speech in synthetic noise, and a silent one."""
    clean = np.stack([speech("test")[0].signal[8000:24_000]] * 2 + [np.zeros(16_000)])
    noise = np.random.default_rng(0).standard_normal(clean.shape)
    return clean, clean + np.array([[0.003], [0.03], [0.03]]) * noise


@pytest.mark.parametrize("workers", [0, 1])
def test_judges_say_what_pesq_says_here_or_in_another_process(workers):
    clean, noisy = clips()
    with Judges(workers) as judges:
        scores = judges.submit(clean, noisy)()
    expected = [pesq_wb(clean[k], noisy[k], 16_000) for k in range(2)]
    np.testing.assert_allclose(scores[:2], expected, rtol=1e-6)
    assert np.isnan(scores[2]) and judges.asked == 3 and judges.failed == {"clean is silent": 1}
    assert scores[0] > scores[1] > 1


def gone(clean, estimate):
    import os

    os._exit(1)


def test_a_worker_that_dies_is_one_sentence():
    with Judges(1, gone) as judges, pytest.raises(BiosigError, match="a process that computes PESQ died: expected a"):
        judges.submit(*clips())()


def test_a_reason_is_not_a_score():
    assert pesq_of(np.zeros(16_000), np.ones(16_000)) == "clean is silent"
    assert isinstance(pesq_of(*(x[0] for x in clips())), float)
