"""The first line of an answer: what kind it is, which codes it names, and the reasons that it is
worded from. It has no words of the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.desk.answer import (
    Answer,
    Changes,
    Headline,
    ReportLine,
    StatementReport,
    Verdict,
)
from bot.desk.answer_claims import ClaimCheck
from bot.desk.beside_headlines import meaning
from bot.desk.many_codes import MANY, firsts, summed_up
from bot.desk.reasons import Reason, reason
from codesets.model import SYSTEM_NAMES

_MOST_SENTENCE = 240
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z\u201c\"(]|$)")


def headlined(answer: Answer) -> Answer:
    """The answer with its headline. One that it has already is kept: what decides about codes
    together sets it before."""
    if answer.headline.text or answer.headline.reasons:
        return answer
    return replace(answer, headline=_of(answer))


def _of(answer: Answer) -> Headline:
    if answer.statements:
        return of_statements(answer.statements)
    if answer.outcome == "guideline":
        return _of_rule(answer)
    if answer.changes:
        return _of_changes(answer.changes)
    if len(firsts(answer.verdicts)) >= MANY:
        return summed_up(answer)
    if answer.verdicts:
        return of_verdicts(answer.verdicts)
    if answer.outcome == "answered":
        return of_report(answer.report)
    if answer.reasons:
        return Headline("none", reasons=answer.reasons[-1:])
    told = [reason("headline.none")] if not answer.notices else []
    return Headline("none", text=answer.notices[-1] if answer.notices else "", reasons=told)


def of_report(lines: Sequence[ReportLine], either_first: Sequence[str] = ()) -> Headline:
    """The codes of a report in their order; of one line its title, too. CPT has no titles here: a
    headline is logged, and the log keeps none of them. `either_first`: codes any of which may be
    first."""
    codes = [line.code for line in lines]
    if not lines:
        told = reason("headline.nothing")
        return Headline("none", reasons=[told])
    if len(lines) == 1:
        (line,) = lines
        title = "" if line.system == "cpt" else line.title
        told = reason("headline.one" if title else "headline.untitled", code=line.code, title=title)
    elif len(either_first) > 1:
        told = _either(codes, either_first)
    else:
        told = reason("headline.codes", first=codes[0], others=", ".join(codes[1:]))
    return Headline("codes", codes, reasons=[told])


def _either(codes: Sequence[str], either_first: Sequence[str]) -> Reason:
    """The codes, and which of them may be first."""
    listed = ", ".join(codes)
    if len(either_first) == len(codes):
        return reason("headline.either" if len(codes) == 2 else "headline.any", codes=listed)
    first: Reason | str = either_first[-1]
    for code in reversed(either_first[:-1]):
        first = reason("headline.or", one=code, other=first)
    return reason("headline.some", codes=listed, first=first)


def of_statements(statements: Sequence[StatementReport]) -> Headline:
    """The codes of each of several statements."""
    each = [" + ".join(one.headline.codes) or "–" for one in statements]  # noqa: RUF001
    codes = dict.fromkeys(code for one in statements for code in one.headline.codes)
    told = reason("headline.several", count=len(statements), codes=" · ".join(each))
    return Headline("codes" if codes else "none", [*codes], reasons=[told])


def of_claims(claims: Sequence[ClaimCheck]) -> Headline:
    """How many of several claims have something to mend."""
    mend = sum(claim.to_mend > 0 for claim in claims)
    key = "claims.several" if mend else "claims.several_nothing"
    return Headline("claim", reasons=[reason(key, mend=mend, count=len(claims))])


def of_verdicts(verdicts: Iterable[Verdict]) -> Headline:
    """What is true of each code, as it was typed; of one code, the first reason why."""
    firsts: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        # A number may be two codes of ICD-9-CM; other systems with a code as typed come second.
        named = "" if verdict.typed and verdict.system != "icd9cm" else verdict.code
        firsts.setdefault((verdict.typed, named), verdict)
    codes = [verdict.code for verdict in firsts.values() if verdict.code]
    if len(firsts) == 1:
        (verdict,) = firsts.values()
        meant = meaning(verdict, _MOST_SENTENCE)
        # What a modifier of CPT means is the AMA's to tell: the verdict says more of it.
        told = [meant] if meant and verdict.system != "cpt" else verdict.reasons[:1]
        return Headline("verdict", codes, verdict.why, told)
    each = [_told(verdict) for verdict in firsts.values()]
    if all(one.key == "headline.verdict" for one in each):
        return Headline("verdict", codes, reasons=_listed(each))
    return Headline("verdict", codes, reasons=_listed(each, "headline.apart"))


def _told(verdict: Verdict) -> Reason:
    """A verdict among others: what it is true of a code, what a modifier or a place means."""
    return meaning(verdict) or reason(
        "headline.verdict",
        code=verdict.code or verdict.typed,
        status=reason(f"headline.status_{verdict.status_shown}"),
    )


def _of_rule(answer: Answer) -> Headline:
    best = answer.guidelines[0]
    sentence = _first_sentence(best.text)
    told = reason("headline.rule", section=best.section, title=best.title, sentence=sentence)
    return Headline("rule", [line.code for line in answer.report], reasons=[told])


def _first_sentence(text: str) -> str:
    text = " ".join(text.split())
    end = _SENTENCE_END.search(text)
    sentence = text[: end.end()] if end else text
    return sentence if len(sentence) <= _MOST_SENTENCE else sentence[: _MOST_SENTENCE - 1] + "…"


def _of_changes(changes: Changes) -> Headline:
    counts = [
        reason(f"news.count_{kind}", count=count) for kind, count in changes.counts.items() if count
    ]
    told = reason(
        "headline.changes",
        heading=reason(
            "news.heading",
            system=SYSTEM_NAMES[changes.system],
            before=changes.before,
            after=changes.after,
        ),
        about=reason("news.about", about=changes.about) if changes.about else "",
        counts=_listed(counts) or [reason("news.nothing")],
    )
    return Headline("changes", reasons=[told])


def _listed(reasons: Sequence[Reason], key: str = "headline.listed") -> list[Reason]:
    """The same with a comma after each but the last: reasons are joined by blanks."""
    return [*(reason(key, what=one) for one in reasons[:-1]), *reasons[-1:]]
