"""The training loop: learns, stops, resumes exactly, says what went wrong."""

import csv
import dataclasses
import math

import pytest
import torch
from torch import nn

from biosig.errors import CheckpointError, ConfigError
from biosig.models.networks import build
from biosig.training.loop import fit, prefetched
from biosig.training.objectives import objective
from biosig.training.recipe import CosineRecipe, Recipe

RECIPE = Recipe("test", steps_per_epoch=3, max_epochs=4, batch=2, window=64, lr=1e-2, loss="l2", early_stop=99)


def batches(epoch, step):
    """Synthetic: white noise on white noise, a pure function of (epoch, step)."""
    generator = torch.Generator().manual_seed(1000 * epoch + step)
    clean = torch.randn(2, 64, generator=generator)
    return clean + 0.5 * torch.randn(2, 64, generator=generator), clean


def tiny():
    """A two-layer network with the same weights each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Unflatten(1, (1, 64)), nn.Conv1d(1, 4, 5, padding=2), nn.BatchNorm1d(4), nn.ELU(),
                             nn.Conv1d(4, 1, 5, padding=2), nn.Flatten())


def validate(network):
    noisy, clean = batches(99, 0)
    return (network(noisy) - clean).square().mean().item()


def train(folder, recipe=RECIPE, network=None, **changes):
    network = network or tiny()
    options = {"objective": objective(recipe.loss), "batches": batches, "validate": validate, **changes}
    return network, fit(network, recipe=recipe, run_dir=folder, progress=False, **options)


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


class Values:
    """A validation that returns given numbers and remembers the weights it was shown."""

    def __init__(self, *values):
        self.values, self.seen = list(values), []

    def __call__(self, network):
        self.seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return self.values[len(self.seen) - 1]


class Killed(BaseException):
    """Stands for a kill -9: nothing in the package may catch it."""


def killed_in(epoch, step):
    def until(e, s):
        if (e, s) == (epoch, step):
            raise Killed
        return batches(e, s)

    return until


def test_training_lowers_the_loss(tmp_path):
    _, result = train(tmp_path, dataclasses.replace(RECIPE, max_epochs=15))
    losses = [row["train_loss"] for row in result.curve]
    assert losses[-1] < 0.6 * losses[0]
    assert result.best_value == min(row["validation"] for row in result.curve)


@pytest.mark.parametrize("name", ["fcn", "msemg", "sdemg"])
def test_each_network_can_learn_one_batch_by_heart(tmp_path, name):
    time = torch.arange(300) / 300
    clean = torch.stack([torch.sin(40 * time), torch.cos(55 * time)])
    noisy = clean + torch.stack([torch.sin(9 * time), torch.cos(7 * time)])
    options = {"fcn": {}, "msemg": {"features": 16, "backend": "torch"}, "sdemg": {"features": 16}}[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build(name, **options)
    recipe = Recipe(name, 10, 6, lr=3e-3, loss="diffusion" if name == "sdemg" else "l2")
    _, result = train(tmp_path, recipe, network, batches=lambda e, s: (noisy, clean), validate=lambda n: 0.0)
    silence = 1 if name == "sdemg" else clean.square().mean()  # the loss of a network that answers with zeros
    assert result.curve[-1]["train_loss"] < 0.6 * silence


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (2, 0), (2, 2)])
@pytest.mark.parametrize("loss", ["l1", "diffusion", "dropout"])
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path, epoch, step, loss):
    recipe = dataclasses.replace(RECIPE, loss="l1" if loss == "dropout" else loss, max_epochs=5, plateau_patience=0)
    make, changes = tiny, {}
    if loss == "dropout":  # draws from torch's global generator, which stands elsewhere each time
        make = lambda: nn.Sequential(tiny(), nn.Dropout(0.3))  # noqa: E731
    if loss == "diffusion":  # the objective draws: its generator must be the epoch's and step's own
        make, changes = lambda: Conditional(tiny()), {"validate": lambda network: validate(network.inner)}
    whole, expected = train(tmp_path / "whole", recipe, make(), **changes)
    with pytest.raises(Killed):
        train(tmp_path / "cut", recipe, make(), batches=killed_in(epoch, step), **changes)
    resumed, result = train(tmp_path / "cut", recipe, make(), **changes)
    assert same_weights(whole, resumed)
    keep = ("epoch", "train_loss", "validation", "lr")
    assert [[row[k] for k in keep] for row in result.curve] == [[row[k] for k in keep] for row in expected.curve]


def test_training_leaves_the_global_generator_alone(tmp_path):
    before = torch.random.get_rng_state()
    train(tmp_path, network=nn.Sequential(tiny(), nn.Dropout(0.3)))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_dropout_draws_anew_at_every_step_and_by_the_seed(tmp_path):
    """With weights that stand still and one batch for ever, only dropout can change the loss."""
    losses = []
    for seed in (0, 0, 1):
        recipe = dataclasses.replace(RECIPE, steps_per_epoch=1, lr=1e-12, seed=seed)
        network = nn.Sequential(nn.Linear(64, 64), nn.Dropout(0.5))
        nn.init.eye_(network[0].weight)
        nn.init.zeros_(network[0].bias)
        folder = tmp_path / str(len(losses))
        _, result = train(folder, recipe, network, batches=lambda e, s: batches(0, 0))
        losses.append([row["train_loss"] for row in result.curve])
    assert losses[0] == losses[1] and len(set(losses[0]) | set(losses[2])) == 8


class Conditional(nn.Module):
    """A network with a diffusion network's arguments."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x_t, noisy, level):
        return self.inner(x_t * level[:, None] + noisy)


