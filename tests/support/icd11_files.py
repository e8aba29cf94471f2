"""Small files of ICD-11 in the layouts that WHO publishes. Every title in them is invented."""

from __future__ import annotations

import zipfile
from pathlib import Path

#: Class, code, block, title, chapter, whether it is a leaf, the blocks that it stands in.
ENTITIES = [
    ("chapter", "", "", "Imagined diseases", "01", False, []),
    ("block", "", "BlockL1-9Z1", "- Sweet illnesses", "01", False, []),
    ("category", "9Z10", "", "- - Purple sweetness of marsupials", "01", False, ["BlockL1-9Z1"]),
    ("category", "9Z10.0", "", "- - - Purple sweetness, nocturnal", "01", True, ["BlockL1-9Z1"]),
    ("category", "9Z10.Z", "", "- - - Purple sweetness, unsaid", "01", True, ["BlockL1-9Z1"]),
    ("category", "9Z11", "", "- - Glittering wombat cough", "01", True, ["BlockL1-9Z1"]),
    ("category", "CZ40.0Y", "", "- - Rhymed shivering", "01", True, ["BlockL1-9Z1"]),
    ("chapter", "", "", "Additions", "X", False, []),
    ("category", "XZ8P1", "", "- With a hat", "X", True, []),
]
#: Kind, WHO's ICD-10 code and title, ICD-11 code and title.
TO_11 = [
    ("chapter", "IV", "Chapter that is left out", "9Z10", "Purple sweetness of marsupials"),
    ("category", "E11", "Sweetness of old", "9Z10", "Purple sweetness of marsupials"),
    ("modifiedcategory", "E11.9", "Sweetness of old, plain", "9Z10.Z", "Purple sweetness, unsaid"),
    ("category", "E08", "Sweetness from elsewhere", "9Z11&XZ8P1", "Glittering wombat cough [hat]"),
    ("category", "S00", "Dents of old", "", "Dents in general"),
]
#: ICD-11 code and title, WHO's ICD-10 code and title.
TO_10 = [
    ("", "Sweet illnesses", "E10-E14", "A block that is left out"),
    ("9Z10", "Purple sweetness of marsupials", "E11", "Sweetness of old"),
    ("9Z10.Z", "Purple sweetness, unsaid", "E11.9", "Sweetness of old, plain"),
    ("9Z11", "Glittering wombat cough", "J98.7", "Cough of old"),
]
_URI = "http://id.who.int/icd/release/11/mms/"
_HEADING = (
    "Foundation URI\tLinearization URI\tCode\tBlockId\tTitle\tClassKind\tDepthInKind\tIsResidual\t"
    "ChapterNo\tBrowserLink\tisLeaf\tPrimary tabulation\tGrouping1\tGrouping2\tGrouping3\t"
    "Grouping4\tGrouping5\tVersion:2024 Jan 21 - 22:30 UTC"
)


def tabulation(folder: Path, entities=ENTITIES, name: str = "SimpleTabulation-ICD-11-MMS-en.txt"):
    lines = [_HEADING]
    for number, (kind, code, block, title, chapter, leaf, blocks) in enumerate(entities):
        cells = ["", f"{_URI}{number}", code, block, f'"{title}"', kind, "1", "False", chapter]
        cells += [f'"=hyperlink(""{_URI}{number}"",""browser"")"', str(leaf), ""]
        cells += [*blocks, *[""] * (5 - len(blocks))]
        lines.append("\t".join(cells))
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode())
    return path


def tabulation_zip(folder: Path) -> Path:
    text = tabulation(folder)
    path = folder / "SimpleTabulation-ICD-11-MMS-en.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(text, text.name)
        package.writestr("readme.txt", "Foundation URI\t:Unique identifier\r\n")
    text.unlink()
    return path


def map_to_11(folder: Path) -> Path:
    lines = [
        "10ClassKind\t10DepthInKind\ticd10Code\ticd10Chapter\ticd10Title\t11ClassKind\t"
        "11DepthInKind\tICD-11 FoundationURI\tLinearization (releaseURI)\ticd11Code\ticd11Chapter\t"
        "icd11Title\t2024-Jan-21"
    ]
    lines += [
        f"{kind}\t1\t{code}\tIV\t{title}\tcategory\t1\t{_URI}1\t{_URI}1\t{other}\t01\t{name}"
        for kind, code, title, other, name in TO_11
    ]
    path = folder / "10To11MapToOneCategory.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def map_to_10(folder: Path) -> Path:
    lines = [
        "Linearization (release) URI\ticd11Code\ticd11Chapter\ticd11Title\ticd10Code\t"
        "icd10Chapter\ticd10Title\t2024-Jan-21"
    ]
    lines += [
        f"{_URI}1\t{code}\t01\t{title}\t{other}\tIV\t{name}" for code, title, other, name in TO_10
    ]
    path = folder / "11To10MapToOneCategory.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def all_files(folder: Path) -> list[Path]:
    return [tabulation_zip(folder), map_to_11(folder), map_to_10(folder)]
