"""Questions of the log as a list, for people who read it in a terminal: two lines for each. The
first says when, who, where, how it ended, what people said of it, and its id; the second what was
asked, and the first code of the answer with its title and edition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from bot.messages import message
from bot.querylog.records import Record
from bot.views.log_page import STYLES, edition_names, ended, first_code, question, told
from bot.views.screen import Screen, printable
from bot.views.times import Times
from codesets.model import SYSTEM_NAMES

#: Characters of an id that are shown: enough to name one question, and few enough to type.
SHORT_ID = 8
#: The most characters of a cell, in the order of the columns; which columns a screen that is too
#: narrow leaves out, the least important first; and which is cut if that is not enough.
_MOST = (16, 14, 9, 18, 14, SHORT_ID)
_LEAST_IMPORTANT, _OUTCOME = (2, 1, 4), 3
_BETWEEN = "  "
#: Outcomes whose answer is codes; of others the headline says more.
_OF_CODES = ("answered", "verdict")
#: The share of a line that a question may take, if its code needs the rest.
_QUESTION = 0.45


def lines(records: Sequence[Record], screen: Screen, times: Times) -> list[Text]:
    """The list under its headings, in the order of the records."""
    heads = [Text(one, "heading") for one in message("log_page.list_heads").split("|")]
    rows = [_cells(record, times) for record in records]
    widths = [
        min(max(row[column].cell_len for row in (heads, *rows)), most)
        for column, most in enumerate(_MOST)
    ]
    shown = list(range(len(_MOST)))
    for column in _LEAST_IMPORTANT:
        if _width(widths, shown) > screen.width:
            shown.remove(column)
    widths[_OUTCOME] -= max(_width(widths, shown) - screen.width, 0)
    drawn = [_row(heads, widths, shown)]
    for record, row in zip(records, rows, strict=True):
        drawn += [_row(row, widths, shown), _asked(record, screen.width)]
    return drawn


def _width(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[column] for column in shown) + len(_BETWEEN) * (len(shown) - 1)


def counted(
    records: Sequence[Record], count: int, screen: Screen, times: Times, *, all_of: str
) -> list[Text]:
    """Under a list: how many of how many were shown, how to see one and the rest, and in which zone
    the times are. `all_of`: the message of how many there are."""
    words = message(
        "log_page.shown",
        shown=f"{len(records):,}",
        of=message(all_of, count=f"{count:,}"),
        more=message("log_page.more_listed") if count > len(records) else "",
        zone=times.zones(record.asked_at for record in records),
    )
    return [Text(), screen.hanging(Text(words, "small"))]


def nothing(filters: Mapping[str, str], widened: Mapping[str, int]) -> str:
    """That nothing was found, with the filters that were set and how many fit without each."""
    if not filters:
        return message("log_page.empty")
    given = ", ".join(f"{name} {value}" for name, value in filters.items())
    said = [message("log_page.nothing", filters=given)]
    said += [
        message("log_page.widen", name=name, count=f"{count:,}") for name, count in widened.items()
    ]
    return printable(" ".join(said if widened else [*said, message("log_page.nothing_close")]))


def _cells(record: Record, times: Times) -> list[Text]:
    return [
        Text(times.short(record.asked_at)),
        Text(printable(record.user or "-")),
        Text(printable(record.surface)),
        ended(record, "log_page.sure_in_list"),
        _rated(record),
        Text(record.id[:SHORT_ID], "code"),
    ]


def _rated(record: Record) -> Text:
    """The ratings of all, each with how often it was given."""
    shown = Text()
    for rating, times in Counter(str(one["verdict"]) for one in record.feedback).items():
        words = printable(rating if times == 1 else f"{times} {rating}")
        shown.append(", " if shown else "").append(words, STYLES.get(rating, ""))
    return shown or Text("-", "small")


def _row(cells: Sequence[Text], widths: Sequence[int], shown: Sequence[int]) -> Text:
    drawn = []
    for column in shown:
        cell = cells[column].copy()
        cell.truncate(widths[column], overflow="ellipsis", pad=True)
        drawn.append(cell)
    return Text(_BETWEEN).join(drawn)


def _asked(record: Record, width: int) -> Text:
    """What was asked and answered, in one line. Where the answer did not arrive, that comes
    first."""
    line = Text(_BETWEEN)
    if record.delivery not in ("delivered", record.ended):
        line.append(f"{record.delivery}: ", STYLES.get(record.delivery, ""))
    room = width - line.cell_len
    answered = Text(printable(told(record.answer)))
    if record.outcome in _OF_CODES and record.codes:
        answered = Text.assemble(*_answered(record))
    if not answered:
        return line.append(_cut(printable(question(record)), room))
    asked = printable(question(record))
    most = max(int(room * _QUESTION), room - answered.cell_len - 3)
    line.append(_cut(asked, min(cell_len(asked), most)))
    line.append(" → ", "small")
    answered.truncate(width - line.cell_len, overflow="ellipsis")
    return line.append_text(answered)


def _answered(record: Record) -> Iterator[tuple[str, str]]:
    """The first code, its edition, the verdict on it, and its title: what may be cut is last."""
    code, title = first_code(record) or ("", "")
    yield printable(code), "code"
    first = record.codes[0]
    if status := first.get("status"):
        yield printable(f" {status.replace('_', ' ')}"), "" if status == "billable" else "doubt"
    if edition := _edition(record, str(first.get("system") or "")):
        yield printable(f" ({edition})"), "small"
    if title:
        yield printable(f" {title}"), ""


def _edition(record: Record, system: str) -> str:
    """The label of the edition of a system, without its name where the code shows the system."""
    name = SYSTEM_NAMES.get(system, system)
    for edition in edition_names(record):
        if name and edition.startswith(f"{name} "):
            return edition.removeprefix(f"{name} ")
    return ""


def _cut(text: str, most: int) -> str:
    return text if cell_len(text) <= most else set_cell_size(text, max(most - 1, 0)).rstrip() + "…"
