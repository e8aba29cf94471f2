"""What was found: "path came back benign", "it wasn't gout after all", "neuro calls it a tia".

A clause is put into plain words before it is read: what is denied becomes "no X", and who says so
or which test showed it is left out.
"""

from __future__ import annotations

import re
from functools import cache

from index.text.resources import read_words

_EDGE = r"(?![\w'-])"
_TO_BE = (
    r"(?:(?:it|this|that)(?:'?s)?\s+)?"
    r"(?:(?:is|was|as|at|to\s+be|more\s+like|really|now|a|an|the)\s+)*"
)
#: "It wasn't", "isn't", "she doesn't have": not.
_NOT = re.compile(
    r"(?i)^(?:(?:and|but|so|turns\s+out)\s+)*(?:(?:it|its|it's|this|that|there|he|she|he's|she's|shes"
    r"|hes|they|pt|patient)\s+)?(?:(?:was|is|does|did|do|has|had)(?:\s+not|n'?t)|isnt|aint|ain't"
    r"|turned\s+out\s+not(?:\s+to\s+be)?|not\s+really|never\s+was|never\s+had|not)"
    r"(?!\s+(?:heal|better|improv|sure|yet|know|related))(?:\s+(?:think|feel|believe|show|find|have|be|been)(?:\s+(?:it'?s|it\s+(?:is|was)|any))?)?"
    r"(?:\s+(?:a|an|the|any|actually))*\s+(?=\w)"
)
#: A clause that ends so denies what it begins with.
_DENIED_AFTER = re.compile(
    r"(?i)^(?!she\b|he\b|pt\b)(?P<what>\w.*?)\s+(?:(?:is|was|were|has\s+been|been|got)\s+)*"
    r"(?:not\s+(?:supported|confirmed|met|found|seen|present|documented)"
    r"|never\s+(?:met|confirmed|documented|there)|excluded|r/o'?d"
    r"|ruled\s+out|removed|disproved|discounted)"
    r"(?:\s+(?:by|per|on|via|with|after)\s+.{1,30})?$"
)
_IT_IS = re.compile(
    r"(?i)^(?:so\s+)?(?:it'?s|it\s+(?:is|was)|(?:that\s+)?was|they're)\s+(?!not\b)"
    r"(?:(?:really|actually|more\s+likely)\s+)?(?:an?\s+(?!fib|flutter))?(?=\w)"
)
#: Where a denial ends and what is so begins: "not scabies it's eczema".
_BUT = re.compile(
    r"(?i)\s+(?:so|but|rather|instead)\s+|\s+(?=(?:it'?s|it\s+(?:is|was)|just|only|they're)\s)"
)
#: What ends a denial and adds nothing to it.
_AFTER_DENIAL = re.compile(
    r"(?i)\s+(?:after\s+all|any\s?more|anymore|at\s+all|per\s+\S+|(?:on|by)\s+(?:the\s+)?(?:{}))$"
)


def plain(clause: str, found: set[str]) -> list[str]:
    """A clause in plain words, as one or more clauses. `found` gets "tested" where a test speaks
    against the condition before, and "finds" where somebody says what it is."""
    clause = clause.strip()
    if match := _tested().fullmatch(clause):
        found.add("tested")
        if match["result"].lower() == "benign":
            found.add("benign")
        if match["rest"]:
            return plain(re.sub(r"(?i)^(?:so|but|and|then)\s+", "", match["rest"]), found)
        denied, *others = _BUT.split(match["for"] or "", maxsplit=1)
        return [f"no {denied.strip()}" if denied.strip() else "", *others]
    if _news().fullmatch(clause):
        found.add("asks")
        return []
    if match := _taken_off().fullmatch(clause):
        return [f"no {match['what']}"]
    if _against().fullmatch(clause):
        found.add("tested")
        return []
    clause = _IT_IS.sub("", _per().sub("", clause))
    if (match := _told().match(clause)) and match.end() < len(clause):
        found.add("final" if match["final"] else "finds")
        clause = clause[match.end() :]
    first, *others = _BUT.split(clause, maxsplit=1)
    if match := _NOT.match(first):
        words = _after_denial().sub("", first[match.end() :])
        no = "not" if "not" in match[0].lower().split() else "no"
        return [f"{no} {words}", *others]
    if match := _DENIED_AFTER.match(clause):
        return [f"no {_after_denial().sub('', match['what'])}"]
    if re.match(r"(?i)(?:no|neg(?:ative)? for)\s", first):
        return [_after_denial().sub("", first), *others]
    return [clause]


