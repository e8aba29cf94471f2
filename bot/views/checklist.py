"""Words and draws the checklist of what is loaded for a terminal: one screen, or all of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.messages import message
from codesets.loading.checklist import Checklist, Get, Item

#: The screen that it fits, in columns and lines.
COLUMNS, LINES = 80, 24
#: How many names the short line has.
_MOST_NAMES = 2


def name_of(item: Item) -> str:
    return message(f"checklist_names.{item.key}")


def short_line(checklist: Checklist) -> str:
    """What is missing in one line; "" when nothing is, and nothing ends soon."""
    names = [name_of(item) for item in checklist.needed]
    if not names:
        return next(
            (_ends(item, "checklist.short_ends") for item in checklist.done if item.ends), ""
        )
    listed = ", ".join(names[:_MOST_NAMES])
    if (left := len(names) - _MOST_NAMES) > 0:
        return message("checklist.short_more", names=listed, count=left)
    return message("checklist.short", names=listed)


def screen(checklist: Checklist, inbox: Path | None, *, most: int | None = LINES) -> list[str]:
    """The lines of the screen, at most `most` (None: all). Only addresses and names of files may be
    wider than the screen."""
    lines = [*_head(checklist), *_table(checklist)]
    how = list(_how(checklist, inbox, holds=most is None))
    room = None if most is None else most - len(lines)
    if room is not None and len(how) > room:
        left = len(how) - room + 1
        how = [*how[: room - 1], message("checklist.more", count=left)]
    return lines + how


def _head(checklist: Checklist) -> Iterator[str]:
    figures: dict[str, Any] = {
        "day": checklist.day,
        "done": len(checklist.done),
        "all": len(checklist.items),
    }
    if not checklist.missing:
        yield message("checklist.head_complete", **figures)
    elif checklist.is_complete:
        yield message("checklist.head_all_needed", **figures)
    else:
        yield message("checklist.head", **figures)
    # Where much has ended, the first line says enough for all.
    ended = [item for item in checklist.needed if item.ended]
    ends = [item for item in checklist.done if item.ends]
    if ended:
        yield from textwrap.wrap(_ended(ended[0]), COLUMNS)
    elif ends:
        yield from textwrap.wrap(_ends(ends[0], "checklist.ends"), COLUMNS)


def _ended(item: Item) -> str:
    last = item.ended
    assert last is not None
    said: dict[str, Any] = {"name": last.name, "label": last.label, "last": last.last}
    if item.starts and item.starts.effective_from > last.first:
        edition = item.starts.edition
        since = item.starts.effective_from
        return message("checklist.ended_next", **said, next=edition, since=since)
    return message("checklist.ended", **said)


def _ends(item: Item, key: str) -> str:
    ends = item.ends
    assert ends is not None
    return message(key, name=ends.name, label=ends.label, last=ends.last)


def _table(checklist: Checklist) -> Iterator[str]:
    if checklist.missing:
        columns = [message(f"checklist.columns_{one}") for one in ("what", "loaded", "without")]
        yield _row("", *columns)
    for item in checklist.missing:
        state = message(f"checklist.state_{item.state}")
        without = message("checklist.old" if item.ended else f"checklist_without.{item.key}")
        yield _row(state, name_of(item), _loaded(item), without)
    if checklist.done:
        names = ", ".join(f"{name_of(item)}{_through(item)}" for item in checklist.done)
        said = message("checklist.done", names=names)
        yield from textwrap.wrap(said, COLUMNS, subsequent_indent=" " * 6)


def _row(state: str, name: str, loaded: str, without: str) -> str:
    return f"{state:<9}{name:<25}{loaded:<18}{without}".rstrip()


def _loaded(item: Item) -> str:
    if item.ended:
        return message("checklist.loaded_ended", last=item.ended.last)
    if item.begins:
        return message("checklist.loaded_from", first=item.begins.first)
    return message("checklist.loaded_part" if item.is_part_loaded else "checklist.loaded_no")


def _through(item: Item) -> str:
    """The last day of what is done; "" where it does not end."""
    if item.lasting:
        return ""
    last = min(one.last for one in item.standings)
    return f" ({message('checklist.loaded_through', last=last)})"


def _how(checklist: Checklist, inbox: Path | None, *, holds: bool) -> Iterator[str]:
    """How to get what is missing. `holds`: with what a page holds, where it names no file."""
    if checklist.gets("fetch"):
        yield message("checklist.how_fetch")
    if downloads := checklist.gets("download"):
        yield _how_to_load(inbox)
        yield from _pages(downloads, holds=holds)
    if licensed := checklist.gets("licence"):
        if not downloads:
            yield _how_to_load(inbox)
        yield message("checklist.how_licence")
        yield from _pages(licensed, holds=holds)


def _how_to_load(inbox: Path | None) -> str:
    if inbox is None:
        return message("checklist.how_import")
    return message("checklist.how_download", inbox=inbox)


def _pages(gets: Sequence[Get], *, holds: bool) -> Iterator[str]:
    """Each page once, with the names of its files."""
    pages: dict[str, list[Get]] = {}
    for get in gets:
        pages.setdefault(get.entry.page, []).append(get)
    for page, same in pages.items():
        yield f"  {page}"
        files = ", ".join(get.entry.name for get in same if get.entry.name)
        if files or holds:
            yield from textwrap.wrap(
                files or same[0].entry.holds,
                COLUMNS,
                initial_indent="    ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def as_json(checklist: Checklist, inbox: Path | None) -> dict[str, Any]:
    """The checklist for a program; docs/COMMANDS.md has its keys."""
    return {
        "date": checklist.day.isoformat(),
        "complete": checklist.is_complete,
        "inbox": None if inbox is None else str(inbox),
        "items": [_item_json(item) for item in checklist.items],
    }


def _item_json(item: Item) -> dict[str, Any]:
    return {
        "key": item.key,
        "name": name_of(item),
        "without": message(f"checklist_without.{item.key}"),
        "state": item.state,
        "optional": item.optional,
        "loaded": [
            {
                "name": one.name,
                "edition": one.label,
                "from": str(one.first),
                "through": str(one.last),
            }
            for one in item.standings
            if one.label
        ],
        "missing": [one.name for one in item.standings if not one.label],
        "get": [
            {
                "way": get.way,
                "title": get.entry.title,
                "page": get.entry.page,
                "file": get.entry.name or None,
                "edition": get.entry.edition or None,
            }
            for get in item.gets
        ],
    }
