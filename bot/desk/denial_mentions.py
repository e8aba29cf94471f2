"""Reads the codes of denials in a question: "CO-97 on 20610", "CO 50 N115", "remark MA130", and
pasted segments of an 835 (`CAS*CO*45*30~`, `MOA***N115~`, `LQ*HE*N362~`).

Strict, because CO, PR, OA and PI are also carbon monoxide, an interval, arthritis and an injury:
a letter pair with a number is a denial only where it is written as one (CO-97), stands alone, or
the words around it are those of remittances.

The layout of the segments: X12 835 (005010X221A1), CAS: group, then up to six times reason, amount,
quantity; MOA03 to MOA07 and MIA05, MIA20 to MIA23: remark codes; LQ02 after LQ01 HE: a remark code;
SVC01: the procedure. Amounts are money and are dropped, with all that is no code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.desk.answer_denials import DenialKind
from bot.desk.code_mentions import CodeMention
from bot.desk.denial_evidence import bare_codes, is_reason, supports
from bot.desk.denial_lists import own_words

#: The most adjustments that one question has answered.
MOST_LINES = 30

#: With a zero for the letter O, too, where a blank or a hyphen follows.
_GROUP = r"(?P<group>CO|PR|OA|PI|CR|(?:C0|0A)(?=\s?[-\u2010-\u2013:# ]))"
_REASON = r"(?:\d{1,4}|[ABDPWY]\d{1,2})"
_AFTER = r"(?!\w|\.\d|%|/\d)"
_GROUPED = re.compile(
    rf"(?<![\w./]){_GROUP}(?P<joint>\s?[-\u2010-\u2013:#]?\s?)(?P<reason>{_REASON}){_AFTER}"
    rf"(?P<more>(?:\s*(?:,|&|\+|/|\band\b)\s*\d{{1,3}}{_AFTER}"
    r"(?!\s*(?:mg|mcg|ml|units?|u|yo|y/o|x|days?|years?)\b))*)",
    re.I,
)
_REMARK = re.compile(r"(?<![\w.-])(?P<remark>MA\d{1,3}|[MN]\d{1,3})(?![\w.]*\w)", re.I)
#: A reason without its group: "CARC 97", "denial code 16", "reason code B7".
_NAMED_REASON = re.compile(
    r"\b(?:carcs?|(?:denial|adjustment|adj|reason)(?:\s+reason)?\s+codes?|denial|denial\s+reason)"
    rf"\s*[:#-]?\s*(?P<reason>{_REASON}){_AFTER}(?!\s*(?:days?|times?|claims?|codes?)\b)",
    re.I,
)
#: Numbers that no list has reached are remarks only right behind the word.
_REMARK_OF_FOUR = re.compile(
    r"\b(?:rarcs?|remarks?(?:\s+codes?)?)\s*[:#-]?\s*(?P<remark>(?:MA|N)\d{4})(?![\w.]*\w)", re.I
)
_NAMED_REMARK = re.compile(r"\b(?:rarcs?|remarks?(?:\s+codes?)?|denial\s+codes?)\b", re.I)
#: A diagnosis that is named as one: "dx N19".
_DIAGNOSIS = re.compile(r"\b(?:dx|diag\w*|icd\S*)\s*[:#]?\s*$", re.I)

#: Words of remittances.
_STRONG = re.compile(
    r"\b(?:denials?|(?<!pt )(?<!patient )(?<!she )(?<!he )denied|eobs?|eras?|835|remits?|remittance"
    r"|remarks?|rarcs?|carcs?|adjustments?|group codes?|reason codes?)\b",
    re.I,
)
#: Words of billing, which do for a reason of two digits or more.
_WEAK = re.compile(
    r"\b(?:claims?|payers?|payor|plan|medicare|medicaid|insurance|billed|billing|bill|crossover"
    r"|auth|paid|payment|write[- ]?off|appeal\w*|resubmit\w*|rejected|provider|secondary)\b",
    re.I,
)
#: Words beside which the letters mean something else.
_CLINICAL = re.compile(
    r"\b(?:anca|vasculitis|antibod\w+|proteinase|gpa|wegener\w*|qrs|qtc?|ekg|ecg|interval"
    r"|monoxide|retention|creatinine|cardiac (?:output|index)|narcosis|rads|bp|hr|spo2|her2"
    r"|er\s?\d+|poisoning|cardiomyopathy|ppm|doppler|receptors?)\b",
    re.I,
)
_MEASURED = re.compile(
    r"\s*-?\s*(?:ms|msec|milliseconds?|mgs?|mcg|ml|mm|mmhg|torr|cm|kg|kpa|l|l/min|lpm|ppm|bpm|mo|mos|weeks?"
    r"|wks?|wk|months?|mths?|days?|d|hrs?|hours?|mins?|minutes?|secs?|yrs?|yr|years?|yo|y/o|degrees?|deg"
    r"|times|points?|joints?|fingers?|toes?|views?|stage|grade|out of)(?![\w-])|\s*(?:%|x\d)",
    re.I,
)
_BEHIND_A_CODE = re.compile(
    r"(?<!\w)[A-Z0-9]\d{3}[A-Z0-9](?:[\s,-]+(?:GO|GP|GN|KX|59))*[\s-]$", re.I
)
_HOLLOW = frozenset(
    """a and any appeal are can code codes do does dos fix for from get got have how i in is it line
    lines mean meaning means my of on or our please pls same the this to unit units we what whats
    why with x explain what's help""".split()
)
_NO_WORDS = re.compile(
    r"\b[A-Z]?\d[\w.]*(?:-[A-Z0-9]{2})*\b|\b[A-Z]\d[\w.]+\b|\b[A-Z][A-Z0-9]\b(?=\s|$|,)"
)