def test_a_finished_run_is_not_trained_again(tmp_path):
    first, expected = train(tmp_path)
    again, result = train(tmp_path, batches=None)
    assert result == expected and same_weights(first, again)


def test_a_longer_schedule_continues_the_same_run(tmp_path):
    train(tmp_path / "a", dataclasses.replace(RECIPE, max_epochs=2))
    longer, _ = train(tmp_path / "a", RECIPE)
    assert same_weights(longer, train(tmp_path / "b", RECIPE)[0])


def test_a_folder_of_another_recipe_is_refused(tmp_path):
    train(tmp_path)
    with pytest.raises(ConfigError, match="lr = 0.01, not 0.5"):
        train(tmp_path, dataclasses.replace(RECIPE, lr=0.5))


def test_a_damaged_state_is_refused(tmp_path):
    train(tmp_path)
    state = tmp_path / "state.pt"
    state.write_bytes(state.read_bytes()[:-500])
    with pytest.raises(CheckpointError, match="state.pt is damaged"):
        train(tmp_path)


def test_best_weights_are_kept_not_the_last(tmp_path):
    values = Values(3.0, 1.0, 2.0, 5.0)
    network, result = train(tmp_path, validate=values)
    assert (result.best_epoch, result.best_value, result.stopped) == (1, 1.0, "max_epochs")
    assert all(torch.equal(tensor, values.seen[1][name]) for name, tensor in network.state_dict().items())
    assert not torch.equal(values.seen[1]["1.weight"], values.seen[3]["1.weight"])


def test_early_stop_counts_epochs_without_a_better_value(tmp_path):
    values = Values(3.0, 1.0, 2.0, 1.0, 0.5)
    _, result = train(tmp_path, dataclasses.replace(RECIPE, max_epochs=9, early_stop=2), validate=values)
    assert result.stopped == "early_stop" and len(result.curve) == 4 and result.best_epoch == 1


def test_the_rate_falls_on_a_plateau(tmp_path):
    recipe = dataclasses.replace(RECIPE, max_epochs=6, plateau_factor=0.5, plateau_patience=1)
    _, result = train(tmp_path, recipe, validate=Values(1.0, 2.0, 2.0, 2.0, 2.0, 2.0))
    assert [row["lr"] for row in result.curve] == pytest.approx([0.01, 0.01, 0.01, 0.005, 0.005, 0.0025])


