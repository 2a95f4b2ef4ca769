"""What a paper leaves open, what its authors' code does there, and what was chosen here, as a table."""

from collections.abc import Mapping

from biosig.papers.comparison import Comparison
from biosig.results.tables import Table, absent, label


def choices(c: Comparison, settings: Mapping[str, str]) -> Table:
    """A row for each choice of the transcription.

    Args:
        c: whose transcription and profile.
        settings: choice → what the profile's own settings say of it, where the transcription does not.
    """
    rows = []
    for each in c.paper.choices:
        here = each.here or settings.get(each.name, "")
        rows.append((*map(label, (each.what, each.paper, each.code)), label(here) if here else absent("not told")))
    heads = ("Choice", "The paper", "The authors' code", f"Here, profile {c.profile}")
    return Table("choices", "What the paper leaves open, and what was chosen", heads, tuple(rows))