_MONEY = re.compile(r"\$\s?\d[\d,]*(?:\.\d+)?|(?<=\s)-?\d[\d,]*\.\d\d(?![\w.])")
_SEGMENT = re.compile(r"(?<![\w*])(?:CAS|MOA|MIA|LQ|SVC)\s*[*|^]", re.I)
#: What may follow one another in a paste of segments; other segments are dropped whole.
_ANY_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{1,2}[*|^]")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One adjustment. `codes`: its denial codes, in order, each with its kind. `rest`: its other
    words, with the codes of what was billed."""

    codes: tuple[tuple[DenialKind, str], ...]
    rest: str


@dataclass(frozen=True, slots=True)
class DenialsRead:
    """The adjustments of a question. `stored`: its words without money. `rest`: its words without
    the denial codes. `left_out`: how many adjustments are beyond the most that are answered."""

    adjustments: tuple[Adjustment, ...]
    stored: str
    rest: str
    left_out: int = 0


def read_denials(text: str, is_code: Callable[[str], object] = bool) -> DenialsRead | None:
    """The denials that a scrubbed text names; None where it names none. `is_code` tells whether a
    text of the form of a remark (N19) is a code of a loaded system.

    >>> read_denials("co16 m51").adjustments[0].codes
    (('group', 'CO'), ('carc', '16'), ('rarc', 'M51'))
    >>> read_denials("CO2 retention") is None
    True
    """
    if _SEGMENT.search(text):
        stored, pieces = _of_segments(text)
    else:
        stored = _without_money(text)
        pieces = [line for line in re.split(r"[\n;]+", stored) if line.strip()]
    if not _is_about_denials(stored, is_code):
        return None
    found: list[Adjustment] = []
    for piece in pieces:
        codes, rest = _taken(piece, is_code, at_all=bool(found))
        if codes:
            found.append(Adjustment(codes, rest))
        elif found:  # what follows an adjustment belongs to it
            found[-1] = Adjustment(found[-1].codes, f"{found[-1].rest} {rest}")
        else:
            found.append(Adjustment((), rest))
    if found and not found[0].codes and len(found) > 1:  # words above the first
        found[1] = Adjustment(found[1].codes, f"{found[0].rest} {found[1].rest}")
        del found[0]
    if not found or not any(one.codes for one in found):
        return None
    kept = tuple(found[:MOST_LINES])
    rest = "\n".join(one.rest for one in kept)
    return DenialsRead(kept, stored, rest, len(found) - len(kept))


def _without_money(text: str) -> str:
    """The text without amounts: those with a dollar sign, and on a line of a denial those with
    cents."""
    lines = []
    for line in text.split("\n"):
        beside = _GROUPED.search(line) or _NAMED_REASON.search(line)
        shown = _MONEY.sub("", line) if beside else line
        lines.append(re.sub(r"[ \t]{2,}", " ", shown).rstrip() if shown != line else line)
    return "\n".join(lines)


# Whether it is about denials


def _is_about_denials(text: str, is_code: Callable[[str], object]) -> bool:
    if _SEGMENT.search(text):
        return True
    if _NAMED_REASON.search(text):
        return True
    if _REMARK_OF_FOUR.search(text):
        return True
    if _NAMED_REMARK.search(text) and any(_remarks(text, is_code, named=True)):
        return True
    strong = _STRONG.search(text) is not None
    if not strong and _CLINICAL.search(text):
        return False
    alone = _is_alone(text)
    if any(_counts(match, text, strong=strong, alone=alone) for match in _GROUPED.finditer(text)):
        return True
    if bare_codes(text, is_code):
        return True
    # MA01 is of no other system: alone, or among words of remittances.
    return bool(re.search(r"(?<![\w.-])MA\d\d\d?(?![\w.])", text)) and (strong or alone)


def _counts(match: re.Match[str], text: str, *, strong: bool, alone: bool) -> bool:
    """Whether a letter pair with a number is a group with its reason."""
    reason = match["reason"]
    group = _letters(match)
    if strong:
        return True
    if group == "CO" and reason == "2":  # carbon dioxide
        return False
    if _MEASURED.match(text, match.end()) or text[match.end() : match.end() + 1] == "+":
        return False
    number = _number(reason)
    hyphen = bool(match["joint"].strip())
    if "0" in match["group"] and not is_reason(number):  # a zero for the letter
        return False
    if not hyphen and _BEHIND_A_CODE.search(text, 0, match.start()):
        return False  # a modifier and its units: 97530 CO 4 units
    if hyphen:
        return True
    if group == "CR":  # creatinine
        return False
    if number.isdigit() and len(number) > 1 and _WEAK.search(text):
        return True
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    several = len(_GROUPED.findall(text)) > 1 or (group == "CO" and len(number) == 3)
    return supports(text, group, number, rest, alone=alone) or (alone and several)


def _letters(match: re.Match[str]) -> str:
    """The letters of a group, also where a zero was typed for the O."""
    return str(match["group"].upper().replace("0", "O"))


def _is_alone(text: str) -> bool:
    """Whether a text has no words but codes and those that ask what they mean."""
    rest = _NO_WORDS.sub(" ", _REMARK.sub(" ", _GROUPED.sub(" ", text)))
    return all(word in _HOLLOW for word in re.findall(r"[a-z][a-z']*", rest.lower()))


# The codes of one adjustment


def _taken(
    piece: str, is_code: Callable[[str], object], *, at_all: bool
) -> tuple[tuple[tuple[DenialKind, str], ...], str]:
    """The denial codes of a piece of the text, and the piece without them. `at_all`: whether a
    remark may stand without a reason, because it follows one."""
    found: list[tuple[int, list[tuple[DenialKind, str]]]] = []
    spans: list[tuple[int, int]] = []
    for match in _GROUPED.finditer(piece):
        reasons = [match["reason"], *re.findall(r"\d+", match["more"])]
        codes: list[tuple[DenialKind, str]] = [("group", _letters(match))]
        found.append((match.start(), codes + [("carc", _number(one)) for one in reasons]))
        spans.append(match.span())
    for match in _NAMED_REASON.finditer(piece):
        if not _within(match.start("reason"), spans):
            found.append((match.start(), [("carc", _number(match["reason"]))]))
            spans.append(match.span("reason"))
    for start, end, kind, code in bare_codes(piece, is_code):
        if not _within(start, spans):
            found.append((start, [(kind, code)]))
            spans.append((start, end))
    for match in _REMARK_OF_FOUR.finditer(piece):
        found.append((match.start("remark"), [("rarc", match["remark"].upper())]))
        spans.append(match.span("remark"))
    named = _NAMED_REMARK.search(piece) is not None
    if spans or named or at_all or re.search(r"(?<![\w.-])MA\d\d\d?(?![\w.])", piece):
        for match in _remarks(piece, is_code, named=named):
            if not _within(match.start(), spans):
                found.append((match.start(), [("rarc", _padded(match["remark"]))]))
                spans.append(match.span())
    rest = piece
    for start, end in sorted(spans, reverse=True):
        rest = f"{rest[:start]} {rest[end:]}"
    each = [code for _, codes in sorted(found, key=lambda one: one[0]) for code in codes]
    return _once(each), " ".join(rest.split())


def _once(codes: Iterable[tuple[DenialKind, str]]) -> tuple[tuple[DenialKind, str], ...]:
    """Codes, each once under its group; a group is named where it begins."""
    kept: list[tuple[DenialKind, str]] = []
    seen: set[tuple[str, DenialKind, str]] = set()
    group = ""
    for kind, code in codes:
        if kind == "group":
            if code != group:
                kept.append((kind, code))
            group = code
        elif (group, kind, code) not in seen:
            seen.add((group, kind, code))
            kept.append((kind, code))
    return tuple(kept)


def _remarks(
    text: str, is_code: Callable[[str], object], *, named: bool
) -> Iterator[re.Match[str]]:
    """What is written as a remark and is no diagnosis: N19 after "dx" is one, and so is a code of a
    loaded system that the desk's list of remarks does not have."""
    for match in _REMARK.finditer(text):
        code = _padded(match["remark"])
        letters = code.rstrip("0123456789")
        number = int(code[len(letters) :])
        if letters == "M" and number > 144 and not named:
            continue
        if _DIAGNOSIS.search(text, 0, match.start()):
            continue
        if not named and code not in own_words("rarc") and is_code(match["remark"].upper()):
            continue
        yield match


