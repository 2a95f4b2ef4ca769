"""Every page in the table of contents exists, and every page that exists is in it."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"


def listed(node: object) -> list[str]:
    """Every ``file`` below a node of the table of contents."""
    if isinstance(node, list):
        return [name for each in node for name in listed(each)]
    if isinstance(node, dict):
        own = [node["file"]] if "file" in node else []
        return own + [name for value in node.values() for name in listed(value)]
    return []


def toc() -> list[str]:
    content = yaml.safe_load((ROOT / "_toc.yml").read_text())
    return [content["root"], *listed(content["parts"])]


def pages() -> set[str]:
    """Every Markdown page as the table of contents would name it."""
    folders = {BOOK: [path for path in BOOK.rglob("*.md") if not {"_build", "_ext"} & set(path.parts)],
               ROOT: list((ROOT / "notebooks").rglob("*.md"))}
    names = {path.relative_to(top).with_suffix("").as_posix()
             for top, paths in folders.items() for path in paths}
    return {name for name in names if ".ipynb_checkpoints" not in name}


def test_every_listed_page_exists():
    assert not [name for name in toc() if not (BOOK / f"{name}.md").is_file()]


def test_every_page_is_listed_once():
    names = toc()
    assert len(names) == len(set(names))
    assert pages() - set(names) == set()


def test_every_page_starts_with_one_title():
    for name in toc():
        lines = (BOOK / f"{name}.md").read_text().splitlines()
        titles, fenced = [], False
        for line in lines:
            fenced ^= line.startswith(("```", ":::"))
            titles += [line] if line.startswith("# ") and not fenced else []
        assert len(titles) == 1, f"{name} has the titles {titles}: expected one"
