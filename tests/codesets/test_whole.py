"""Lists that are not whole are not loaded, except with --partial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import TEST_DATA

from bot.cli.main import main
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from codesets.whole import NotWhole

DATA = TEST_DATA / "imports"
CM = (DATA / "icd10cm_order_2027.txt").read_text()
HCPCS = (DATA / "HCPC2026_JAN_ANWEB.txt").read_text()
PCS = (DATA / "icd10pcs_codes_2027.txt").read_text()
MUE = "hcpcs_code,mue_units,mue_mai,mue_rationale\n" + "".join(
    f"A{number:04},1,3 Date of Service Edit: Clinical,Nature of Equipment\n" for number in range(40)
)
PTP = "code,complement,effective,deleted,modifier_indicator,rationale\n" + "".join(
    f"A{number:04},E0100,20240101,*,1,Misuse of column two code\n" for number in range(40)
)
CONVERSION = "Current code assignment,Effective,Previous Code(s) Assignment\n" + "".join(
    f"E08.{number},2020,E11.9\n" for number in range(10, 50)
)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def lines(text: str, *spans: slice) -> str:
    every = text.splitlines(keepends=True)
    return "".join(line for span in spans for line in every[span])


def numbered(text: str) -> str:
    """An order file with its lines numbered from one again."""
    return "".join(f"{number:05}{line[5:]}" for number, line in enumerate(text.splitlines(True), 1))


def without(text: str, start: str) -> str:
    return "".join(line for line in text.splitlines(True) if not line.startswith(start))


def loaded(store: CodeStore) -> dict[str, int]:
    return {release.key: store.counts(release)["codes"] for release in store.releases()} | {
        reference.key: store.references.count(reference) for reference in store.references.all()
    }


CM_2027, CM_2026, CM_2028 = (f"icd10cm_order_{year}.txt" for year in (2027, 2026, 2028))
JANUARY, APRIL = "HCPC2026_JAN_ANWEB.txt", "HCPC2026_APR_ANWEB.txt"
MUE_NAMES = [f"mue_practitioner_2026q{quarter}.csv" for quarter in (1, 2)]
PTP_NAME = "ptp_practitioner_2026.csv"

NOT_WHOLE = [
    # (loaded file, its name), (imported file, its name), error
    ("", CM[:-1], CM_2027, "the last line of icd10cm_order_2027.txt breaks off"),
    ("", CM[:-20], CM_2027, "the last line of icd10cm_order_2027.txt breaks off"),
    ("", HCPCS[:-1], JANUARY, "the last line of HCPC2026_JAN_ANWEB.txt breaks off"),
    ("", lines(CM, slice(3), slice(8, 30)), CM_2027, "has the number 00030 and is line 00025"),
    ("", lines(CM, slice(10, 30)), CM_2027, "has the number 00030 and is line 00020"),
    ("", numbered(without(CM, "00005")), CM_2027, "it has codes without their category: E11.9"),
    ((CM, CM_2027), lines(CM, slice(6)), CM_2027, "it has 6 entries, and FY2027 has 30"),
    ((CM, CM_2027), lines(CM, slice(6)), CM_2026, "it has 6 entries, and FY2027 has 30"),
    ((CM, CM_2027), lines(CM, slice(6)), CM_2028, "it has 6 entries, and FY2027 has 30"),
    ((CM, CM_2027), lines(CM, slice(28)), CM_2026,
     "it goes from E08 to V00, and FY2027 from E08 to Z99"),
    ((HCPCS, JANUARY), without(HCPCS, "J"), APRIL,
     "it has no codes that begin with J, and 2026-January has"),
    ((PCS, "pcs_2027.txt"), lines(PCS, slice(6)), "pcs_2028.txt",
     "it has 6 entries, and FY2027 has 12"),
    ((MUE, MUE_NAMES[0]), lines(MUE, slice(20)), MUE_NAMES[1],
     "it has 19 entries, and 2026-January has 40"),
    ((MUE, MUE_NAMES[0]), MUE[:-30], MUE_NAMES[1], "mue_practitioner_2026q2.csv breaks off"),
    ((PTP, PTP_NAME), lines(PTP, slice(4)), "ccipra-v321r0-f1.txt",
     "it has 3 entries, and 2026 has 40 in one file"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "text", "name", "says"), NOT_WHOLE)
def test_a_list_that_is_not_whole_loads_nothing(
    small: CodeStore, tmp_path: Path, before: tuple[str, str], text: str, name: str, says: str
) -> None:
    if before:
        import_files(small, [put(tmp_path / "before", *reversed(before))])
    was = loaded(small)
    path = put(tmp_path / "now", name, text)
    with pytest.raises(NotWhole) as refused:
        import_files(small, [path])
    assert str(refused.value).startswith(f"{name} is not whole: ")
    assert says in str(refused.value)
    assert "--partial" in str(refused.value)
    assert loaded(small) == was


@pytest.mark.parametrize(("before", "text", "name", "says"), NOT_WHOLE[:1] + NOT_WHOLE[3:7])
def test_told_to_it_is_loaded(
    small: CodeStore, tmp_path: Path, before: tuple[str, str], text: str, name: str, says: str
) -> None:
    if before:
        import_files(small, [put(tmp_path / "before", *reversed(before))])
    import_files(small, [put(tmp_path / "now", name, text)], partial=True)
    assert loaded(small) == {"icd10cm/FY2027": text.count("\n") + (not text.endswith("\n"))}


WHOLE = [
    # (loaded file, its name), (imported file, its name)
    ((CM, CM_2027), (CM, CM_2027)),
    ((CM, CM_2027), (numbered(without(CM, "00012")), CM_2028)),  # one code fewer
    # Lists grow, so an edition of seven years before may have fewer codes.
    ((CM, CM_2027), (numbered(lines(CM, slice(7), slice(12, 30))), "icd10cm_order_2020.txt")),
    ((HCPCS, JANUARY), (HCPCS, APRIL)),
    # An earlier edition may lack a first character that came later.
    ((HCPCS, APRIL), (without(HCPCS, "J"), JANUARY)),
    ((MUE, MUE_NAMES[0]), (lines(MUE, slice(39)), MUE_NAMES[1])),
    # A cumulative table was shorter in earlier editions.
    ((CONVERSION, "conversion_fy_2026.csv"), (lines(CONVERSION, slice(9)), "conversion_2023.csv")),
    ((PTP, PTP_NAME), (lines(PTP, slice(12)), "ccipra-v321r0-f1.txt")),
]


@pytest.mark.parametrize(("before", "now"), WHOLE)
def test_a_whole_list_is_loaded(
    small: CodeStore, tmp_path: Path, before: tuple[str, str], now: tuple[str, str]
) -> None:
    import_files(small, [put(tmp_path / "before", *reversed(before))])
    done = import_files(small, [put(tmp_path / "now", *reversed(now))])
    assert len(done.loaded) == 1


def test_lists_that_come_together_are_compared_too(small: CodeStore, tmp_path: Path) -> None:
    cut = put(tmp_path, CM_2026, lines(CM, slice(6)))
    sentences: list[str] = []
    done = import_files(small, [cut, put(tmp_path, CM_2027, CM)], say=sentences.append)
    assert [release.label for release in done.loaded] == ["FY2027"]
    assert done.not_whole == [sentences[-1]]
    assert sentences[-1].startswith(f"{CM_2026} is not whole: it has 6 entries, and FY2027 has 30.")


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path / "home"))
    cut = put(tmp_path, CM_2026, lines(CM, slice(6)))
    whole = put(tmp_path, CM_2027, CM)

    def run(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["codesets", "import", *map(str, arguments), "--no-index"])
        return done.exit_code, done.stderr

    assert run(whole)[0] == 0
    code, output = run(cut)
    assert (code, output.count("\n")) == (2, 1)
    assert output.startswith(f"codedesk: {CM_2026} is not whole")
    code, output = run(cut, whole)
    assert code == 1
    assert f"{CM_2026} is not whole" in output
    assert run(cut, "--partial")[0] == 0
    assert "--partial" in CliRunner().invoke(main, ["codesets", "import", "--help"]).stdout
