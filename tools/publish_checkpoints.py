"""Put each network's best checkpoint, its seed chosen on validation, where `biosig denoise` and the book read it."""

import sys

from biosig.papers.base import open_store
from biosig.papers.msemg.protocol import publish

if __name__ == "__main__":
    print(*publish(open_store("open")), sep="\n")
    sys.exit(0)
