"""Training a recogniser with an enhancer: folds of people, batches, the loss, and the tables over all folds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from biosig.corpora.splits import split
from biosig.corpora.timit_phones import FOLDED, PHONES, SILENCE, folded
from biosig.models.recogniser import Chain, LogMel, PhoneRecogniser, collapsed
from biosig.papers.primer import joint, joint_train, tables_joint
from biosig.papers.primer.protocol import PROTOCOL
from biosig.papers.primer.recognition import CLEAN
from biosig.papers.primer.sources import FS
from biosig.results.items import CellStore, Item
from biosig.results.verify import check_sources
from biosig.seeds import rng_for
from biosig.signal.types import Recording
from biosig.training.state import optimiser_of

TOLD = {"timit_sample/fa/sx1": ("hh", "ah", "l", "ow"), "timit_sample/mb/sx2": ("k", "ae", "t")}


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(joint, "phones", lambda item: TOLD[item.partition("@")[0]])


def speech():
    rng = rng_for("phones to train on")
    return [
        Recording(0.1 * rng.standard_normal(n), FS, "full scale", item, item.split("/")[1])
        for n, item in zip((9000, 6000), TOLD, strict=True)
    ]


def stream():
    noise = Recording(rng_for("noise").standard_normal(20_000), FS, "full scale", "noise/n", "n")
    return joint_train.TrainingStream(joint_train.sources.Sources(tuple(speech()), (noise,)))


def small(**options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PhoneRecogniser(joint.classes(), channels=16, blocks=2, **options)


# --- people and phones ----------------------------------------------------------------------------------------------


def test_everyone_is_tested_once_and_never_by_those_who_know_them():
    everyone = set(split("timit_sample").test.subjects)
    folds = [joint.fold_of(k) for k in joint.FOLDS]
    tested = [name for fold in folds for name in fold.test.subjects]
    assert sorted(tested) == sorted(everyone)
    for fold in folds:
        sides = [set(part.subjects) for part in (fold.train, fold.validation, fold.test)]
        assert set.union(*sides) == everyone and sum(map(len, sides)) == len(everyone)
        assert [name[0] for name in fold.test.subjects].count("f") == 2


def test_timits_labels_become_38_phones():
    assert len(PHONES) == 38 == len(set(PHONES)) and sorted(PHONES) == list(PHONES)
    assert set(FOLDED.values()) <= set(PHONES) and not set(FOLDED) & set(PHONES) and not set(SILENCE) & set(PHONES)
    assert len(FOLDED) + len(PHONES) + len(SILENCE) == 61  # as many as TIMIT has
    assert folded(["h#", "hv", "ax-h", "tcl", "t", "q", "zh"]) == ["hh", "ah", "t", "sh"]


def test_sentences_that_somebody_tested_reads_are_not_trained_on(monkeypatch):
    names = {"train": ("a", "b"), "test": ("c",)}
    read = {"a": ("sa1", "sx1"), "b": ("sx2",), "c": ("sa1", "sx1", "sx3")}
    parts = replace(joint.fold_of(0), **{k: replace(joint.fold_of(0).train, subjects=v) for k, v in names.items()})
    monkeypatch.setattr(joint, "fold_of", lambda fold: parts)
    made = lambda who, what: Recording(np.ones(9), FS, "full scale", f"timit_sample/{who}/{what}", who, what)  # noqa: E731
    monkeypatch.setattr(joint, "speech", lambda people: tuple(made(w, x) for w in people for x in read[w]))
    assert [each.item for each in joint.training_speech(0)] == ["timit_sample/a/sa1", "timit_sample/b/sx2"]


# --- the network ----------------------------------------------------------------------------------------------------


def test_log_mel_is_that_of_a_slow_loop_and_blind_to_level():
    x = rng_for("mel").standard_normal(8000)
    mel = LogMel()
    found = mel(torch.from_numpy(x[None]).float(), torch.tensor([8000]))[0].double().numpy()
    window = np.zeros(512)
    window[56:456] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    padded = np.pad(x, 256)
    frames = [np.abs(np.fft.rfft(window * padded[k : k + 512])) ** 2 for k in range(0, 8001, 160)]
    band = np.log(np.array(frames) @ mel.bank.double().numpy().T + 1e-6).T
    expected = (band - band.mean(1, keepdims=True)) / (band.std(1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(found, expected, atol=5e-3)
    loud = mel(torch.from_numpy(100 * x[None]).float(), torch.tensor([8000]))[0]
    np.testing.assert_allclose(loud, found, atol=5e-3)


def test_padding_changes_no_frame_of_an_utterance():
    network = small().eval()
    x = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    both = torch.cat([F.pad(x, (0, 8000)), torch.randn(1, 16000, generator=torch.Generator().manual_seed(1))])
    with torch.no_grad():
        alone, frames = network(x, torch.tensor([8000]))
        among, _ = network(both, torch.tensor([8000, 16000]))
    assert frames.item() == alone.shape[1] == 26
    np.testing.assert_allclose(among[0, :20], alone[0, :20], atol=1e-4)  # the last ones see the edge


def test_paths_collapse_as_ctc_says():
    assert collapsed([0, 3, 3, 0, 3, 5, 5]) == [3, 3, 5] and collapsed([]) == [] == collapsed([0, 0])


def test_a_frozen_enhancer_learns_nothing_and_another_does():
    for frozen in (True, False):
        chain = Chain(torch.nn.Linear(4000, 4000, bias=False), small(), frozen).train()
        assert not chain.enhancer.training and chain.recogniser.training
        estimates, log_probs, frames = chain(torch.ones(1, 4000), torch.tensor([4000]))
        log_probs.sum().backward()
        assert (chain.enhancer.weight.grad is None) == frozen
        assert estimates.shape == (1, 4000) and log_probs.shape == (1, frames.item(), joint.classes())


def test_an_enhancer_that_has_learnt_already_learns_more_slowly():
    chain = Chain(torch.nn.Linear(4, 4), small(), slower=0.1)
    optimiser = optimiser_of(joint.recipe("joint", 0), chain)
    rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    assert rates[id(chain.enhancer.weight)] == pytest.approx(0.1 * rates[id(chain.recogniser.leave.weight)])
    assert len(rates) == len(list(chain.parameters()))


# --- batches and the loss -------------------------------------------------------------------------------------------


def test_a_batch_holds_sentences_in_noise_with_their_phones(told):
    recipe = joint.recipe("multi", 0)
    rows = [joint_train.utterance(speech(), stream(), recipe, rng_for("row", k)) for k in range(6)]
    for noisy, clean, phones in rows:
        assert noisy.shape == clean.shape and np.sqrt(np.mean(noisy**2)) == pytest.approx(1, abs=1e-3)
        assert phones in TOLD.values() and 5300 < noisy.size < 10_000
    noisy, clean, lengths, targets, counts = joint_train.padded(rows)
    assert noisy.shape == clean.shape == (6, max(lengths)) and not noisy[0, lengths[0] :].any()
    assert [PHONES[k - 1] for k in targets] == [phone for *_, phones in rows for phone in phones]
    assert counts.tolist() == [len(phones) for *_, phones in rows]


def test_clean_training_hears_no_noise(told):
    recipe = joint.recipe("separate", 0)
    noisy, clean, _ = joint_train.utterance(speech(), stream(), recipe, rng_for("row"))
    np.testing.assert_array_equal(noisy, clean)


def test_speed_moves_a_tone():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / FS)
    slow = joint_train.stretched(tone, 1.1)
    assert slow.size == 17_600 and np.argmax(np.abs(np.fft.rfft(slow))) * FS / slow.size == pytest.approx(909, abs=2)


def test_the_loss_is_ctc_per_phone_plus_weighted_enhancement(told):
    rows = [joint_train.utterance(speech(), stream(), joint.recipe("multi", 0), rng_for("row", k)) for k in range(2)]
    batch, chain = joint_train.padded(rows), Chain(torch.nn.Identity(), small()).eval()
    total = 0.0
    for noisy, _, phones in rows:
        log_probs, frames = chain.recogniser(torch.from_numpy(noisy[None]), torch.tensor([noisy.size]))
        target = torch.tensor([joint_train.PLACE[phone] for phone in phones])
        log_probs, counts = log_probs.transpose(0, 1), torch.tensor([len(phones)])
        total += F.ctc_loss(log_probs, target[None], frames, counts, reduction="sum")
    apart = joint_train.compressed(batch[0], batch[1])
    phones = sum(len(row[2]) for row in rows)
    found = joint_train.loss(3.0, chain, *batch)
    np.testing.assert_allclose(found.item(), (total / phones + 3.0 * apart).item(), rtol=1e-2)


def test_all_systems_of_a_fold_begin_with_one_recogniser_and_the_published_enhancer():
    chains = {name: joint_train.fresh(name, 1) for name in joint.KINDS}
    first = chains["multi"].recogniser.leave.weight
    assert all(torch.equal(chain.recogniser.leave.weight, first) for chain in chains.values())
    assert chains["multi"].enhancer is None
    learns = {name: chain.enhancer.enter.weight.requires_grad for name, chain in chains.items() if chain.enhancer}
    assert learns == {"separate": False, "behind": False, "joint": True, "only": True}
    assert not torch.equal(joint_train.fresh("multi", 2).recogniser.leave.weight, first)


def test_a_trained_chain_is_called_on_one_clip_at_any_level():
    phones = joint_train.Phones(Chain(torch.nn.Identity(), small()))
    noisy = 0.01 * rng_for("clip").standard_normal(5000)
    estimate, heard = phones(noisy)
    np.testing.assert_allclose(estimate, noisy, atol=1e-7)
    assert heard == phones(100 * noisy)[1] == phones(noisy, with_enhancer=False)[1] and set(heard) <= set(PHONES)


# --- cells and tables -----------------------------------------------------------------------------------------------


def test_cells_are_folds_and_know_the_enhancer_that_they_begin_with():
    cells = PROTOCOL.cells("open", ["ctc_joint"])
    assert [cell.fold for cell in cells] == list(joint.FOLDS) and len({cell.name for cell in cells}) == 4
    assert len(cells[0].config["checkpoint"]) == 64 and "checkpoint" not in joint.config("multi")
    assert cells[0].config["network"]["weight"] == joint.PLAN.weight and joint.config("only")["network"]["weight"] == 0
    assert not PROTOCOL.cells("quick", ["ctc_joint"])
    assert [cell.fold for cell in PROTOCOL.cells("open", ["noisy"])] == [0]


def test_tables_take_all_folds_or_none(tmp_path):
    store = CellStore(tmp_path)
    for system, wrong in (("separate", 6), ("multi", 4), ("joint", 3)):
        for cell in PROTOCOL.cells("open", [f"ctc_{system}"])[: 3 if system == "joint" else 4]:
            items = list(counted(cell, system, wrong, (*tables_joint.SNRS, CLEAN)))
            store.write(cell, items, {"commit": "x", "dirty": False})
    found = {name: make() for name, make in tables_joint.makers(PROTOCOL, "open", store).items()}
    rows = {row[0].text: row for row in found["joint"].rows}
    assert rows["Noisy training, no enhancer"][5].value == pytest.approx(40)
    assert rows["Clean training, nothing in front"][5].value == pytest.approx(60)
    assert rows["Clean training, enhancer in front"][5].value == pytest.approx(50)
    assert rows["Noisy training, no enhancer"][5].n["subjects"] == 16
    unfinished = rows["Trained together, CTC + enhancement"][5]
    assert unfinished.value is None and unfinished.note == "3 of 4 folds are run"
    keys = [cell.key for cell in store.cells("primer", "open")]
    assert not [line for table in found.values() for line in check_sources(table, keys)]


def counted(cell, system, wrong, snrs):
    """Ten phones of each person tested, of which so many are wrong, one fewer behind an enhancer."""
    for who in joint.fold_of(cell.fold).test.subjects:
        for snr in snrs:
            for front in joint.FRONTS.get(system, ("enhancer",)):
                at = {"snr_db": snr, "front": front}
                item = f"timit_sample/{who}/sx1@{snr}/{front}"
                values = {"phones": 10, "phone_substitutions": wrong - (front == "enhancer")}
                yield from (Item(item, who, name, "1", float(value), conditions=at) for name, value in values.items())
