"""Six more VoiceBank-DEMAND test pairs of p232, whose noisy side came at 24 kHz; layout as in ``voicebank``."""

from dataclasses import replace
from pathlib import Path

from biosig.corpora import voicebank
from biosig.signal.types import Mixture

CARD = replace(
    voicebank.CARD,
    name="voicebank_more",
    title="VoiceBank-DEMAND, six more test pairs of speaker p232",
    what="Read English, one man (p232), 6 further ones of the 824 test pairs: clean and with noise added.",
    how_to_get="Place the pairs, resampled to 16 kHz, in $BIOSIG_DATA/voicebank_demand_p232_more/clean and …/noisy.",
    quirks=(
        "Evaluation only, and the same man as in voicebank: more of his utterances, no other voice.",
        "The noisy side was stored at 24 kHz and is resampled. On four pairs that exist at both rates it differs by "
        "-45 to -47 dB from the other way; what is called noise here holds that difference.",
    ),
    folders=("voicebank_demand_p232_more",),
    manifest="voicebank_more.txt",
)


def pairs(root: Path) -> list[Mixture]:
    """Every pair as a mixture, see :func:`biosig.corpora.voicebank.pairs`, of which the errors are too."""
    return voicebank.pairs(root, CARD.how_to_get)
