"""Items as rows, one metric of one mixture each, and the CSV they are kept in."""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from biosig.errors import DataError

BEFORE = ("item", "subject")
AFTER = ("metric", "version", "value", "reason")


@dataclass(frozen=True)
class Item:
    """One number about one mixture, or the reason why there is none.

    Attributes:
        item: unique name of the mixture (or recording) within its cell.
        subject: the independent unit of every statistic.
        metric: "snr_imp_db", "rmse", …
        version: which variant of the metric.
        value: finite, or None; NaN and infinity become None.
        reason: why value is None, "" otherwise.
        conditions: what the mixture was made of ("snr_db", "channel", …); an empty text means "not said".
        seconds: time that the system took for the whole mixture, in s.
    """

    item: str
    subject: str
    metric: str
    version: str
    value: float | None
    reason: str = ""
    conditions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self):
        if not (self.item and self.metric):
            raise DataError(f"an item is named {self.item!r}, its metric {self.metric!r}: expected both.")
        if self.value is not None and not math.isfinite(self.value):
            reason = self.reason or ("not a number" if math.isnan(self.value) else "infinite")
            object.__setattr__(self, "reason", reason)
            object.__setattr__(self, "value", None)
        if self.value is None and not self.reason:
            raise DataError(f"item {self.item} has no {self.metric} and no reason: expected one of them.")
        told = {str(name): str(value) for name, value in self.conditions.items() if str(value) != ""}
        object.__setattr__(self, "conditions", told)


def encode(items: Iterable[Item]) -> tuple[bytes, bytes]:
    """Items as two gzipped CSV files: the numbers, and the seconds.

    The seconds differ from run to run; kept apart, they leave the file of numbers the same bytes for the same
    computation, whatever the order the items came in, so that two runs can be compared with ``cmp``.

    Raises:
        DataError: the same metric twice for one item, or a condition named like a column.
    """
    ordered = sorted(items, key=lambda row: (row.item, row.metric))
    conditions = sorted({name for row in ordered for name in row.conditions})
    _check(ordered, conditions)
    header = (*BEFORE, *conditions, *AFTER)
    numbers = [_fields(row, conditions) for row in ordered]
    seconds = {row.item: f"{row.seconds:.4g}" for row in ordered}
    return _pack([header, *numbers]), _pack([("item", "seconds"), *seconds.items()])


def decode(numbers: bytes, seconds: bytes, name: str = "items") -> list[Item]:
    """The items back from :func:`encode`'s two files.

    Raises:
        DataError: truncated, altered or not in that layout; the sentence names ``name``.
    """
    header, *rows = _unpack(numbers, name)
    times_header, *times = _unpack(seconds, name)
    ends = len(header) - len(AFTER)
    if (*header[:2], *header[ends:]) != (*BEFORE, *AFTER) or times_header != ["item", "seconds"]:
        found, expected = ",".join(header), ",".join((*BEFORE, "…", *AFTER))
        raise DataError(f"{name} has the columns {found}: expected {expected}.")
    try:
        took = {item: float(value) for item, value in times}
        return [_item(row, header[2:ends], took) for row in rows]
    except (ValueError, KeyError) as error:  # BiosigError is a ValueError and already says what is wrong
        raise DataError(f"{name} holds a row that is not an item ({error}).") from None


def _check(items: list[Item], conditions: list[str]) -> None:
    taken = sorted(set(conditions) & {*BEFORE, *AFTER, "seconds"})
    if taken:
        raise DataError(f"a condition is named {taken[0]!r}, like a column: expected another name.")
    for one, other in zip(items, items[1:], strict=False):
        if (one.item, one.metric) == (other.item, other.metric):
            raise DataError(f"item {one.item} has {one.metric} twice: expected each metric once.")


def _fields(row: Item, conditions: list[str]) -> list[str]:
    value = "" if row.value is None else f"{row.value:.9g}"
    told = [row.conditions.get(name, "") for name in conditions]
    return [row.item, row.subject, *told, row.metric, row.version, value, row.reason]


def _item(row: list[str], conditions: list[str], seconds: dict[str, float]) -> Item:
    item, subject, *told, metric, version, value, reason = row
    number = float(value) if value else None
    named = dict(zip(conditions, told, strict=True))
    return Item(item, subject, metric, version, number, reason, named, seconds[item])


def _pack(rows: list) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def _unpack(data: bytes, name: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(gzip.decompress(data).decode())))
    except (OSError, EOFError, ValueError, csv.Error, zlib.error):
        raise DataError(f"{name} cannot be read: expected a whole gzipped CSV file.") from None
    if not rows:
        raise DataError(f"{name} is empty: expected a header and rows.")
    return rows
