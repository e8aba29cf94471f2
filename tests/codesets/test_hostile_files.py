"""Files made to fill disk or memory, to never end, or to crash their reader: for each there is one
sentence, nothing is loaded, and no temporary file stays."""

from __future__ import annotations

import io
import os
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from paths import TEST_DATA

from codesets import confined, limits, zips
from codesets.formats.text_files import lines_of, text_lines, xml_root
from codesets.limits import BEGINNING, MB, Allowance, TooMuch
from codesets.loading.importer import import_files
from codesets.model import CodesetError
from codesets.store.code_store import CodeStore

DATA = TEST_DATA / "imports"
ORDER = DATA / "icd10cm_order_2027.txt"
#: An order file of 900 codes, longer than what a file is recognised by.
LONG_ORDER = "".join(
    f"{at:05} E{at:05}  1 {f'Kind {at} of a thing':<60} Kind {at} of a thing\n" for at in range(900)
).encode()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CodeStore]:
    """A store with one release, and a temporary folder that must be empty at the end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(limits, "BEGINNING", replace(BEGINNING, cpu=3))
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [DATA / "HCPC2026_JAN_ANWEB.txt"])
    yield store
    assert [release.key for release in store.releases()] == ["hcpcs/2026-January"]
    assert store.references.all() == []
    assert list(temporary.iterdir()) == []
    store.close()


# Making such files


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return buffer.getvalue()


def nested(times: int) -> bytes:
    data = ORDER.read_bytes()
    for _ in range(times):
        data = zipped({"inner.zip" if data[:2] == b"PK" else ORDER.name: data})
    return data


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            package.writestr(ORDER.name, ORDER.read_bytes())
    return buffer.getvalue()


def changed(data: bytes, at: int, value: int) -> bytes:
    """The zip with one byte of its directory entry changed."""
    entry = data.index(b"PK\x01\x02")
    return data[: entry + at] + bytes([value]) + data[entry + at + 1 :]


def spoilt(how: int) -> bytes:
    data = bytearray(zipped({ORDER.name: ORDER.read_bytes()}, how))
    middle = data.index(b"PK\x01\x02") // 2
    data[middle : middle + 40] = bytes(40)
    return bytes(data)


def workbook(rows: str, strings: str = "") -> bytes:
    """An .xlsx with this XML as its sheet and its shared strings."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
    }
    return zipped({name: text.encode() for name, text in parts.items()})


def pdf(content: bytes) -> bytes:
    """A PDF of one page with this content, compressed."""
    stream = zlib.compress(content, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources"
        b"<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n%d\n%%%%EOF" % len(out)
    )


PLAIN = zipped({ORDER.name: ORDER.read_bytes()})
INDEX = '<?xml version="1.0"?><ICD10CM.index><version>2027</version>'

HOSTILE = [
    # name, content, error
    ("grows-2027.zip", lambda: zipped({"a.txt": b"0" * (40 * MB)}), "100 times larger or more"),
    ("many-2027.zip", lambda: zipped({f"{n}.txt": b"" for n in range(1_001)}),
     "more than 1,000 files"),
    ("large-2027.zip", lambda: changed(PLAIN, 27, 0x7F), "more than 512 MB when it is unpacked"),
    ("deep-2027.zip", lambda: nested(5), "a zip in a zip more than 3 deep"),
    ("locked-2027.zip", lambda: changed(PLAIN, 8, 1), "is locked with a password"),
    ("method-2027.zip", lambda: changed(PLAIN, 10, 99), "damaged or cut off at icd10cm_order_2027"),
    ("twice-2027.zip", twice, "two files of one name (icd10cm_order_2027.txt)"),
    ("dots-2027.zip", lambda: zipped({"a/..": b"E08"}), "whose name cannot be used (..)"),
    ("bell-2027.zip", lambda: zipped({"a\x07b.txt": b"E08"}), r"cannot be used (a\x07b.txt)"),
    ("deflate-2027.zip", lambda: spoilt(zipfile.ZIP_DEFLATED), "cannot be unpacked (damaged"),
    ("stored-2027.zip", lambda: spoilt(zipfile.ZIP_STORED), "cannot be unpacked (damaged"),
    ("bzip2-2027.zip", lambda: spoilt(zipfile.ZIP_BZIP2), "cannot be unpacked (damaged"),
    ("lzma-2027.zip", lambda: spoilt(zipfile.ZIP_LZMA), "cannot be unpacked (damaged"),
    ("index-2027.xml", lambda: (INDEX + "<term>" * 200_000).encode(), "is no file that"),
    ("index-2027.xml", lambda: _index("<term>" * 200_000), "nested more than 100 deep"),
    ("index-2027.xml", lambda: _index(f'<letter a="{"x" * 2 * MB}"/>'), "a tag or a text of more"),
    ("index-2027.xml", lambda: _index("<letter><term>"), "not readable as XML"),
    ("index-2027.xml", lambda: _index("").replace(b'"1.0"', b'"1.0" encoding="klingon"'),
     "not readable as XML (unknown encoding"),
    ("index-2027.xml", lambda: _index("").decode().encode("utf-16"), "UTF-16"),
    ("order_2027.txt", lambda: ORDER.read_text().encode("utf-16-le"), "UTF-16 text, or no text"),
    ("order_2027.txt", lambda: LONG_ORDER + b"\0", "NUL bytes"),
    ("order_2027.txt", lambda: LONG_ORDER + b"\x81", "UTF-8 nor Windows-1252 text"),
    ("order_2027.txt", lambda: LONG_ORDER + b"x" * MB, "line 901: has more than"),
    ("mue_practitioner_2026q1.csv",
     lambda: b"hcpcs_code,mue_units,mue_mai,mue_rationale\nA0001," + b"9" * 30 + b",1,x\n",
     "is no number of units"),
    ("guidelines.pdf", lambda: pdf(b"BT /F 9 Tf (word) Tj ET " * 2_000_000), "of computing"),
    ("guidelines.pdf", lambda: b"%PDF-1.7\n" + os.urandom(2_000), "cannot be opened as a PDF"),
    ("HCPC2026_APR.xlsx", lambda: workbook("<row><c><v>1</v></c></row>" * 2_000_000),
     "100 times larger or more"),
    ("HCPC2026_APR.xlsx", lambda: workbook("<row><c t='s'><v>7</v></c></row>"), "no file that"),
]  # fmt: skip


