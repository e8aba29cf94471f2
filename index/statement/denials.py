"""The facts of a list that is denied as a whole: "no fever, chills or cough", "denies fever,
chills". A comma alone ends what is denied: "no fever, uti".

The words that deny are in prompts/statements/facts.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from index.statement.model import Fact
from index.text.resources import read_text

#: What may stand between two facts of one list.
_BETWEEN = frozenset({",", "", "and", "&"})
#: The last facts of a list: "or cough", "chills or cough".
_BEGINS_WITH_OR = re.compile(r"^(?:or|nor)\s+", re.I)
_CLOSES = re.compile(
    r"(?:or|nor)\s.*|[\w'-]+(?: [\w'-]+)? (?:or|nor) [\w'-]+(?: [\w'-]+){0,2}", re.I
)


@cache
def _words() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """The words that deny a list of signs, those that deny two facts that are joined, and signs."""
    denied = tomllib.loads(read_text("statements", "facts.toml"))["denied"]
    signs = tomllib.loads(read_text("vocabulary", "uncertain.toml"))["signs"]
    lists, pairs = (
        "|".join(map(re.escape, filter(None, text.splitlines())))
        for text in (denied["lists"], denied["pairs"])
    )
    sign = "|".join(map(re.escape, filter(None, signs.splitlines())))
    return (
        re.compile(rf"\b(?:{lists})\b", re.I),
        re.compile(rf"\b(?:{lists}|{pairs})\b", re.I),
        # "Denies cp, has cough": a verb says that it is so.
        re.compile(rf"(?!(?:has|have|had|is|now|reports|but)\b)(?:\w+ )?(?:{sign})", re.I),
    )


def spread(facts: Sequence[Fact], signs: Sequence[str]) -> list[Fact]:
    """The facts, each with the status that its list gives it. `signs`: the separator that stands
    before each fact."""
    lists, pairs, is_sign = _words()
    read = list(facts)
    denying = ""  # the fact that begins a list
    waiting: list[int] = []  # facts after it that "or" may add
    for n, (fact, sign) in enumerate(zip(facts, signs, strict=True)):
        if n and sign == "/" and fact.status == "affirmed" and read[n - 1].status != "chatter":
            read[n] = replace(fact, status=read[n - 1].status)  # "no nausea/vomiting"
        elif fact.status == "denied" and fact.said.endswith(fact.text):
            denying, waiting = fact.said, []
        elif not denying or fact.status != "affirmed" or sign not in _BETWEEN:
            denying, waiting = "", []
        elif _CLOSES.fullmatch(fact.text):
            read[n] = replace(fact, text=_BEGINS_WITH_OR.sub("", fact.text))
            for each in (*waiting, n):
                read[each] = replace(read[each], status="denied")
            waiting = []
        elif not waiting and (
            is_sign.match(fact.text) and lists.search(denying)
            if sign == ","
            else pairs.search(denying)
        ):
            read[n] = replace(fact, status="denied")  # "denies fever, chills and cough"
        else:
            waiting.append(n)
    return read
