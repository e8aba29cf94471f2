"""The Home tab: https://docs.slack.dev/surfaces/app-home. Pure functions.

A view holds at most 100 blocks, and a section 3,000 characters. What people typed is never markup.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import Block, DividerBlock, HeaderBlock
from slack_sdk.models.views import View

from bot.messages import message
from bot.slack.home_facts import Asked, ForAuditors, HomeFacts, Kept, Loaded, Upkeep
from bot.slack.people import Defaults
from bot.slack.views.block_kit import (
    actions,
    as_posted,
    button,
    context,
    cut,
    escape,
    left_out,
    plain_text,
    section,
)
from codesets.model import SETTING_NAMES, SYSTEM_NAMES

#: Actions. TRY: one of the first three questions, with its number behind the name. OPEN: a question
#: of late, by its id. CODE: a favourite, as "system code". HELP, ADD, DEFAULTS, LOAD open modals.
TRY, OPEN, CODE = "home_try", "home_open", "home_code"
HELP, ADD, DEFAULTS, LOAD = "home_help", "home_add", "home_defaults", "home_load"

TRIES = 3
_MOST_BLOCKS = 100
#: Characters of a question, an answer's line, a title, and a list of names.
_WORDS, _LINE, _TITLE, _NAMES = 150, 200, 120, 600


def home_view(facts: HomeFacts) -> dict[str, Any]:
    blocks = [*_blocks(facts)]
    if len(blocks) > _MOST_BLOCKS:
        (told,) = left_out(len(blocks) - _MOST_BLOCKS + 1)
        blocks = [*blocks[: _MOST_BLOCKS - 1], context(told)]
    return View(type="home", blocks=blocks).to_dict()


def _blocks(facts: HomeFacts) -> Iterator[Block]:
    if facts.is_newcomers:
        yield from intro_blocks(facts.contact)
    else:
        yield from _asked(facts.asked)
    yield from _favourites(facts.favourites)
    yield from _defaults(facts.defaults)
    yield from _loaded(facts.loaded)
    if facts.upkeep is not None:
        yield from _upkeep(facts.upkeep, facts.loaded)
    if facts.audit is not None:
        yield from _audit(facts.audit)
    if not facts.is_newcomers:
        yield DividerBlock()
        yield actions([button(HELP, message("home.help"), "help")])
        yield context(message("home.footer", contact=contact_shown(facts.contact)))


def _heading(name: str) -> Iterator[Block]:
    yield DividerBlock()
    yield HeaderBlock(text=plain_text(message(f"home.{name}_heading")))


# For newcomers


def intro_blocks(contact: str) -> Iterator[Block]:
    """Who it is, what to try, what to leave out, and whom to ask."""
    yield HeaderBlock(text=plain_text(message("home.hello")))
    yield section(message("home.who"))
    yield section(message("home.try"))
    tries = [message(f"home.try_{number}") for number in range(1, TRIES + 1)]
    yield actions([button(f"{TRY}_{n}", words, str(n)) for n, words in enumerate(tries, 1)])
    yield section(message("home.ways"))
    yield section(message("home.leave_out"))
    yield section(message("home.reach", contact=contact_shown(contact)))


def contact_shown(contact: str) -> str:
    """The contact of the settings. An id of a channel or of a user becomes a link to it."""
    contact = contact.strip().strip("<>")
    if re.fullmatch("#?[CG][A-Z0-9]{6,}", contact):
        return f"<#{contact.lstrip('#')}>"
    if re.fullmatch("@?[UW][A-Z0-9]{6,}", contact):
        return f"<@{contact.lstrip('@')}>"
    return cut(escape(contact), _LINE) or message("home.nobody")


# For everybody


def _asked(asked: list[Asked] | None) -> Iterator[Block]:
    yield HeaderBlock(text=plain_text(message("home.asked_heading")))
    if asked is None:
        yield section(message("home.asked_unreadable"))
        return
    yield context(message("home.asked_private"))
    for one in asked:
        text = message(
            "home.asked",
            words=one_line(one.words, _WORDS),
            says=one_line(one.says, _LINE) or message("home.no_answer"),
            at=when(one.at),
        )
        yield section(text, button(OPEN, message("home.open"), one.id))


def _favourites(kept: list[Kept]) -> Iterator[Block]:
    yield from _heading("favourites")
    if not kept:
        yield section(message("home.favourites_none"))
    for one in kept:
        text = message(
            "home.favourite",
            code=one_line(one.favourite.code, _WORDS),
            title=one_line(one.title, _TITLE),
            mark=mark(one),
        )
        value = f"{one.favourite.system} {one.favourite.code}"
        yield section(text, button(CODE, message("home.open"), value))
    yield actions([button(ADD, message("home.add"), "add")])


def mark(kept: Kept) -> str:
    """What a code is today, in a few words."""
    if kept.status == "deleted" and kept.replaced_by:
        codes = ", ".join(f"`{escape(code)}`" for code in kept.replaced_by[:5])
        return message("home.mark_deleted_replaced", codes=codes)
    return message(f"home.mark_{kept.status or 'none'}", release=escape(kept.release))


def _defaults(chosen: Defaults) -> Iterator[Block]:
    yield from _heading("defaults")
    systems = ", ".join(SYSTEM_NAMES[system] for system in chosen.systems)
    setting = SETTING_NAMES[chosen.setting] if chosen.setting else message("home.any_setting")
    day = message("home.fixed_day", day=chosen.day) if chosen.day else message("home.today")
    who = message("home.for_me" if chosen.private else "home.for_all")
    lines = [
        message("home.default_systems", systems=systems or message("home.all_systems")),
        message("home.default_setting", setting=setting),
        message("home.default_day", day=f"⚠️ {day}" if chosen.day else day),
        message("home.default_private", who=who),
    ]
    change = button(DEFAULTS, message("home.change"), "change")
    yield section("\n".join(lines), change)
    yield context(message("home.defaults_intro"))


def _loaded(loaded: Loaded) -> Iterator[Block]:
    yield from _heading("loaded")
    editions = [escape(edition) for edition in loaded.editions]
    yield section("\n".join(editions) or message("home.nothing_loaded"))
    if loaded.outdated:
        yield context(message("home.outdated", names=_listed(loaded.outdated)))
    elif loaded.editions:
        yield context(message("home.current"))


# For some


def _audit(audit: ForAuditors) -> Iterator[Block]:
    yield from _heading("audit")
    if audit.week is None:
        yield section(message("home.audit_unreadable"))
        return
    figures = audit.week
    yield section(
        message(
            "home.audit_week",
            today=figures.today,
            week=figures.week,
            without=figures.without_answer,
            wrong=figures.wrong,
        )
    )
    at = audit.checkpoint
    told = message("home.audit_checkpoint", at=when(at)) if at else ""
    yield context(f"{told or message('home.audit_no_checkpoint')} {message('home.audit_more')}")


def _upkeep(upkeep: Upkeep, loaded: Loaded) -> Iterator[Block]:
    yield from _heading("upkeep")
    missing = _listed(loaded.missing)
    named = message("home.upkeep_missing", names=missing) if missing else ""
    yield section(named or message("home.upkeep_complete"))
    if not upkeep.indexed:
        yield section(message("home.upkeep_no_index"))
    if upkeep.files:
        yield section(cut(escape("\n".join(upkeep.files)), 1500))
    yield actions([button(LOAD, message("home.load"), "load")])
    yield context(message("home.upkeep_files"))


# Words


def one_line(text: str, most: int) -> str:
    """A text that people typed, in one line and never markup. Signs that Slack takes for markup get
    a space of no width on both sides."""
    text = escape(" ".join(text.split()))
    return cut(re.sub(r"([*_~`])", "\u200b\\1\u200b", text), most)


def when(at: str) -> str:
    """A time of the log as Slack shows it to each reader, in their own time zone:
    https://docs.slack.dev/messaging/formatting-message-text (date formatting)"""
    try:
        time = dt.datetime.fromisoformat(at)
    except ValueError:
        return ""
    plain = message("home.at", day=at[:16].replace("T", " "))
    return f"<!date^{int(time.timestamp())}^{{date_short_pretty}}, {{time}}|{plain}>"


def _listed(names: tuple[str, ...]) -> str:
    return cut(escape(", ".join(names)), _NAMES)


def as_modal(title: str, blocks: Sequence[Block]) -> dict[str, Any]:
    """https://docs.slack.dev/reference/views/modal-views"""
    return {
        "type": "modal",
        "title": plain_text(message(title)).to_dict(),
        "close": plain_text(message("home.close")).to_dict(),
        "blocks": as_posted(blocks)[:_MOST_BLOCKS],
    }