def _index(rest: str) -> bytes:
    """An XML file that begins like the External Cause Index."""
    return f"{INDEX}<title>ICD-10-CM EXTERNAL CAUSE of INJURIES INDEX</title>{rest}".encode()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "make", "says"), HOSTILE)
def test_a_hostile_file_is_said_in_a_sentence_and_loads_nothing(
    small: CodeStore, tmp_path: Path, name: str, make, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(CodesetError) as refused:
        import_files(small, [path])
    assert says in str(refused.value)
    assert str(refused.value).startswith(name)
    assert str(refused.value).count("\n") == 0


def test_a_hostile_file_in_a_zip_costs_no_other(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "codes.db")
    path = tmp_path / "codes-2027.zip"
    bomb = workbook("<row><c><v>1</v></c></row>" * 2_000_000)
    path.write_bytes(zipped({ORDER.name: ORDER.read_bytes(), "a.xlsx": bomb}))
    sentences: list[str] = []
    done = import_files(store, [path], say=sentences.append)
    assert [release.label for release in done.loaded] == ["FY2027"]
    assert done.left_out == ["a.xlsx"]
    assert sentences[-1].startswith("a.xlsx (in codes-2027.zip): left out, it holds sheet1.xml")
    store.close()


def test_what_is_no_file_is_said(small: CodeStore, tmp_path: Path) -> None:
    path = tmp_path / "pipe_2027.txt"
    os.mkfifo(path)
    with pytest.raises(CodesetError, match="is no file"):
        import_files(small, [path])


def test_what_comes_out_of_a_zip_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes that are unpacked count, not the declared ones, over all zips in a zip together."""
    monkeypatch.setattr(limits, "ZIP_BYTES", MB)
    inner = zipped({"a.txt": os.urandom(600_000)})
    path = tmp_path / "two.zip"
    path.write_bytes(zipped({"a.zip": inner, "b.zip": inner}, zipfile.ZIP_STORED))
    with pytest.raises(TooMuch, match="more than 1 MB when it is unpacked"):
        list(zips.unpack(path, str(tmp_path / "out")))


@pytest.mark.parametrize("read", [text_lines, lines_of])
def test_text_without_an_end_is_read_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read
) -> None:
    monkeypatch.setattr(limits, "TEXT_LINES", 10)
    path = tmp_path / "a.txt"
    path.write_text("x\n" * 11)
    with pytest.raises(TooMuch, match="more than 10 lines"):
        list(read(path))
    monkeypatch.setattr(limits, "TEXT_BYTES", 20)
    with pytest.raises(TooMuch, match="more than 0 MB"):
        list(read(path))


def test_the_parts_of_xml_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "XML_PARTS", 10)
    path = tmp_path / "a.xml"
    path.write_text("<a>" + "<b c='1'/>" * 5 + "</a>")
    with pytest.raises(TooMuch, match="more than 10 elements and attributes"):
        xml_root(path)


# The separate process


def rows_within(path: Path, **less: int) -> list[list[str]]:
    most = {"memory": BEGINNING.memory, "cpu": 60, "wall": 120, "output": 64 * MB} | less
    within = Allowance(**most)
    return list(confined.read("workbook", path, None, damaged="damaged", within=within))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("less", "says"),
    [
        ({"cpu": 2}, "more than 2 seconds of computing"),
        ({"wall": 1}, "more than 1 seconds to read"),
        ({"memory": 80 * MB}, "more than 80 MB of memory"),
        ({"output": MB}, "more than 1 MB of disk"),
    ],
)
def test_a_reader_is_held_to_its_limits(tmp_path: Path, less: dict[str, int], says: str) -> None:
    strings = "".join(f"<si><t>{f'{n * 7919:x}' * 16}</t></si>" for n in range(200_000))
    path = tmp_path / "large.xlsx"
    rows = "".join(f"<row>{f'<c><v>{n}</v></c>' * 4}</row>" for n in range(50_000))
    path.write_bytes(workbook(rows, strings))
    with pytest.raises(TooMuch) as refused:
        rows_within(path, **less)
    assert str(refused.value).startswith("large.xlsx takes ")
    assert says in str(refused.value)


def test_a_reader_hands_back_every_row(tmp_path: Path) -> None:
    path = tmp_path / "small.xlsx"
    path.write_bytes(workbook("<row><c><v>1</v></c><c><v>2.0</v></c></row><row><c/></row>"))
    assert rows_within(path) == [["1", "2"], [""]]


def test_a_reader_is_told_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    assert not any(name.startswith("SLACK") for name in confined._environment())
