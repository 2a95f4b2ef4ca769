"""The card of a corpus: everything a reader should know before using it, in one frozen object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What a corpus is, where it comes from and what is wrong with it.

    Attributes:
        name: what it is called here and on the command line.
        title: its full name.
        what: what was recorded, from how many people.
        units: units of a loaded recording before any normalising.
        rate: sampling rate in Hz, as distributed.
        licence: licence as found; "none stated" where none is.
        citation_key: key in the book's bibliography.
        citation: the reference as text.
        url: where it lives.
        how_to_get: one sentence for someone who does not have it.
        quirks: traps in the data, each measured, one sentence each.
        stands_in_for: the corpus that it replaces in an open profile, "" if it replaces none.
        folders: where to look for it under ``BIOSIG_DATA``, the first that exists being used.
        manifest: committed sha256 list of the files that we used, for the first of the folders; "" if none.
    """

    name: str
    title: str
    what: str
    units: str
    rate: float
    licence: str
    citation_key: str
    citation: str
    url: str
    how_to_get: str
    quirks: tuple[str, ...] = ()
    stands_in_for: str = ""
    folders: tuple[str, ...] = ()
    manifest: str = ""
