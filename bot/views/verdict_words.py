"""Verdicts and pairs in short, for Slack and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.answer import Candidate, CodeTitle, Pair, ReportLine, Verdict
from bot.desk.beside_headlines import short
from bot.messages import message
from bot.views.risk_words import rule_name
from bot.views.shared import place
from codesets.code_format import undot
from codesets.model import NOTE_HEADINGS

#: Characters of the longest codes of ICD-10.
_WHOLE = 7
#: Codes that are named in place of one that is not billable.
_FEW = 3


def missing(one: ReportLine | Candidate) -> str:
    """What a code that is not billable lacks: its next character, or to be valid at all."""
    if one.billable:
        return ""
    if one.system == "icd11":
        return message("icd11.line")
    length = len(undot(one.code))
    if one.system in ("icd10cm", "icd10pcs") and length < _WHOLE:
        return message("short.missing", number=length + 1)
    return message("short.not_valid")


def code_of(verdict: Verdict) -> str:
    if verdict.kind == "place_of_service":
        return message("short.place", code=verdict.code)
    return verdict.code or verdict.typed


def rate(verdict: Verdict) -> str:
    """At which rate a service in a place is paid, as a stored answer has it."""
    if verdict.kind == "place_of_service":
        for one in ("non_facility", "facility"):
            if message(f"verdict.{one}").strip() in verdict.why:
                return message(f"headline.place_{one}")
    return ""


def status(verdict: Verdict) -> str:
    """What a verdict says, after the code: "is billable"."""
    if verdict.kind == "modifier" and verdict.system == "cpt":
        return message("short.modifier_of_cpt")
    return message(f"headline.status_{verdict.status_shown}")


def instead(verdict: Verdict) -> str:
    """The status of a code that is not billable, and the first codes to use instead."""
    others = verdict.replaced_by or verdict.completions or verdict.did_you_mean
    named = ", ".join(other.code for other in others[:_FEW])
    return message(
        "short.instead" if named else "short.status", status=status(verdict), codes=named
    )


def beside(verdicts: Sequence[Verdict]) -> str:
    """What the modifiers and places of service mean that are named beside codes."""
    return "; ".join(
        message("short.beside", code=code_of(one), title=short(one.title) + rate(one))
        for one in verdicts
        if one.kind in ("modifier", "place_of_service") and one.status == "billable"
    )


def following(verdict: Verdict) -> list[tuple[str, list[CodeTitle]]]:
    """The codes that complete, replace or resemble a code, each list under the key of its heading
    (`short.…`); [] for none."""
    if verdict.system == "icd9cm" and verdict.equivalents:
        codes = [CodeTitle(one.code, one.title) for one in verdict.equivalents if one.code]
        return [("short.equivalents", codes)]
    if verdict.who_equivalents:
        mapped = verdict.who_equivalents
        codes = [CodeTitle(one.code or "–", one.title) for one in mapped]  # noqa: RUF001
        return [(f"icd11.equivalents_{mapped[0].system}", codes)]
    found = [
        ("short.covers" if verdict.kind == "range" else "short.completed_by", verdict.completions),
        ("short.replaced_by", verdict.replaced_by),
        ("short.did_you_mean", verdict.did_you_mean),
    ]
    return [(heading, codes) for heading, codes in found if codes]


def rule_of(pair: Pair) -> str:
    """The rule that answers a question about codes together: its name, where it is printed, and
    its words."""
    name = rule_name(pair.rule)
    where = place(pair.inherited_from)
    key = "short.rule_at" if pair.rule in NOTE_HEADINGS else "short.rule_is"
    release = "" if pair.release in where else pair.release
    named = message(key, rule=name, place=where, release=release).strip(" ·")
    words = f"“{' '.join(pair.quote.split())}”" if pair.quote else pair.says
    return f"{named}: {words}" if words else named
