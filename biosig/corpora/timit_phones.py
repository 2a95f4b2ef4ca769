"""TIMIT's 61 labels as 38 phones, for recognising them: silences and closures left out.

Source: Lee and Hon, Speaker-independent phone recognition using hidden Markov models, IEEE Transactions on Acoustics,
Speech and Signal Processing 37(11):1641-1648, 1989, table II: 39 classes. Its 39th is silence, which holds closures
and pauses. It is easy to find, so an error rate with it is lower; here it is no class.
"""

from collections.abc import Iterable

SILENCE = ("h#", "pau", "epi", "q", "pcl", "tcl", "kcl", "bcl", "dcl", "gcl")
FOLDED = {
    "ao": "aa", "ax": "ah", "ax-h": "ah", "axr": "er", "hv": "hh", "ix": "ih", "el": "l", "em": "m", "en": "n",
    "nx": "n", "eng": "ng", "zh": "sh", "ux": "uw",
}  # fmt: skip
PHONES = (
    "aa", "ae", "ah", "aw", "ay", "b", "ch", "d", "dh", "dx", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh", "k",
    "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z",
)  # fmt: skip


def folded(labels: Iterable[str]) -> list[str]:
    """The phones among TIMIT's labels, in order.

    Example:
        >>> folded(["h#", "hv", "ax-h", "tcl", "t", "q"])
        ['hh', 'ah', 't']
    """
    return [FOLDED.get(label, label) for label in labels if label not in SILENCE]
