"""What a list of recordings holds, counted: the lines of a paper's table of corpora, from the files that are here."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from biosig.errors import DataError
from biosig.signal.types import Recording


@dataclass(frozen=True)
class Counted:
    """How much there is.

    Attributes:
        speakers: people.
        women, men: of these; None where nobody says who is a woman.
        utterances: label → how many, by label.
        minutes: of all together.
    """

    speakers: int
    women: int | None
    men: int | None
    utterances: dict[str, int]
    minutes: float

    @property
    def total(self) -> int:
        """Utterances of all labels."""
        return sum(self.utterances.values())


def counted(recordings: Sequence[Recording], women: Collection[str] | None = None) -> Counted:
    """Count speakers, utterances and minutes.

    Args:
        recordings: each by the subject who speaks.
        women: all subjects of the corpus who are women; None where that is not known.

    Raises:
        DataError: no recordings.
    """
    if not recordings:
        raise DataError("there are no recordings to count: expected one or more.")
    speakers = {recording.subject for recording in recordings}
    n_women = None if women is None else len(speakers & set(women))
    labels = Counter(recording.label for recording in recordings)
    return Counted(
        speakers=len(speakers),
        women=n_women,
        men=None if n_women is None else len(speakers) - n_women,
        utterances=dict(sorted(labels.items())),
        minutes=sum(recording.seconds for recording in recordings) / 60,
    )
