"""Makes questions with identifiers in them, to measure the scrubber by:
`python tests/support/phi_cases.py CODES.DB [SEED] [COUNT] [SET] > FILE.tsv`, then
`codedesk scrub --evaluate FILE.tsv`.

Nobody's data: templates and clinical words are our own, numbers come from a generator, and names
are drawn, given name and surname apart, from the lists of Faker (MIT) for 25 languages, half of
them US names (tests/data/phi). Codes are real and come from the loaded code sets. Templates are of
three sets: the scrubber was tuned on `tuned`; `held` and `fresh` were each written before it was
measured on them, and what they showed was mended by rule, not by case (docs/PHI.md).
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from paths import TEST_DATA

from codesets.store.code_store import CodeStore

DATA = TEST_DATA / "phi"
_FIELD = re.compile(r"\{(\w+)\}")
_CPT = "99213 99214 99285 27447 47562 43239 45385 20610 93000 71046 36415 97110 99396 11042 64483".split()
_HCPCS = "J0885 J1745 J3301 G0439 A4253 E0601 L1832 J9271 Q5103 K0001 J2505 G2211".split()
_PCS = "0DTJ0ZZ 0SRC0J9 4A023N7 027034Z 3E0G76Z 0SG00AJ 10D00Z1 0FT44ZZ 02703ZZ 5A1955Z".split()
_CITIES = (
    "Springfield:IL Omaha:NE Tulsa:OK Pasadena:CA Boise:ID Scranton:PA Fresno:CA Laredo:TX Toledo:OH "
    "Naperville:IL Chattanooga:TN Yonkers:NY Albuquerque:NM Spokane:WA Shreveport:LA"
).split()
_STREETS = (
    "Oak Maple Lincoln Washington Elm Cedar Lakeview Martin Hillcrest Sunset Walnut Park".split()
)
_TITLES = "Mr. Mrs. Ms. Dr. Miss".split()


class Case(NamedTuple):
    """`remove` has the (kind, words) that must be removed, `keep` those that must stay."""

    text: str
    remove: list[tuple[str, str]]
    keep: list[tuple[str, str]]


#: The kind by which a field is reported; a field that is not here must be kept.
_KINDS = {
    "given": "NAME", "given2": "NAME", "surname": "NAME", "surname2": "NAME", "low_given": "NAME",
    "low_surname": "NAME", "GIVEN": "NAME", "SURNAME": "NAME", "eponym_name": "NAME",
    "date": "DATE", "date_words": "DATE", "old": "AGE", "mrn": "MRN", "mrn_glued": "MRN",
    "ssn": "SSN", "member": "MEMBER ID", "mbi": "MEMBER ID", "account": "ACCOUNT",
    "accession": "ACCOUNT", "phone": "PHONE", "fax": "FAX", "email": "EMAIL", "street": "ADDRESS",
    "city": "CITY", "zip": "ZIP", "npi": "LICENSE", "dea": "LICENSE", "licence": "LICENSE",
    "vin": "VEHICLE", "plate": "VEHICLE", "serial": "DEVICE", "udi": "DEVICE", "url": "URL",
    "ip": "IP", "file": "FILE",
}  # fmt: skip
#: Fields that are neither.
_PLAIN = {"I", "Title", "state"}


class Maker:
    def __init__(self, codes: list[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._codes = codes
        self._names: dict[tuple[str, str], list[str]] = {}
        for row in _rows("names.tsv"):
            self._names.setdefault((row["part"], row["where"]), []).append(row["name"])
        self._medicine: dict[str, list[str]] = {}
        for row in _rows("medicine.tsv"):
            self._medicine.setdefault(row["kind"], []).append(row["text"])

    def cases(self, templates: list[str], count: int) -> Iterator[Case]:
        """`count` cases, from each template in turn."""
        for number in range(count):
            yield self.case(templates[number % len(templates)])

    def case(self, template: str) -> Case:
        place = self._random.choice(_CITIES).split(":")
        remove, keep, parts = [], [], []
        end = 0
        for match in _FIELD.finditer(template):
            field = match[1]
            value = {"city": place[0], "state": place[1]}.get(field) or self._value(field)
            parts += [template[end : match.start()], value]
            end = match.end()
            if field in _KINDS:
                remove.append((_KINDS[field], value))
            elif field not in _PLAIN:
                keep.append((field.lower(), value))
        return Case("".join([*parts, template[end:]]), remove, keep)

    def _value(self, field: str) -> str:
        pick, digits = self._random.choice, self._digits
        match field:
            case "given" | "given2" | "surname" | "surname2":
                return self._name(field.removesuffix("2"))
            case "low_given" | "low_surname":
                return self._name(field.removeprefix("low_")).lower()
            case "GIVEN" | "SURNAME":
                return self._name(field.lower()).upper()
            case "DX":
                return pick(self._medicine["dx"]).upper()
            case "I":
                return pick("ABCDEGHJKLMPRST")
            case "Title":
                return pick(_TITLES)
            case "age":
                return str(self._random.randint(18, 89))
            case "old":
                return str(self._random.randint(90, 104))
            case "year":
                return str(self._random.randint(1985, 2026))
            case "date":
                return self._date(
                    [
                        "%m/%d/%Y",
                        "%-m/%-d/%y",
                        "%Y-%m-%d",
                        "%m-%d-%Y",
                        "%d-%b-%Y",
                        "%-m/%-d/%Y",
                        "%m.%d.%Y",
                    ]
                )
            case "date_words":
                return self._date(
                    ["%B %-d, %Y", "%b %-d %Y", "%-d %B %Y", "%B %-d", "%B %-dth, %Y"]
                )
            case "mrn":
                return pick(
                    [
                        digits(6),
                        digits(8),
                        f"{digits(2)}-{digits(2)}-{digits(2)}",
                        f"E{digits(7)}",
                        digits(5),
                    ]
                )
            case "mrn_glued":
                return "MRN" + pick(["", "#", ": "]) + digits(7)
            case "ssn":
                return pick(
                    [
                        f"{digits(3)}-{digits(2)}-{digits(4)}",
                        f"{digits(3)} {digits(2)} {digits(4)}",
                        digits(9),
                    ]
                )
            case "member":
                return pick(
                    [
                        f"XYZ{digits(9)}",
                        f"W{digits(9)}",
                        digits(10),
                        f"{digits(8)}A",
                        f"ABC-{digits(8)}",
                    ]
                )
            case "mbi":
                return f"{self._random.randint(1, 9)}EG{digits(1)}-TE{digits(1)}-MK{digits(2)}"
            case "account":
                return pick(
                    [digits(8), digits(10), digits(13), f"{digits(4)}-{digits(5)}", f"H{digits(9)}"]
                )
            case "accession":
                return f"S{digits(2)}-{digits(5)}"
            case "phone" | "fax":
                a, b, c = (
                    f"{pick('23456789')}{digits(2)}",
                    f"{pick('23456789')}{digits(2)}",
                    digits(4),
                )
                return pick(
                    [
                        f"({a}) {b}-{c}",
                        f"{a}-{b}-{c}",
                        f"{a}.{b}.{c}",
                        f"+1 {a} {b} {c}",
                        f"{a}{b}{c}",
                        f"1-{a}-{b}-{c}",
                    ]
                )
            case "email":
                name = _ascii(self._name("surname")).lower()
                return pick(
                    [f"{name}{digits(2)}@example.com", f"{name[0]}.{name}@mail.hospital.org"]
                )
            case "street":
                kind = pick("St Ave Rd Blvd Drive Lane Court Street".split())
                return f"{self._random.randint(10, 9999)} {pick(_STREETS)} {kind}" + pick(
                    ["", f" Apt {digits(2)}"]
                )
            case "zip":
                return pick([digits(5), f"{digits(5)}-{digits(4)}"])
            case "npi":
                return f"1{digits(9)}"
            case "dea":
                return f"{pick('ABFM')}{pick('BCDEHKST')}{digits(7)}"
            case "licence":
                return pick(
                    [
                        f"D{digits(7)}",
                        f"{pick('SJT')}{digits(3)}-{digits(4)}-{digits(4)}",
                        digits(9),
                    ]
                )
            case "vin":
                return f"1HGCM8263{pick('3X')}A{digits(6)}"
            case "plate":
                return pick([f"{digits(1)}ABC{digits(3)}", f"KLM-{digits(4)}"])
            case "serial":
                return pick([f"SN-{digits(5)}-X", f"PJN{digits(6)}H", digits(9)])
            case "udi":
                return f"(01){digits(14)}(17)2{digits(5)}(21){digits(8)}"
            case "url":
                return pick(
                    [
                        f"https://portal.example.org/pt/{digits(6)}",
                        f"www.mychart-example.com/u/{digits(4)}",
                    ]
                )
            case "ip":
                return f"10.{self._random.randint(0, 255)}.{self._random.randint(0, 255)}.{self._random.randint(1, 254)}"
            case "file":
                return f"{pick(['IMG', 'scan', 'face'])}_{digits(4)}.{pick(['jpg', 'png', 'heic'])}"
            case "icd10cm":
                return pick(self._codes)
            case "cpt":
                return pick(_CPT)
            case "hcpcs":
                return pick(_HCPCS)
            case "pcs":
                return pick(_PCS)
            case "ndc":
                return pick(
                    ["55513-0710-01", "00781-3244-95", "0781-2458-10", "55513071001", "00006302602"]
                )
            case _:
                return pick(self._medicine[field])

    def _name(self, part: str) -> str:
        return self._random.choice(self._names[part, self._random.choice(["us", "world"])])

    def _digits(self, count: int) -> str:
        return "".join(self._random.choice("0123456789") for _ in range(count))

    def _date(self, forms: list[str]) -> str:
        day = dt.date(1930, 1, 1) + dt.timedelta(days=self._random.randrange(35000))
        return day.strftime(self._random.choice(forms))


def _ascii(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name) if c.isascii() and c.isalpha())


def _rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def templates(of: str) -> list[str]:
    return [row["template"] for row in _rows("templates.tsv") if of in ("all", row["set"])]


def codes(codes_db: Path, count: int = 3000) -> list[str]:
    """Dotted codes of ICD-10-CM, from all over the book."""
    store = CodeStore(codes_db)
    try:
        release = store.releases("icd10cm")[-1]
        found = [code.code for code in store.codes(release) if "." in code.code]
    finally:
        store.close()
    return random.Random(0).sample(found, count)


def write(cases: Iterator[Case], out: object = sys.stdout) -> None:
    """The file that `codedesk scrub --evaluate` reads."""
    print("text\tremove\tkeep", file=out)  # type: ignore[call-overload]
    for case in cases:
        lists = (" | ".join(f"{kind}={value}" for kind, value in part) for part in case[1:])
        print(case.text, *lists, sep="\t", file=out)  # type: ignore[call-overload]


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    maker = Maker(codes(Path(given[1])), int(given.get(2, "1")))
    write(maker.cases(templates(given.get(4, "all")), int(given.get(3, "2000"))))
