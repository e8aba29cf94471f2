"""What was: conditions that are over, those of relatives, and the follow-up of both (I.C.21.c.4,
I.C.21.c.8, I.C.2.m).

The words of conditions are in prompts/statements/conditions.tsv, and those before and after what is
over in chapter21.toml.
"""

from __future__ import annotations

import re
from functools import cache

from index.statement.books import Books
from index.statement.encounters.chapter21 import codes_for, propose
from index.statement.encounters.conditions import conditions_in, named_site
from index.statement.encounters.operations import operations_in
from index.statement.encounters.word_tables import (
    alternatives,
    is_so,
    pattern,
    said,
    words_of_chapter,
)
from index.statement.model import Ground, Proposal, Span, Statement
from index.text.resources import Row

#: What may stand between two conditions of one list: "hx of cva and breast ca".
_LIST = re.compile(r"\s*(?:,?\s*(?:and|&|or)\s|[/+&]|,)\s*")
_LIST_STRICT = re.compile(r"\s*(?:,?\s*(?:and|&)\s|[/+&])\s*")
_FILLER = (
    r"(?:(?:of|a|an|the|right|left|r|l|rt|lt|b/l|bilateral|remote|prior|previous|old|past|recurrent"
    r"|multiple|known|severe|early|premature|stage|acute|had|has|w/|with|having|positive|for|pos|in"
    r"|both|freq|frequent|strong|of:|is|died|from|who|childhood|hx|recent|\d{4}|i{1,3}|[1-4][ab]?)"
    r"\s+)*"
)


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w'])(?:{alternatives(words_of_chapter()['history'][name])})(?![\w'])[\s:(-]*{_FILLER}$"
    )


@cache
def _named() -> re.Pattern[str]:
    """ "hx" after a condition, at the end of its clause: "uti hx, here for labs"."""
    words = alternatives(words_of_chapter()["history"]["named"])
    return re.compile(rf"[\s(-]+(?:{words})(?=\s*(?:$|[,;.)]))")


@cache
def _after(name: str) -> re.Pattern[str]:
    words = alternatives(words_of_chapter()["history"][name])
    return re.compile(
        rf"[\s,(-]*(?:(?:was|is|now|has|been|since|x|stage|left|right|l|r|in|on)\s+)*(?:{words})(?![\w'])"
    )