def test_the_rate_falls_along_a_cosine_whatever_validation_says_and_over_a_resumption(tmp_path):
    recipe = CosineRecipe(**dataclasses.asdict(dataclasses.replace(RECIPE, max_epochs=4)))
    with pytest.raises(Killed):
        train(tmp_path, recipe, validate=Values(1.0, 2.0), batches=killed_in(2, 0))
    _, result = train(tmp_path, recipe, validate=Values(2.0, 3.0))
    expected = [0.005 * (1 + math.cos(math.pi * epoch / 4)) for epoch in range(4)]
    assert [row["lr"] for row in result.curve] == pytest.approx(expected)
    with pytest.raises(ConfigError, match="max_epochs = 4, not 8"):
        train(tmp_path, dataclasses.replace(recipe, max_epochs=8))


def test_a_time_limit_ends_the_run_and_is_told(tmp_path):
    _, result = train(tmp_path, max_seconds=0)
    assert result.stopped == "max_seconds" and len(result.curve) == 0


def test_the_gradient_is_clipped(tmp_path):
    norms = []

    def steep(network, noisy, clean, generator):
        return 1e6 * (network(noisy) - clean).square().mean()


    network = tiny()
    before = torch.optim.Adam.step

    def step(self, *args, **kwargs):
        norms.append(torch.stack([p.grad.norm() for p in network.parameters()]).norm().item())
        return before(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", step)
        train(tmp_path, dataclasses.replace(RECIPE, clip_norm=0.25), network, objective=steep)
    assert norms == pytest.approx([0.25] * 12, rel=1e-3)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_with_a_sentence(tmp_path, value):
    def broken(network, noisy, clean, generator):
        return network(noisy).mean() * value

    with pytest.raises(ConfigError, match=r"loss of test is (nan|-?inf) at epoch 0, step 0.*below 0.01"):
        train(tmp_path, objective=broken)


def test_a_validation_that_is_not_finite_stops_with_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="validation value of test is nan at epoch 0"):
        train(tmp_path, validate=lambda network: float("nan"))


def test_validation_sees_an_eval_network_without_gradients(tmp_path):
    modes = []

    def look(network):
        modes.append((network.training, torch.is_grad_enabled()))
        return 0.0

    def objective_(network, noisy, clean, generator):
        modes.append((network.training, torch.is_grad_enabled()))
        return (network(noisy) - clean).square().mean()

    train(tmp_path, dataclasses.replace(RECIPE, steps_per_epoch=1, max_epochs=2), validate=look, objective=objective_)
    assert modes == [(True, True), (False, False)] * 2


def test_the_curve_is_a_table_that_grows(tmp_path):
    _, result = train(tmp_path)
    with open(tmp_path / "curve.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "train_loss", "validation", "lr", "seconds"]
    assert [float(row["validation"]) for row in rows] == [row["validation"] for row in result.curve]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curve.csv", "state.pt"]


def test_batches_are_asked_for_once_each_and_in_order():
    asked = []

    def note(epoch, step):
        asked.append((epoch, step))
        return epoch, step

    assert list(prefetched(note, 7, 3)) == asked == [(7, 0), (7, 1), (7, 2)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": "l7"}, "Loss 'l7' is unknown: expected one of l1, l2"),
        ({"lr": 0}, "lr of recipe test is 0: expected more than 0"),
        ({"max_epochs": 0}, "max_epochs of recipe test is 0"),
        ({"precision": "fp8"}, "precision is 'fp8': expected one of float32, bf16"),
    ],
)
def test_recipes_that_cannot_be_trained_are_refused(change, sentence):
    with pytest.raises(ConfigError, match=sentence):
        dataclasses.replace(RECIPE, **change)
