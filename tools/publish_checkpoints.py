"""Copy the best checkpoint of each network of a paper's open profile, or of those named, into the package.

    python tools/publish_checkpoints.py PAPER [SYSTEM ...]

Run after `biosig run PAPER --profile open`. Best means best on validation: the test has no say.
"""

import sys

from biosig.papers.base import open_store, paper

if __name__ == "__main__":
    name, *systems = sys.argv[1:] or [""]
    print(*paper(name).publish(open_store("open"), systems=systems), sep="\n")
