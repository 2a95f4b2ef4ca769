"""Training a chain of enhancer and phone recogniser on a fold's speech in noise."""

from functools import partial
from pathlib import Path

import numpy as np
import scipy.fft
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from biosig.corpora.timit_phones import PHONES
from biosig.models.recogniser import Chain, PhoneRecogniser, collapsed
from biosig.papers import neural
from biosig.papers.primer import joint, sources
from biosig.papers.primer.joint import PLAN, JointRecipe
from biosig.papers.primer.mixtures import FAINT, TrainingStream, levelled, noisy_speech, rms, unit
from biosig.seeds import rng_for, seed_for
from biosig.signal.types import Recording
from biosig.training.checkpoints import load_checkpoint
from biosig.training.loop import Batch, fit
from biosig.training.spectral_losses import compressed

PLACE = {phone: place for place, phone in enumerate(PHONES, 1)}


class Phones:
    """A trained chain as it is called: noisy (n,) → what the recogniser hears (n,), and the phones it tells."""

    def __init__(self, chain: Chain):
        self.chain = chain.eval()
        self.bare = Chain(None, chain.recogniser).eval()

    def __call__(self, noisy: np.ndarray, with_enhancer: bool = True) -> tuple[np.ndarray, list[str]]:
        level = max(rms(noisy), FAINT)
        signal = torch.from_numpy((noisy / level).astype(np.float32))[None]
        with torch.no_grad():
            chain = self.chain if with_enhancer else self.bare
            estimate, log_probs, _ = chain(signal, torch.tensor([noisy.size]))
        told = [PHONES[k - 1] for k in collapsed(log_probs[0].argmax(-1).tolist())]
        return level * estimate[0].double().numpy(), told


def train_chain(system: str, fold: int, folder: Path, device: str, progress: bool) -> neural.Trained:
    """Train (or resume, or reload) a chain; its best weights are those that validation sentences chose."""
    recipe = joint.recipe(system, fold)
    chain = fresh(system, fold).to(device)
    learner = Chain(None, chain.recogniser) if system == "separate" else chain
    result = fit(learner, partial(loss, recipe.weight), batches(fold, recipe), validation(fold, recipe), recipe, folder,
                 progress)  # fmt: skip
    files = {"curve.csv": folder / "curve.csv"}
    return neural.Trained(Phones(chain.cpu()), neural.told(learner, result), files)


def fresh(system: str, fold: int) -> Chain:
    """An untrained recogniser, the same for all systems of a fold, behind the published enhancer or nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("phone recogniser", fold))
        recogniser = PhoneRecogniser(joint.classes(), PLAN.channels, PLAN.blocks)
    if system == "multi":
        return Chain(None, recogniser)
    enhancer, _ = load_checkpoint(neural.published("primer", joint.ENHANCER), joint.ENHANCER)
    slower = joint.recipe(system, fold).slower
    return Chain(enhancer, recogniser, frozen=system in ("separate", "behind"), slower=slower)


def loss(
    weight: float, chain: nn.Module, noisy: Tensor, clean: Tensor, lengths: Tensor, targets: Tensor, counts: Tensor,
    generator: torch.Generator | None = None,
) -> Tensor:  # fmt: skip
    """CTC per phone + weight · the compressed spectral distance of what the recogniser hears.

    Args:
        noisy, clean: (B, n), zeros after the end of each; the noisy one of RMS 1.
        lengths: samples of each (B,).
        targets: phones of all utterances, one after the other.
        counts: how many belong to each (B,).
    """
    estimates, log_probs, frames = chain(noisy, lengths)
    found = F.ctc_loss(log_probs.transpose(0, 1), targets, frames, counts, reduction="sum", zero_infinity=True)
    found = found / counts.sum()
    return found + weight * compressed(estimates, clean) if weight else found


def batches(fold: int, recipe: JointRecipe):
    """(epoch, step) → a batch; the same for all systems of a fold that train in noise."""
    speech = joint.training_speech(fold)
    stream = TrainingStream(sources.Sources(tuple(speech), tuple(sources.heard_noises("train"))))

    def batch(epoch: int, step: int) -> Batch:
        names = [("phones in noise", fold, epoch, step, row) for row in range(recipe.batch)]
        return padded([utterance(speech, stream, recipe, rng_for(*name)) for name in names])

    return batch


Utterance = tuple[np.ndarray, np.ndarray, tuple[str, ...]]  # noisy (n,), clean (n,), phones


def utterance(
    speech: list[Recording], stream: TrainingStream, recipe: JointRecipe, rng: np.random.Generator
) -> Utterance:
    """A sentence at another speed in noise, the noisy signal of RMS 1."""
    said = speech[rng.integers(len(speech))]
    clean = stretched(said.signal, 1 + rng.uniform(-recipe.stretch, recipe.stretch))
    snr_db = np.inf if rng.random() < recipe.clean_share else rng.uniform(*recipe.snrs_db)
    noise = np.zeros_like(clean) if np.isinf(snr_db) else unit(stream.noise(clean.size, rng))
    noisy, clean = levelled(unit(clean), noise, snr_db)
    return noisy, clean, joint.phones(said.item)


def stretched(signal: np.ndarray, by: float) -> np.ndarray:
    """The signal so many times as long, pitch and formants moved with it, float32, at some level."""
    n = round(signal.size * by)
    spectrum = np.zeros(n // 2 + 1, np.complex64)
    whole = scipy.fft.rfft(signal.astype(np.float32))[: spectrum.size]
    spectrum[: whole.size] = whole
    return scipy.fft.irfft(spectrum, n)


def padded(rows: list[Utterance]) -> Batch:
    """noisy (B, n), clean (B, n), lengths (B,), targets, counts (B,)."""
    noisy, clean, told = zip(*rows, strict=True)
    signals = (pad_sequence([torch.from_numpy(x.astype(np.float32)) for x in side], True) for side in (noisy, clean))
    lengths, counts = (torch.tensor([len(x) for x in side]) for side in (noisy, told))
    targets = torch.tensor([PLACE[phone] for phones in told for phone in phones])
    return *signals, lengths, targets, counts


def validation(fold: int, recipe: JointRecipe):
    """chain → CTC's loss per phone on the validation people's sentences; lower is better."""
    said = joint.own(joint.speech(joint.fold_of(fold).validation.subjects))
    noises, snrs = sources.heard_noises("validation"), PLAN.validation_snrs_db
    rows = []
    for i, each in enumerate(said):
        mixture = noisy_speech(each, noises[(5 * i) % len(noises)], snrs[i % len(snrs)], "validation")
        noisy = mixture.clean if recipe.clean_share == 1 else mixture.noisy
        rows.append((noisy / rms(noisy), mixture.clean / rms(noisy), joint.phones(each.item)))
    parts = [padded(rows[k : k + recipe.batch]) for k in range(0, len(rows), recipe.batch)]

    def value(chain: nn.Module) -> float:
        device, total, phones = next(chain.parameters()).device, 0.0, 0
        for part in parts:
            counts = int(part[-1].sum())
            total += counts * float(loss(0.0, chain, *(x.to(device) for x in part)))
            phones += counts
        return total / phones

    return value
