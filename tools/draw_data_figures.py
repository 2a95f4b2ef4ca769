"""Draw the picture of the calibration pulses that open five NSRDB records, which the first MSEMG page shows.

Run with BIOSIG_DATA set. The corpus is not part of the project, so the picture is drawn here once and committed;
calibration.json beside it says from which files.
"""

import json
import sys
from pathlib import Path

import numpy as np

from biosig.corpora import nsrdb
from biosig.corpora.registry import locate, manifest_hash
from biosig.display import style
from biosig.files import atomic_path, write_text
from biosig.results.provenance import checkout

FOLDER = checkout() / "notebooks" / "msemg" / "figures"
SECONDS = 60


def main() -> int:
    """Draw the picture and write what it was drawn from."""
    import matplotlib

    matplotlib.use("Agg")
    draw(locate("nsrdb"), FOLDER / "calibration.png")
    told = {"corpus": "nsrdb", "licence": nsrdb.CARD.licence, "manifest_hash": manifest_hash("nsrdb")}
    write_text(FOLDER / "calibration.json", json.dumps(told, indent=1) + "\n")
    return 0


def draw(root: Path, path: Path) -> None:
    """The first minute of each record as distributed; grey where ``corrected`` starts to use it."""
    import matplotlib.pyplot as plt

    style()
    figure, axes = plt.subplots(len(nsrdb.CALIBRATION_S), 1, figsize=(6.4, 5.2), sharex=True)
    for ax, (record, used_from) in zip(axes, nsrdb.CALIBRATION_S.items(), strict=True):
        signal = nsrdb.read_raw(root, record)[: round(SECONDS * nsrdb.FS_RAW)]
        ax.plot(np.arange(signal.size) / nsrdb.FS_RAW, signal, linewidth=0.7)
        ax.axvspan(used_from, SECONDS, color="0.85", linewidth=0)
        ax.set_ylabel(record, rotation=0, ha="right", va="center")
        ax.set(yticks=[], xlim=(0, SECONDS))
    axes[-1].set_xlabel("time, s")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=130, format="png", metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
