"""One page of a built site as tools/check_site.py reads it: what it links to, loads, and shows."""

from html.parser import HTMLParser

LOADED = {"script": "src", "img": "src", "audio": "src", "source": "src", "video": "src", "iframe": "src"}
VOID = {"img", "br", "hr", "input", "meta", "link", "source", "area", "base", "col", "embed", "track", "wbr"}


class Page(HTMLParser):
    """What a page links to, loads, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, set[str]]] = []  # elements around the present place, with their classes
        self.maths: list[str] = []
        self.inline_scripts: list[str] = []
        self.unnumbered: list[str] = []
        self.scripts: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.undescribed: list[str] = []
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what matters of one element."""
        found = {name: value or "" for name, value in attributes}
        if tag not in VOID:
            self.open.append((tag, set(found.get("class", "").split())))
        if tag == "script":
            self.note_script(found)
        if tag == "img":
            self.note_image(found)
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "html":
            self.language = found.get("lang", "")
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon"):
            self.loads.append(found.get("href", ""))
        if LOADED.get(tag) in found:
            self.loads.append(found[LOADED[tag]])

    def note_script(self, found: dict[str, str]) -> None:
        """Which file it loads, or that what follows is its text."""
        if "src" in found:
            self.scripts.append(found["src"])
        elif found.get("type", "") in ("", "text/javascript"):
            self.inline_scripts.append("")

    def note_image(self, found: dict[str, str]) -> None:
        """What an image lacks; a picture in a solution needs no caption."""
        name = found.get("src", "")[:80]
        if not found.get("alt", "").strip():
            self.undescribed.append(name)
        if self.inside("cell_output") and not self.inside("from-cell") and not self.inside("solution"):
            self.unnumbered.append(name)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and with it what was left open in it."""
        places = [at for at, (name, _) in enumerate(self.open) if name == tag]
        del self.open[places[-1] if places else len(self.open) :]

    def handle_data(self, data: str) -> None:
        """Keep formulas and scripts."""
        if self.inside("math") and not self.inside("eqno"):
            self.maths.append(data)
        if self.open and self.open[-1][0] == "script" and self.inline_scripts:
            self.inline_scripts[-1] += data

    def inside(self, name: str) -> bool:
        """Whether an element around the present place has a class."""
        return any(name in classes for _, classes in self.open)