@cache
def _list(name: str) -> str:
    lines = {" ".join(line.split()) for line in read_words("follow_ups")[name].split("\n")} - {""}
    words = lines if name == "dx_is" else {word for line in lines for word in line.split()}
    each = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in each)


@cache
def _tested() -> re.Pattern[str]:
    """A test whose result speaks against a condition, and perhaps which: "mri neg for stroke"."""
    return re.compile(
        rf"(?i)(?:(?:the|her|his|a|rapid|serial|final|all|repeat|outside|it's|its)\s+)*"
        rf"(?:(?:{_list('tests')})(?:\s+(?:and|&|report|results?|studies|panel))*\s+){{1,3}}"
        rf"(?:of\s+)?(?:the\s+)?(?:(?:{_list('sites')})\s+){{0,2}}"
        rf"(?:x\s?\d\s+)?(?:(?:came|comes|was|were|is|are|back|all|in|totally|completely|read|as)\s+)*"
        rf"(?P<result>{_list('negative')}){_EDGE}(?:\s+x\s?\d)?"
        rf"(?:\s+(?:for|of)\s+(?:any\s+|a\s+)?(?P<for>\w.*)|\s+(?P<rest>\w.*))?"
    )


@cache
def _told() -> re.Pattern[str]:
    """Who says what it is: "neuro calls it", "final dx is"."""
    who = rf"(?:(?:the|her|his|our|my)\s+)?(?:(?:{_list('tellers')}|{_list('tests')})\s+){{1,3}}"
    return re.compile(
        rf"(?i)^(?:{who}(?:just\s+|now\s+|finally\s+)?(?:{_list('tells')}){_EDGE}"
        rf"(?:\s+(?:the\s+)?(?:dx|diagnosis)(?:\s+(?:to|as|is|of))?)?\s*"
        rf"|(?P<final>{_list('dx_is')}){_EDGE}[\s:]*){_TO_BE}"
    )


@cache
def _news() -> re.Pattern[str]:
    """That a test is there, and no more: "bx results in"."""
    return re.compile(
        rf"(?i)(?:(?:the|her|his|final)\s+)?(?:(?:{_list('tests')})\s+){{1,3}}"
        r"(?:(?:is|are|was|were|came|comes|just|still)\s+)*(?:in|back|resulted|pending)(?:\s+(?:now|today|still|yet))?"
    )


def _tellers() -> str:
    """Those who say what it is: "the neuro team"."""
    return rf"(?:(?:the|her|his)\s+)?(?:(?:{_list('tellers')})\s+){{1,3}}"


@cache
def _taken_off() -> re.Pattern[str]:
    """A condition that somebody took out of the chart: "pulm removed the asthma"."""
    return re.compile(
        rf"(?i){_tellers()}"
        r"(?:ruled\s+out|excluded|r/o'?d|took|removed|crossed|dropped|deleted|retracted)\s+(?:the\s+)?(?P<what>\w.*?)"
        r"(?:\s+(?:off|out|from)(?:\s+.*)?)?"
    )


@cache
def _against() -> re.Pattern[str]:
    """Another opinion than the one before: "neurology disagrees"."""
    return re.compile(
        rf"(?i){_tellers()}"
        r"(?:disagree[sd]?|does(?:n'?t| not) agree|took (?:it|that) off|removed (?:it|that))"
    )


@cache
def _per() -> re.Pattern[str]:
    """By whom something is said, at either end: "per cards"."""
    who = rf"(?:the\s+)?(?:{_list('tellers')}|{_list('tests')})(?:\s+(?:note|report))?"
    return re.compile(rf"(?i)^per\s+{who}{_EDGE}[\s,:]*|(?<=\w)\s+(?:per|according\s+to)\s+{who}$")


@cache
def _after_denial() -> re.Pattern[str]:
    return re.compile(_AFTER_DENIAL.pattern.format(_list("tests")))
