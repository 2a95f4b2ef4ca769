"""Copy the best checkpoint of each network of a paper's open profile into the package.

    python tools/publish_checkpoints.py PAPER

Run after `biosig run PAPER --profile open`. Best means best on validation: the test has no say.
"""

import sys

from biosig.papers.base import open_store, paper

if __name__ == "__main__":
    print(*paper(sys.argv[1] if len(sys.argv) > 1 else "").publish(open_store("open")), sep="\n")
