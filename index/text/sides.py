"""Sides and parts of the body in shorthand, spelled out as titles have them: OD, RLL, R-knee."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from index.text.lexicon import Lexicon
from index.text.resources import read_text
from index.text.tokens import fold

_WORD = re.compile(r"[a-z]+")
#: Parts of the body that have a side. A side may be one letter joined to one: "R-knee".
PAIRED = (
    r"(?:knees?|hips?|shoulders?|shldr|wrists?|ankles?|elbows?|hands?|foot|feet|ft|arms?|legs?"
    r"|fingers?|thumbs?|toes?|ears?|eyes?|breasts?|kidneys?|lungs?|femur|tibia|fibula|radius|ulna"
    r"|humerus|clavicle|ribs?|heels?|thighs?|calf|forearms?|groins?|flanks?|side|sided|hemi\w*"
    r"|lower|upper|eyelids?|lids?|axilla|buttocks?|scapula|ovary|testis|testicle|carotid)"
)
_REWRITTEN = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        # Both sides: "B/L", "b-l", "BL", "R>L", "rt and lt", "right & left".
        (r"(?i)(?<![\w/])b\s?[/\\-]\s?l(?![\w/-])", " bilateral "),
        (r"(?<!\w)(?:BL|B/L|BIL)(?!\w)", " bilateral "),
        (rf"(?i)\bbl\b(?=\s+{PAIRED}\b)", " bilateral "),
        (r"(?i)\b(?:bil|bilat|bilatl|biltrl|blat|bilaterally)\b\.?", " bilateral "),
        (
            r"(?<!\w)R\s?[>=&+]\s?L(?!\w)|(?<!\w)L\s?[>=&+]\s?R(?!\w)"
            r"|(?i:\b(?:rt|right)\s*(?:and|&|\+|>)\s*(?:lt|lft|left)\b"
            r"|\b(?:lt|lft|left)\s*(?:and|&|\+|>)\s*(?:rt|right)\b)",
            " bilateral ",
        ),
        # One letter joined to the part: "R-knee", "knee-R", "L/hip".
        (rf"(?<![\w-])R[-/.]\s?(?=(?i:{PAIRED})\b)", " right "),
        (rf"(?<![\w-])L[-/.]\s?(?=(?i:{PAIRED})\b)", " left "),
        (r"(?<=[A-Za-z]{3})[-/]R(?![\w/-])", " right "),
        (r"(?<=[A-Za-z]{3})[-/]L(?![\w/-])", " left "),
        (r"(?i)\b(?:rgt|rght|rigth)\b", "right"),
        (r"(?i)\b(?:lft|lef)\b(?=\s*,|\s+(?!test|elev|abn|high|study))", "left"),
    )
)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """A row of prompts/vocabulary/sides.toml. `near` and `unless` have the shorthand of their
    words, too; an empty `near` asks for no words."""

    shorthand: Mapping[str, str]
    near: frozenset[str]
    unless: frozenset[str]
    apart: bool

    def of(self, text: str, said: frozenset[str]) -> set[str]:
        """The shorthand that has this meaning in a text with these words."""
        short = {word for word in said if word in self.shorthand}
        if self.apart:
            short = {word for word in short if re.search(rf"(?i),\s*{word}\s*(?:,|$)", text)}
        others = said - short
        if others & self.unless or (self.near and not others & self.near):
            return set()
        return short if others else set()


@cache
def _meanings() -> tuple[_Meaning, ...]:
    rows = tomllib.loads(read_text("vocabulary", "sides.toml"))["meaning"]
    return tuple(
        _Meaning(
            row["shorthand"],
            _with_shorthand(frozenset(row.get("near", "").split())),
            frozenset(row.get("unless", "").split()),
            row.get("apart", False),
        )
        for row in rows
    )


def _with_shorthand(words: frozenset[str]) -> frozenset[str]:
    """The words with the one-word shorthand that means one of them: POAG is a glaucoma."""
    return words | {
        short
        for means, shorthand in Lexicon.shipped().shorthand().items()
        if words & set(means)
        for short in shorthand
        if " " not in short
    }


def spell_sides(text: str) -> str:
    """A text with the sides in it spelled out, where they are shorthand that titles do not have."""
    for pattern, words in _REWRITTEN:
        text = pattern.sub(words, text)
    said = frozenset(_WORD.findall(fold(text)))
    for meaning in _meanings():
        for word in meaning.of(text, said):
            text = re.sub(rf"(?i)\b{word}\b", meaning.shorthand[word], text)
            said -= {word}
    return text


#: How far a disease has gone. It may differ between the sides.
_EXTENT = re.compile(
    r"(?i)\b(?:mild|mod(?:erate)?|sev(?:ere)?|indeterminate|early|intermediate|advanced"
    r"|(?:stage|stg|grade|type) ?(?:\d[a-d]?|iv|i{1,3})|[1-4](?:st|nd|rd|th) deg(?:ree)?"
    r"|proliferative|nonproliferative|npdr|pdr|complete|partial|acute|chronic)\b"
)
_PARTS = re.compile(r"(?i)\s*(?:[,;/+&]|\band\b)\s*")
_ONE_SIDE = re.compile(r"(?i)\b(?:right|left)\b(?: eye\b)?|\b(?:rt|lt|r|l)\b(?![/-])")


def by_side(text: str) -> list[str]:
    """A text that says how far a disease has gone on the right and on the left, as one text for
    each side: "POAG mild OD, severe OS" is "POAG mild right eye" and "POAG severe left eye". []
    for any other text.

    Such a statement is two codes, as no code has two stages (Guidelines I.C.7.a.3).
    """
    parts = [part for part in _PARTS.split(spell_sides(text)) if part]
    sided = [part for part in parts if _ONE_SIDE.search(part) and _EXTENT.search(part)]
    sides = [_ONE_SIDE.findall(part) for part in sided]
    if len(sided) != 2 or any(len(found) != 1 for found in sides):
        return []
    if sides[0][0][0].lower() == sides[1][0][0].lower():
        return []
    shared = [part for part in parts if part not in sided]
    # Only the first part may name the disease: "POAG mild OD, severe OS".
    first, second = (_bare(part) for part in sided)
    again = [word for word in first if word not in second] if set(second) <= set(first) else []
    texts = (sided[0].strip(), " ".join([*again, sided[1].strip()]))
    return [", ".join([text, *shared]) for text in texts]


def _bare(part: str) -> list[str]:
    """The words of a part without its side and how far its disease has gone."""
    for pattern in (_ONE_SIDE, _EXTENT):
        part = pattern.sub(" ", part)
    return [word for word in _WORD.findall(fold(part)) if word != "stage"]
