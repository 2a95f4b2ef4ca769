"""Error rates of words and characters against an own edit distance, and the form that texts are brought to."""

import pytest

from biosig.errors import DataError
from biosig.metrics.recognition import alignment, cer, character_errors, normalised, spelled, wer, word_errors
from biosig.results.items import Item
from biosig.results.measures import percent, pool, rate, summarise_pool
from biosig.seeds import rng_for

jiwer = pytest.importorskip("jiwer")
WORDS = ("a", "the", "cat", "sat", "mat", "on")


def edit_distance(said, got) -> int:
    """Levenshtein's distance by its recursion, one row at a time."""
    row = list(range(len(got) + 1))
    for i, word in enumerate(said, 1):
        last, row = row, [i]
        for j, other in enumerate(got, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (word != other)))
    return row[-1]


def sentences(count: int) -> list[tuple[str, str]]:
    """Pairs of random sentences of a few words; the second may be empty."""
    rng = rng_for("sentences to align")
    return [
        tuple(" ".join(rng.choice(WORDS, size)) for size in (rng.integers(1, 9), rng.integers(0, 9)))
        for _ in range(count)
    ]


@pytest.mark.parametrize(("said", "got"), sentences(60))
def test_errors_are_those_of_an_own_edit_distance(said, got):
    words, characters = word_errors(said, got), character_errors(said, got)
    assert words.total == edit_distance(said.split(), got.split()) and words.n == len(said.split())
    assert characters.total == edit_distance(said, got) and characters.n == len(said)


@pytest.mark.parametrize(("said", "got"), sentences(20))
def test_an_alignment_holds_both_texts_in_order_and_as_many_steps_of_each_kind_as_are_counted(said, got):
    steps, found = alignment(said, got), word_errors(said, got)
    assert [step.reference for step in steps if step.reference] == said.split()
    assert [step.heard for step in steps if step.heard] == got.split()
    kinds = [step.kind for step in steps]
    assert [kinds.count(kind) for kind in ("substitute", "delete", "insert")] == [
        found.substitutions, found.deletions, found.insertions
    ]  # fmt: skip
    assert all((step.kind == "equal") == (step.reference == step.heard) for step in steps)


def test_a_rate_belongs_to_a_set_and_is_no_mean_of_rates():
    said, got = ["yes", "the cat sat on the mat then left"], ["no", "the cat sat on the mat then left"]
    assert wer(said, got) == pytest.approx(1 / 9) == jiwer.wer(said, got)
    assert cer(said, got) == pytest.approx(jiwer.cer(said, got))
    assert wer(["one"], ["one two three"]) == 2.0  # what is invented counts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Maybe they will take us.", "maybe they will take us"),
        ("'Tis John\u2019s  brother's\tgarage--door!", "tis john's brother's garage door"),
        ("In 1,250 of 20 cases (7%)", "in one thousand two hundred fifty of twenty cases seven"),
        ("Ärger über_all", "ärger über all"),
        (" '-' ", ""),
    ],
)
def test_texts_are_brought_to_one_form(text, expected):
    assert normalised(text) == expected == normalised(expected)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"), (13, "thirteen"), (20, "twenty"), (99, "ninety nine"), (100, "one hundred"),
        (1042, "one thousand forty two"), (300_000, "three hundred thousand"),
        (999_999, "nine hundred ninety nine thousand nine hundred ninety nine"), (1_000_000, "one" + " zero" * 6),
    ],
)  # fmt: skip
def test_numbers_are_spelled_out(number, words):
    assert spelled(number) == words


def test_bad_input_is_one_sentence():
    with pytest.raises(DataError, match="expected at least one word"):
        word_errors("...", "something")
    with pytest.raises(DataError, match="expected two lists of one length"):
        wer(["a"], [])
    with pytest.raises(DataError, match="expected two lists of one length"):
        cer("a", "b")


def test_the_measure_of_a_set_adds_errors_and_words_and_draws_people():
    counted = {"ann": [(1, 4), (0, 6)], "bob": [(5, 10)], "cid": [(0, 20)]}
    rows = [
        Item(f"{name}/{k}", name, metric, "1", float(value))
        for name, pairs in counted.items()
        for k, pair in enumerate(pairs)
        for metric, value in zip(("word_errors", "words"), pair, strict=True)
    ]
    measure = percent(rate("wer", "1", ("word_errors",), "words"))
    found = summarise_pool(pool({0: rows}, measure))
    assert found.value == pytest.approx(100 * 6 / 40) and found.n_items == 4 and found.n_subjects == 3
    assert 0 <= found.low < found.value < found.high <= 50  # all of cid, all of bob
