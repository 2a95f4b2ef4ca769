"""How well words were recognised: word and character error rates, and the alignment that they count.

Before anything is counted, both texts are brought to one form (:func:`normalised`): lower case, numbers spelled out,
no punctuation, hyphens read as spaces. A rate belongs to a *set* of sentences: their errors over their words. The mean
of the rates of single sentences is another number, in which a short sentence weighs as much as a long one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from biosig.errors import DataError
from biosig.metrics import optional

NORMALISED = "1; lower case, numbers to a million spelled out, no punctuation but apostrophes in words, - as a space"
EQUAL, SUBSTITUTE, DELETE, INSERT = "equal", "substitute", "delete", "insert"
ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
LARGEST = 999_999


@dataclass(frozen=True)
class Step:
    """One step of an alignment.

    Attributes:
        kind: "equal", "substitute", "delete" or "insert".
        reference: the word that was said; "" for an inserted one.
        heard: the word that was recognised; "" for a deleted one.
    """

    kind: str
    reference: str
    heard: str


@dataclass(frozen=True)
class Errors:
    """What a recognised sentence adds to the error rate of a set.

    Attributes:
        substitutions, deletions, insertions: of words, or of characters.
        n: words, or characters, of the reference.
    """

    substitutions: int
    deletions: int
    insertions: int
    n: int

    @property
    def total(self) -> int:
        """All errors."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Errors over the reference's length; above 1 where much was inserted."""
        return self.total / self.n


def normalised(text: str) -> str:
    """One form for what two people may write in two ways.

    Spelling stays: "grey" and "gray", "honeybees" and "honey bees" remain different words.

    Example:
        >>> normalised("Mr. Brown's well-known shop sold 1,250 'cakes'!")
        "mr brown's well known shop sold one thousand two hundred fifty cakes"
    """
    text = text.lower().replace("\u2019", "'")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\d+", lambda found: f" {spelled(int(found[0]))} ", text)
    text = re.sub(r"[^\w\s']|_", " ", text)
    words = (word.strip("'") for word in text.split())
    return " ".join(word for word in words if word)


def spelled(number: int) -> str:
    """A whole number in words, without "and"; above 999,999 digit by digit.

    Example:
        >>> spelled(1042)
        'one thousand forty two'
    """
    if number > LARGEST:
        return " ".join(ONES[int(digit)] for digit in str(number))
    thousands, rest = divmod(number, 1000)
    parts = [*([f"{_below_1000(thousands)} thousand"] if thousands else []), _below_1000(rest)]
    return " ".join(part for part in parts if part) or ONES[0]


def _below_1000(number: int) -> str:
    """1 to 999 in words; nothing for 0."""
    hundreds, rest = divmod(number, 100)
    words = [ONES[hundreds], "hundred"] if hundreds else []
    if rest >= len(ONES):
        words += [TENS[rest // 10], *([ONES[rest % 10]] if rest % 10 else [])]
    elif rest:
        words.append(ONES[rest])
    return " ".join(words)


def alignment(reference: str, heard: str) -> tuple[Step, ...]:
    """What became of each word, by one of the alignments with the fewest errors; both texts are normalised first.

    Raises:
        DataError: the reference holds no word.
        ConfigError: the package jiwer is not installed.

    Example:
        >>> [step.kind for step in alignment("Are holiday aprons available?", "our holiday aprons")]
        ['substitute', 'equal', 'equal', 'delete']
    """
    said, got = _checked(reference).split(), normalised(heard).split()
    found = optional.load("jiwer").process_words(" ".join(said), " ".join(got))
    return tuple(step for chunk in found.alignments[0] for step in _steps(chunk, said, got))


def _steps(chunk, said: Sequence[str], got: Sequence[str]) -> list[Step]:
    """The steps of one of jiwer's chunks, which hold several words in a row."""
    left, right = said[chunk.ref_start_idx : chunk.ref_end_idx], got[chunk.hyp_start_idx : chunk.hyp_end_idx]
    blank = [""] * max(len(left), len(right))
    return [Step(chunk.type, *pair) for pair in zip(left or blank, right or blank, strict=True)]


def word_errors(reference: str, heard: str) -> Errors:
    """Substituted, deleted and inserted words; errors as :func:`alignment`.

    Source: word error rate as in NIST's sclite: (S + D + I) / N.

    Example:
        >>> word_errors("Are holiday aprons available?", "our holiday aprons").rate
        0.5
    """
    return _errors(optional.load("jiwer").process_words(_checked(reference), normalised(heard)))


def character_errors(reference: str, heard: str) -> Errors:
    """The same for characters, the spaces between words among them; errors as :func:`alignment`."""
    return _errors(optional.load("jiwer").process_characters(_checked(reference), normalised(heard)))


def wer(references: Sequence[str], heard: Sequence[str]) -> float:
    """Word error rate of a set: all errors over all words of the references.

    Raises:
        DataError: none, unequal numbers, or a reference without a word.
    """
    return _rate(word_errors, references, heard)


def cer(references: Sequence[str], heard: Sequence[str]) -> float:
    """Character error rate of a set; as :func:`wer`."""
    return _rate(character_errors, references, heard)


def _rate(count, references: Sequence[str], heard: Sequence[str]) -> float:
    if isinstance(references, str) or len(references) != len(heard) or not references:
        raise DataError(
            f"{len(references)} references and {len(heard)} recognised texts: expected two lists of one length, not 0."
        )
    found = [count(*pair) for pair in zip(references, heard, strict=True)]
    return sum(each.total for each in found) / sum(each.n for each in found)


def _errors(found) -> Errors:
    length = found.hits + found.substitutions + found.deletions
    return Errors(found.substitutions, found.deletions, found.insertions, length)


def _checked(reference: str) -> str:
    text = normalised(reference)
    if not text:
        raise DataError(f"the reference is {reference!r}: expected at least one word, as errors are counted per word.")
    return text