def _ends_with(name: str, folded: str, start: int) -> bool:
    """Whether the words before a place end with a cue, with nothing but fillers between."""
    return bool(_cue(name).search(folded[max(0, start - 60) : start]))


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The histories that the words of a statement name, personal and of the family."""
    proposals: dict[str, Proposal] = {}
    folded = statement.folded
    before: tuple[int, str] = (-1, "")
    follow_up = said(words_of_chapter()["history"]["f_u"], statement)
    for row, span in conditions_in(folded):
        if not is_so(statement, span) or _denied(folded, span):
            continue
        if any(place.start <= span.start < place.end for _, place in operations_in(folded)):
            continue  # "s/p hernia repair" is an operation
        how = _how(folded, span, before, statement, row)
        if not how:
            continue
        before = (span.end, how)
        column = "family" if how == "family" else "personal"
        cell = row.get(column) or "-"
        if cell == "Z85.9":
            cell = named_site(folded) or _site_of_operation(folded) or cell
        if cell == "-" or (cell == "Z86.73" and how != "family" and _left_deficit(folded)):
            continue
        if cell == "Z87.81" and re.search(r"hardware|\bpins?\b|plate|screw", folded):
            continue  # its removal is the encounter
        for code in codes_for(cell, statement, span, books):
            whole = _whole(folded, span, how)
            proposals.setdefault(code, _proposal(code, how, whole, statement))
        if how != "family" and cell.startswith("Z"):
            first = "Z08" if cell.startswith("Z85") else "Z09"
            if _is_follow_up(folded, span, cell, how, follow_up):
                proposals.setdefault(first, _follow_up(first, span, cell, folded))
    return _ordered(list(proposals.values()))


#: What says of the only cancer of a statement that it is gone.
_NO_DISEASE = re.compile(
    r"\bned\b|no evidence of (?:disease|dz|recur\w*)|no e/o (?:disease|dz|recur\w*)|"
    r"(?:cancer|disease|ca)[- ]free|no recurrence|"
    r"(?:excised|resected|removed|treated) (?:[\w~]+ ){0,3}(?:years?|yrs?) ago|"
    r"\bca gone\b|cancer gone"
)
_DEFICIT = re.compile(
    r"(?<!no )(?<!without )(?<!w/o )\b(?:residuals?|hemipar\w*|hemipleg\w*|aphasia|deficits?|"
    r"dysarthria|(?:left|right|l|r|sided) weakness|facial droop|sequela\w*)"
)


#: What is looked for, and is not there: "avg risk colon ca screening".
_SCREENED = re.compile(r"\s*(?:screen|scrn)\w*")


def _left_deficit(folded: str) -> bool:
    """Whether a stroke left something, which is a sequela (I69) and no history (I.C.9.d)."""
    return bool(_DEFICIT.search(folded)) and not re.search(
        r"\b(?:no|without|w/o)\s+(?:\w+\s+)?(?:residual|deficit)", folded
    )


def _whole(folded: str, span: Span, how: str) -> Span:
    """The words of a condition with those that say that it was: "hx of cva", "mom had colon ca"."""
    at = max(0, span.start - 60)
    head = folded[at : span.start]
    had, in_ = _relative()
    before = (_cue("family"), had) if how == "family" else (_cue("before"), _cue("earlier"))
    after = (in_,) if how == "family" else (_named(), _after("after"))
    starts = [at + m.start() for cue in before if (m := cue.search(head))]
    ends = [m.end() for cue in after if (m := cue.match(folded, span.end))]
    return Span(min([span.start, *starts]), max([span.end, *ends]))


def _denied(folded: str, span: Span) -> bool:
    """Whether "no" or "denies" governs the words: "no fam hx of breast or ovarian ca"."""
    clause = re.split(r"[;.]|\bbut\b|,(?!\s*(?:or|and)\b)", folded[: span.start])[-1]
    return bool(
        re.search(r"(?<![\w'])(?:no|denies|denied|neg for|negative for|never had|w/o)\s", clause)
    )


def _how(folded: str, span: Span, before: tuple[int, str], statement: Statement, row: Row) -> str:
    """How a condition is over: "family", "past" (its words say so), "resolved", or "" for not."""
    table = words_of_chapter()["history"]
    between = folded[before[0] : span.start] if before[0] >= 0 else ""
    in_list = before[1] if before[1] and _LIST.fullmatch(between) else ""
    if _SCREENED.match(folded, span.end):
        return ""
    if in_list == "family" and ("," not in between or _headed(folded)):
        return "family"
    if _ends_with("family", folded, span.start):
        return "family"
    if (row.get("exposure") or "-") == "-" and _is_relatives(folded, span):
        return "family"
    personal = row.get("personal") or "-"
    if personal.startswith("Z85") and pattern(table["active"]).search(_clause(folded, span)):
        return ""
    if _ends_with("before", folded, span.start):
        return "past"
    if personal.startswith("Z85") and _was_removed(folded, span):
        return "past"
    if in_list and _LIST_STRICT.fullmatch(between):
        return in_list
    if _ends_with("earlier", folded, span.start) and not personal.startswith(("Z87.89", "Z87.828")):
        return "past"
    if _named().match(folded, span.end):
        return "past"
    if _after("after").match(folded, span.end):
        if personal.startswith("Z85.6") or personal.startswith("Z85.7"):
            tail = folded[span.end : span.end + 25]
            return "" if "remission" in tail else "past"
        return "past"
    if personal.startswith("Z85") and _NO_DISEASE.search(folded):
        return "past" if not personal.startswith(("Z85.6", "Z85.7", "Z85.9")) else ""
    if said(table["resolved"], statement) and _resolved_near(folded, span):
        return "resolved"
    return ""


#: The history of a cancer without a site, by the operation that was done for it.
_SITES_OF_OPERATIONS = (
    ("thyroidectomy", "Z85.850"),
    ("nephrectomy", "Z85.528"),
    ("prostatectomy", "Z85.46"),
    ("colectomy", "Z85.038"),
    ("mastectomy", "Z85.3"),
    ("hysterectomy", "Z85.42"),
    ("gastrectomy", "Z85.028"),
    ("lobectomy", "Z85.118"),
    ("laryngectomy", "Z85.21"),
    ("orchiectomy", "Z85.47"),
    ("oophorectomy", "Z85.43"),
    ("pancreatectomy", "Z85.07"),
    ("whipple", "Z85.07"),
)
_STILL_TREATED = re.compile(
    r"\b(?:chemo\w*|xrt|radiation|pod|post-?op|planned|plan|scheduled|tomorrow|consult|preop"
    r"|\d+ ?(?:d|days?|wks?|weeks?))\b"
)


def _was_removed(folded: str, span: Span) -> bool:
    """Whether an organ was removed for a cancer, and nothing is said of more treatment."""
    operated = re.search(
        r"(?:ectomy|whipple|removed)(?: (?:\w+ ){0,2}ago| in \d{4}| \d{4})? for (?:\w+ ){0,2}$",
        folded[: span.start],
    )
    return bool(operated) and not _STILL_TREATED.search(folded)


def _site_of_operation(folded: str) -> str:
    """The history code for the organ that was removed; "" where none is named."""
    return next((code for word, code in _SITES_OF_OPERATIONS if word in folded), "")


def _headed(folded: str) -> bool:
    """Whether a list of family histories has a heading: "FHx: colon ca, dm, htn"."""
    words = alternatives(words_of_chapter()["history"]["family"])
    return bool(re.search(rf"(?<![\w'])(?:{words})\s*:|:\s*$", folded) or ": " in folded)


def _clause(folded: str, span: Span) -> str:
    """The words around a condition, from comma to comma; the whole text when it has no list."""
    start = max(folded.rfind(sign, 0, span.start) for sign in (",", ";", ". "))
    ends = [at for sign in (",", ";", ". ") if (at := folded.find(sign, span.end)) >= 0]
    return folded[start + 1 : min(ends, default=len(folded))]


def _resolved_near(folded: str, span: Span) -> bool:
    table = words_of_chapter()["history"]
    clause = re.split(r"[;.](?=\s|$)", folded[span.end :])[0]
    words = pattern(table["resolved"]).search(clause)
    return bool(
        words
        and words.start() < 45
        and not re.search(r"\b(?:not|nothing|no|never|still)\b", clause[: words.start()])
    )


@cache
def _relative() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = alternatives(words_of_chapter()["history"]["relatives"])
    names = rf"(?:{words})(?:\s*(?:and|&|/|,|\+)\s*(?:{words}))*"
    had = (
        r"(?:had|has|have|with|w/|died (?:of|from|at \d+ (?:of|from))|hx(?: of)?|"
        r"dx(?:'?d)?(?: with| w/)?|d/t|passed (?:of|from)|diagnosed with|of|positive for|pos for|"
        r"\+|-|:)"
    )
    return (
        re.compile(rf"(?<![\w'])(?:{names})(?:\s*\([^)]*\))?\s+(?:{had}\s*)?{_FILLER}$"),
        re.compile(
            rf"\s*(?:ca\s+)?(?:\(|in|-)\s*(?:her|his|pts?'?|patient'?s|the|a|both|\d+|mat\w*|pat\w*)?\s*(?:{words})(?![\w'])"
        ),
    )


def _is_relatives(folded: str, span: Span) -> bool:
    """Whether a relative has the condition: "mom had breast ca", "breast ca in sister"."""
    had, in_ = _relative()
    return bool(
        had.search(folded[max(0, span.start - 60) : span.start]) or in_.match(folded, span.end)
    )


def _is_follow_up(folded: str, span: Span, cell: str, how: str, follow_up: bool) -> bool:
    """Whether the statement is a follow-up of this condition: its words are near. A scope after
    a cancer of the bowel is one; a scope after polyps is a screening (I.C.21.c.5, c.8)."""
    if cell.startswith("Z85.4") and re.search(r"\bpap\b", folded):
        return True
    if cell.startswith(("Z85.03", "Z85.04")) and re.search(r"colonoscopy|\bscope\b", folded):
        return True
    if cell.startswith("Z85.82") and _NO_DISEASE.search(folded) and "skin check" in folded:
        return True
    if (
        not follow_up
        or cell.startswith("Z86.010")
        or re.search(r"\bscreen|skin (?:check|exam)", folded)
    ):
        return False
    if how == "past" and not cell.startswith("Z85"):
        return False
    words = pattern(words_of_chapter()["history"]["f_u"])
    return bool(words.search(folded[max(0, span.start - 45) : span.end + 60]))


def _proposal(code: str, how: str, span: Span, statement: Statement) -> Proposal:
    made = propose(code, (span,), statement, "I.C.21.c.4")
    if how == "family":
        ground = Ground("guideline", "report.chapter21_family_history", section="I.C.21.c.4")
        return Proposal(code, (span,), "history", "history", (ground,), True, (), 0.9)
    return made


def _follow_up(code: str, span: Span, cell: str, folded: str) -> Proposal:
    ground = Ground("guideline", "report.chapter21_follow_up", section="I.C.21.c.8")
    excludes: tuple[str, ...] = ()
    if cell.startswith(("Z85.03", "Z85.04")):
        excludes = ("Z12.11",)
    elif cell.startswith("Z85.82"):
        excludes = ("Z12.83",)
    elif cell.startswith("Z85.4"):
        excludes = ("Z12.4", "Z12.72", "Z01.4")
    table = words_of_chapter()["history"]
    cues = (pattern(table["f_u"]), pattern(table["resolved"]), _NO_DISEASE)
    said_so = tuple(Span(*match.span()) for cue in cues for match in cue.finditer(folded))
    spans = (span, *said_so)
    return Proposal(code, spans, "first-listed", "encounter", (ground,), True, excludes, 0.8)


def _ordered(found: list[Proposal]) -> list[Proposal]:
    """The proposals, follow-up first; "ca" without a site goes where a site is named."""
    named = any(p.code.startswith("Z85") and p.code != "Z85.9" for p in found)
    kept = [p for p in found if not (named and p.code == "Z85.9")]
    if any(p.code == "Z08" for p in kept):
        kept = [p for p in kept if p.code != "Z09"]
    return sorted(kept, key=lambda p: p.role != "first-listed")
