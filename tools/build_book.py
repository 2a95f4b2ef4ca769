"""Build the book, unless it stands already for exactly these inputs: what ``make book`` runs.

``jupyter-book build book/`` does the same work; this adds the answer "nothing changed" in a second.
Further arguments go to jupyter-book.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from biosig_book import freshness  # noqa: E402  (the path to it is set one line above)

BUILD = ROOT / "book" / "_build"
INDEX = BUILD / "html" / "index.html"
STAMP = BUILD / ".built-from"
LINKS = ("_config.yml", "_toc.yml", "notebooks")  # in book/, each to its namesake one folder up


def broken_links() -> list[str]:
    """Links in book/ that a checkout without symbolic links has turned into text files."""
    return [name for name in LINKS if (ROOT / "book" / name).resolve() != (ROOT / name).resolve()]


def is_built(key: str) -> bool:
    """Whether the last good build came from these inputs."""
    return INDEX.exists() and STAMP.exists() and STAMP.read_text() == key


def build(arguments: list[str]) -> int:
    """Run jupyter-book; only a good build leaves a stamp."""
    STAMP.unlink(missing_ok=True)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book/", *arguments]
    return subprocess.run(command, cwd=ROOT).returncode


def main(arguments: list[str]) -> int:
    """Check the links, look at the stamp, build."""
    if broken := broken_links():
        print(f"book/{broken[0]} is not a link to ../{broken[0]}: run "
              "`git config core.symlinks true && git checkout -- book`.", file=sys.stderr)
        return 2
    key = freshness.book_key(ROOT, freshness.current_profile())
    if not arguments and is_built(key):
        print(f"Nothing changed: the book stands at {INDEX.relative_to(ROOT)}")
        return 0
    code = build(arguments)
    if code == 0:
        STAMP.write_text(key)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
