"""What the edits of NCCI answer: so many units, or two codes of one day, yes or no, in one line
with the limit, the setting and what helps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.desk.answer import Headline, HeadlineKind, Pair
from bot.desk.reasons import Reason, joined, reason

#: A visit (evaluation and management) of CPT, or the hospital's: modifier 25 goes on it.
_VISIT = re.compile(
    r"99(?:20[2-5]|21[1-5]|22[1-3]|23\d|24[2-5]|25[2-5]|28[1-5]|3\d\d|4[0-8]\d)|G0463"
)


def is_visit(code: str) -> bool:
    return _VISIT.fullmatch(code) is not None


def _limits(pairs: Iterable[Pair]) -> Reason | str:
    """The limits, each with its settings: "16 a day (practitioner, outpatient hospital)"."""
    settings: dict[tuple[int, str], list[str]] = {}
    for pair in pairs:
        params = pair.reasons[0].params
        per = "per_line" if params["mai"] == "1" else "per_day"
        settings.setdefault((params["units"], per), []).append(params["setting"])
    return joined(
        "edits.and",
        [
            reason(
                "edits.limit", units=units, per=reason(f"edits.{per}"), settings=", ".join(named)
            )
            for (units, per), named in settings.items()
        ],
    )


def units_headline(pairs: Sequence[Pair], said: int) -> tuple[Headline, list[Pair]] | None:
    """Whether NCCI lets so many units of one code, and the edits that say so, the telling ones
    first; None where no edit has the code. A setting that lets none is left out where another one
    lets some: equipment has no units of practitioners."""
    telling = [pair for pair in pairs if pair.reasons[0].params["units"]] or list(pairs)
    if not telling:
        return None
    over = [pair for pair in telling if said > pair.reasons[0].params["units"]]
    within = [pair for pair in telling if pair not in over]
    code, label = telling[0].codes[0], telling[0].release
    if over and within:
        told = reason(
            "edits.mixed_units",
            said=said,
            code=code,
            within=_limits(within),
            over=_limits(over),
            label=label,
        )
    else:
        key = "no_units" if over else "yes_units"
        told = reason(f"edits.{key}", said=said, code=code, limits=_limits(telling), label=label)
    indicators = sorted({pair.reasons[0].params["mai"] for pair in over})
    means = [reason(f"edits.mai_{indicator}") for indicator in indicators]
    kind: HeadlineKind = "yes" if within else "no"
    headline = Headline(kind, [code], reasons=[told, *means])
    return headline, [*over, *within, *(pair for pair in pairs if pair not in telling)]


def pair_headline(active: Sequence[Pair]) -> Headline:
    """What two codes of one day need, by the edits on them that are in force: at least one."""
    one, other = active[0].codes
    alike = [pair for pair in active if pair.codes == [one, other]]
    never = [pair for pair in alike if pair.severity == "conflict"]
    allowed = [pair for pair in alike if pair.severity != "conflict"]
    if not allowed:
        told = [_ptp("ptp_never", never, one, other)]
    else:
        told = [_ptp("ptp_modifier", allowed, one, other)]
        if never:
            told.append(reason("edits.ptp_differs", settings=_settings(never).capitalize()))
    return Headline("no", [one], reasons=told)


def _settings(pairs: Iterable[Pair]) -> str:
    return ", ".join(dict.fromkeys(pair.reasons[0].params["setting"] for pair in pairs))


def _ptp(key: str, pairs: Sequence[Pair], one: str, other: str) -> Reason:
    since = min((p.reasons[0].params["since"] for p in pairs if p.reasons[0].params["since"]),
                default=None)  # fmt: skip
    visit = next((code for code in (other, one) if is_visit(code)), None)
    return reason(
        f"edits.{key}",
        one=one,
        other=other,
        settings=_settings(pairs),
        since=reason("edits.since", date=since) if since else "",
        on=visit or other,
        modifier=reason("edits.modifier_25" if visit else "edits.modifier_59"),
    )
