"""The loop of two networks: who moves when, what is noted, resuming to the bit, and SEGAN's game by hand."""

import csv
import dataclasses
import math

import pytest
import torch
from torch import nn

from biosig.errors import ConfigError
from biosig.models.segan import SEGAN, SEGANDiscriminator, emphasise
from biosig.training.adversarial import Game, TwoNetworks, fit_adversarial, rival_of, train_step
from biosig.training.recipe import GanRecipe
from biosig.training.segan_game import SEGANGame

RECIPE = GanRecipe("two", steps_per_epoch=3, max_epochs=3, batch=4, window=64, lr=1e-3, loss="l1", early_stop=99)


def batches(epoch, step):
    """Synthetic: noise on noise, a pure function of (epoch, step)."""
    generator = torch.Generator().manual_seed(1000 * epoch + step)
    clean = torch.randn(4, 64, generator=generator)
    return clean + 0.5 * torch.randn(4, 64, generator=generator), clean


def generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SEGAN((4, 8), peak=8.0)


def game(distance=100.0):
    rival = rival_of(RECIPE, lambda: SEGANDiscriminator((4, 8), window=64, peak=8.0, rows=2))
    return SEGANGame(rival, distance)


def validate(network):
    noisy, clean = batches(99, 0)
    return (network(noisy) - clean).abs().mean().item()


def train(folder, recipe=RECIPE, network=None, against=None, draw=batches):
    network, against = network or generator(), against or game()
    return network, against, *fit_adversarial(network, against, draw, validate, recipe, folder, progress=False)


def weights(*networks):
    return [value.clone() for network in networks for value in network.state_dict().values()]


def test_first_the_network_moves_and_then_its_rival_judges_what_came_before(tmp_path):
    seen = []

    class Watched(Game):
        def __init__(self):
            self.rival = nn.Linear(64, 1)

        def play(self, network, noisy, clean):
            before, made = network.weight.clone(), network(noisy)

            def then():
                seen.append((not torch.equal(before, network.weight), torch.equal(self.rival.weight, old)))
                return {"judged": self.rival(made.detach()).square().mean()}, {"note": 3.0}

            old = self.rival.weight.clone()
            return {"passing": (self.rival(made) - 1).square().mean()}, then

    network, watched = nn.Linear(64, 64), Watched()
    state = TwoNetworks(network, watched, RECIPE, tmp_path)
    rival = weights(watched.rival)
    loss, noted = train_step(state, *batches(0, 0))
    assert seen == [(True, True)] and not torch.equal(rival[0], watched.rival.weight)
    assert noted == {"passing": loss, "judged": noted["judged"], "note": 3.0}


def test_a_run_that_was_killed_comes_to_the_same_weights_of_both(tmp_path):
    whole, rival, _, account = train(tmp_path / "whole")

    class Killed(BaseException):
        pass

    def dies(epoch, step):
        if (epoch, step) == (1, 2):
            raise Killed
        return batches(epoch, step)

    with pytest.raises(Killed):
        train(tmp_path / "parts", draw=dies)
    again, other, result, told = train(tmp_path / "parts")
    assert all(map(torch.equal, weights(whole, rival.rival), weights(again, other.rival)))
    assert told == account and [row["epoch"] for row in told] == [0, 1, 2] and len(result.curve) == 3


def test_the_account_lies_beside_the_curve(tmp_path):
    *_, account = train(tmp_path)
    with (tmp_path / "game.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "passing", "distance", "real", "false", "judged_real", "judged_false"]
    assert [float(row["real"]) for row in rows] == [row["real"] for row in account]
    assert (tmp_path / "curve.csv").is_file()


def test_the_weights_that_validate_best_are_kept(tmp_path):
    network, _, result, _ = train(tmp_path)
    assert validate(network.eval()) == pytest.approx(result.best_value, rel=1e-5)
    assert result.best_value == min(row["validation"] for row in result.curve)


def test_the_terms_of_segan_by_hand():
    network, played = generator().eval(), game(distance=10.0)
    noisy, clean = batches(0, 0)
    terms, then = played.play(network, noisy, clean)
    made = network(noisy)
    with torch.no_grad():
        real, false = played.rival(clean, noisy), played.rival(made, noisy)
    assert terms["passing"].item() == pytest.approx(sum((d - 1) ** 2 for d in false.tolist()) / 8, rel=1e-4)
    apart = (emphasise(made) - emphasise(clean)).abs().mean().item()
    assert terms["distance"].item() == pytest.approx(10 * apart / 8, rel=1e-4)
    judged, noted = then()
    assert judged["real"].item() == pytest.approx(sum((d - 1) ** 2 for d in real.tolist()) / 8, rel=1e-4)
    assert judged["false"].item() == pytest.approx(sum(d**2 for d in false.tolist()) / 8, rel=1e-4)
    assert noted["judged_real"] == pytest.approx(real.mean().item(), rel=1e-4)
    judged["false"].backward()
    assert all(p.grad is None for p in network.parameters())  # what the rival learns does not teach the network


def test_without_a_distance_there_is_the_adversary_alone():
    terms, _ = game(distance=0.0).play(generator(), *batches(0, 0))
    assert list(terms) == ["passing"]


def test_a_discriminator_learns_to_tell_and_a_generator_to_pass(tmp_path):
    """Against an idle generator the judgements part; a generator against an idle judge raises its own."""
    still = dataclasses.replace(RECIPE, steps_per_epoch=60, max_epochs=1, lr=1e-12, discriminator_lr=2e-3)
    *_, account = train(tmp_path / "judge", still)
    start = game().play(generator(), *batches(0, 0))[1]()[1]
    apart = account[0]["judged_real"] - account[0]["judged_false"]
    assert apart > start["judged_real"] - start["judged_false"] + 0.1
    moving = dataclasses.replace(RECIPE, steps_per_epoch=60, max_epochs=1, lr=2e-3, discriminator_lr=1e-12)
    network, against, *_ = train(tmp_path / "maker", moving, against=game(distance=0.0))
    noisy, _ = batches(0, 0)
    passing = ((against.rival(net(noisy), noisy) - 1).square().mean().item() for net in (network, generator()))
    assert next(passing) < 0.7 * next(passing)


def test_a_rival_follows_from_its_name_and_seed():
    first, again = game().rival, game().rival
    other = rival_of(dataclasses.replace(RECIPE, seed=1), lambda: SEGANDiscriminator((4, 8), window=64, rows=2))
    assert all(map(torch.equal, weights(first), weights(again)))
    assert not torch.equal(first.judge.weight, other.judge.weight)


def test_a_loss_that_is_not_finite_ends_the_run_and_names_the_term(tmp_path):
    def broken(epoch, step):
        noisy, clean = batches(epoch, step)
        return noisy, clean * (math.nan if step == 1 else 1)

    with pytest.raises(ConfigError, match="The loss of two is nan at epoch 0, step 1"):
        train(tmp_path, draw=broken)