def _within(place: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _number(reason: str) -> str:
    """A reason without leading zeros, its letter in capitals."""
    return reason.upper().lstrip("0") or "0"


def _padded(remark: str) -> str:
    """A remark as CMS writes it: MA1 is MA01, M051 is M51."""
    letters = re.match(r"[A-Z]+", remark.upper())
    assert letters is not None  # the pattern begins with letters
    number = int(remark[letters.end() :])
    return f"{letters[0]}{number:02}" if letters[0] == "MA" else f"{letters[0]}{number}"


def named_services(
    text: str, mentions: Sequence[CodeMention], named: Callable[[str], list[CodeMention]]
) -> list[CodeMention]:
    """The numbers of five digits in the words of denials that are no mentions yet: they are codes
    of services. `named` reads one."""
    typed = {mention.typed for mention in mentions}
    found = dict.fromkeys(re.findall(r"(?<![\w.$/-])\d{5}(?![\w./])", text))
    return [one for number in found if number not in typed for one in named(number)]


# Segments of an 835


def _of_segments(text: str) -> tuple[str, list[str]]:
    """Pasted segments without money and without all that is no code, and one piece in plain words
    for each service or claim: "20610-59 CO-45 N115"."""
    stored: list[str] = []
    pieces: list[str] = []
    words: list[str] = []
    for raw in re.split(r"[~\n]+", text):
        segment = raw.strip()
        start = _SEGMENT.search(segment)
        if start is None:
            # Names and numbers of claims are in other segments: they are dropped.
            if segment and not _ANY_SEGMENT.search(segment):
                words.append(segment)
                stored.append(segment)
            continue
        if before := segment[: start.start()].strip():
            words.append(before)
            stored.append(before)
        mark = segment[start.end() - 1]
        elements = [one.strip() for one in segment[start.start() :].split(mark)]
        kept, piece, begins = _segment(elements)
        stored.append(mark.join(kept).rstrip(mark) + "~")
        if begins or not pieces:
            pieces.append(" ".join([*words, piece]))
            words = []
        else:
            pieces[-1] = f"{pieces[-1]} {piece}"
    if words and pieces:
        pieces[-1] = " ".join([pieces[-1], *words])
    return "\n".join(stored), pieces


def _segment(elements: Sequence[str]) -> tuple[list[str], str, bool]:
    """A segment without money; what it says in plain words; whether it begins a service."""
    name = elements[0].upper()
    if name == "CAS":
        group = elements[1].upper() if len(elements) > 1 else ""
        # Reason, amount, quantity; the amount is dropped.
        kept = [
            one if at % 3 != 1 else ""
            for at, one in enumerate(elements[2:])
        ]  # fmt: skip
        reasons = [one for one in kept[0::3] if re.fullmatch(_REASON, one, re.I)]
        return [name, group, *kept], " ".join(f"{group}-{one}" for one in reasons), False
    if name == "SVC":
        parts = re.split(r"[:>]", elements[1]) if len(elements) > 1 else []
        code = "-".join(part for part in parts[1:] if re.fullmatch(r"\w{2}|\w{5}", part))
        return [name, elements[1] if code else ""], code, True
    remarks = [one if _REMARK.fullmatch(one) else "" for one in elements[1:]]
    said = [one for one in remarks if one]
    if name == "LQ":
        remarks = [elements[1] if len(elements) > 1 else "", *remarks[1:]]
    return [name, *remarks], "remark " + " ".join(said) if said else "", False
