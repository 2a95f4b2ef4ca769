"""Copy the best checkpoint of each network of a paper's open profile into the package.

    python tools/publish_checkpoints.py msemg|primer

Run after `biosig run PAPER --profile open`. Best means best on validation: the test has no say.
"""

import importlib
import sys

from biosig.papers.base import MODULES, known, open_store

if __name__ == "__main__":
    name = known("paper", sys.argv[1] if len(sys.argv) > 1 else "", MODULES)
    print(*importlib.import_module(f"{MODULES[name]}.protocol").publish(open_store("open")), sep="\n")
