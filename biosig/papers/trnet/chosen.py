"""What this chapter chose and cut, told by the settings themselves."""

from collections.abc import Mapping, Sequence

from biosig.papers.trnet.profiles import PACE, PAPER, SETUPS, Setup
from biosig.results.tables import Table, label
from biosig.training.recipe import Recipe

WIDTH = 32  # maps of the first convolution, in the paper
MINUTES = "Minutes of one core for one cell of TRNet, nine folds; the whole: these times the line above"
FULL_PER_CLASS = {"nemo": 90, "polish": 18}  # utterances of each actor and emotion, where nothing is left out


def chosen(profile: str) -> Mapping[str, str]:
    """Name of a choice → what is done here."""
    setup = SETUPS[profile]
    return {
        "encoder": f"the {setup.form}'s form, {setup.width or WIDTH} maps in the first convolution and twice as many "
        "in each further one; every other frame and bin of its input is added to what a convolution gives",
        "length": f"{setup.seconds:g} s, repeated or cut before mixing",
        "schedule": f"{_spoken(setup)}; on clean speech {_schedule(setup.clean_recipe)}; "
        f"in noise {_schedule(setup.recipe)}",
        "gate_pace": f"{PACE[profile]:g} · FC(d - 1), which can say the same and learns faster; the controls that "
        "learn a gate are as fast"
        if profile in PACE
        else "as in the paper",
        "start": "with the weights of the fold's clean recogniser, every system alike"
        if setup.from_clean
        else "with fresh weights",
    }


def cut(profile: str, minutes: Sequence[float] = ()) -> Table:
    """What of the whole was run here, the same for every row and fold, and how many times as much the whole is.

    Args:
        minutes: that each finished cell of TRNet took, on one core.
    """
    here, whole = SETUPS[profile], PAPER
    full = FULL_PER_CLASS.get(here.corpus)
    quantities = {
        "Utterances of each actor and emotion": (here.per_class or full, full),
        "Seconds of each utterance": (here.seconds, whole.seconds),
        "Maps of the first convolution": (here.width or WIDTH, WIDTH),
        "Epochs, on clean speech and then in noise": tuple(
            each.clean_recipe.max_epochs + each.recipe.max_epochs for each in (here, whole)
        ),
    }
    rows, factor = [], 1.0
    for name, (ours, theirs) in quantities.items():
        times = 1.0 if ours is None or theirs is None else theirs / ours
        factor *= times**2 if name.startswith("Maps") else times
        rows.append(tuple(map(label, (name, _shown(ours), _shown(theirs), f"{times:.3g}"))))
    rows.append(tuple(map(label, ("Arithmetic, all together", "1", "", f"{factor:,.0f}"))))
    if minutes:
        least = min(minutes)  # others shared the machine with other work
        rows.append(tuple(map(label, (MINUTES, f"{least:.1f}", f"{factor * least:,.0f}", f"{factor:,.0f}"))))
    notes = (
        "Multiplications of a convolution grow with the product of its maps, so with the square of the width, and with "
        "everything else once. No fold, seed or row was cut.",
    )
    return Table("cut", f"What was cut in profile {profile}", ("", "Here", "Whole", "Times"), tuple(rows), notes)


def _schedule(recipe: Recipe) -> str:
    return (
        f"{recipe.max_epochs} epochs, batches of {recipe.batch}, Adam with {recipe.lr:g}, a tenth of it after "
        f"{recipe.plateau_patience} epochs without a better validation"
    )


def _shown(value: float | None) -> str:
    return "all" if value is None else f"{value:g}"


def _spoken(setup: Setup) -> str:
    return "all utterances" if setup.per_class is None else f"{setup.per_class} utterances of each actor and emotion"
