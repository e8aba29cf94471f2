"""The note most likely to cause a denial, in a sentence, and what is asked back: for Slack and the
terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.answer import Answer
from bot.desk.denial_risk import Risk, denial_risk
from bot.desk.many_codes import is_many
from bot.messages import message
from bot.views.notices import conflict_in
from bot.views.report_words import is_of_codes_together, parts
from codesets.model import NOTE_HEADINGS


def risk_of(answer: Answer) -> str:
    """The one note most likely to cause a denial; "" for none. Several statements have none: it
    would stand under all."""
    if answer.statements or answer.claim or answer.denials or is_many(answer):
        return ""
    if conflict := conflict_in(answer):
        return conflict
    quoted = is_of_codes_together(answer) and answer.headline.kind != "coverage"
    told = answer.pairs[0] if answer.pairs and quoted else None
    risk = denial_risk(answer, told)
    return risk_words(risk) if risk else ""


def risk_words(risk: Risk) -> str:
    key = f"risk.{risk.kind}"
    if risk.kind == "conflict" and risk.rule != "excludes1":
        key = "risk.conflict_other" if risk.place else "risk.conflict_plain"
    return message(
        key,
        code=risk.code,
        others=_or(risk.others),
        place=risk.place,
        rule=rule_name(risk.rule) if risk.rule else "",
    )


def rule_name(rule: str) -> str:
    """The name of the rule of a pair, as it is published."""
    return NOTE_HEADINGS.get(rule) or message(f"rule_names.{rule.replace(' ', '_')}")


def _or(codes: Sequence[str]) -> str:
    if len(codes) < 2:
        return "".join(codes)
    return message("risk.or", one=", ".join(codes[:-1]), other=codes[-1])


def asked_back(answer: Answer) -> str:
    """The one question that is asked back; "" for none. Of several statements it is about the first
    that leaves something open; of an answer without a report about its first candidate."""
    if answer.statements:
        asks = [
            message("short.asked_of", number=number, question=ask)
            for number, part in enumerate(parts(answer), 1)
            for ask in part.asks[:1]
        ]
    elif answer.report or answer.outcome != "answered":
        asks = answer.asks
    else:
        asks = answer.asks or [one.ask_back for one in answer.candidates[:1] if one.ask_back]
    return asks[0] if asks else ""
