"""Unpacks zips within limits. Runs in a confined process (codesets/confined.py)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from codesets import limits
from codesets.limits import MB, TooMuch
from codesets.model import CodesetError

_BLOCK = 1 << 20
#: The longest file name, in characters. Publishers' names are shorter; file systems take 255 bytes.
_NAME = 200
#: Access databases, which CMS ships beside the same tables as CSV. They are large, and never read.
_NOT_READ = (".mdb", ".accdb")


@dataclass(slots=True)
class _Left:
    """How many files and bytes may still be unpacked from a zip and the zips in it."""

    files: int = field(default_factory=lambda: limits.ZIP_FILES)
    size: int = field(default_factory=lambda: limits.ZIP_BYTES)

    def take(self, size: int, package: str) -> None:
        """Count `size` bytes. Raises TooMuch when they are more than what is left."""
        self.size -= size
        if self.size < 0:
            raise _beyond(package, f"more than {limits.ZIP_BYTES // MB} MB when it is unpacked")


def unpack(path: Path, folder: str) -> Iterator[list[str]]:
    """Put every file of a zip, and of the zips in it, under `folder`; yield each path as `[path]`.

    Raises TooMuch when the zip exceeds the limits of codesets/limits.py; CodesetError when it is
    damaged or locked, has two files of the same name, or a file name that cannot be used.
    """
    yield from _unpacked(path, path.name, Path(folder), _Left(), 1)


def test(path: Path) -> Iterator[list[str]]:
    """Read a zip to its end within the same limits, without unpacking it. Yields nothing; raises as
    `unpack` does."""
    left = _Left()
    with _opened(path, path.name) as package:
        for member in members(package, path.name, left):
            for _ in _blocks(package, member, path.name, left):
                pass
    yield from ()


def members(
    package: zipfile.ZipFile, name: str, left: _Left | None = None
) -> list[zipfile.ZipInfo]:
    """The files of a zip that its directory lists. The sizes that it declares are compared with the
    limits before any file is read.

    Raises TooMuch and CodesetError as `unpack` does; `name` is that of the zip.
    """
    left = left or _Left()
    files = [
        member
        for member in package.infolist()
        if not member.is_dir() and not member.filename.lower().endswith(_NOT_READ)
    ]
    left.files -= len(files)
    if left.files < 0:
        raise _beyond(name, f"more than {limits.ZIP_FILES:,} files")
    if sum(member.file_size for member in files) > left.size:
        raise _beyond(name, f"more than {limits.ZIP_BYTES // MB} MB when it is unpacked")
    seen: set[str] = set()
    for member in files:
        if member.filename in seen:
            raise CodesetError(
                f"{name} holds two files of one name ({_shown(member)}), and which one counts "
                "cannot be told: unpack it and import the right one."
            )
        seen.add(member.filename)
        if member.flag_bits & 1:
            raise CodesetError(
                f"{name} is a zip that cannot be unpacked: {_shown(member)} is locked with a "
                "password. Unpack it and import what it holds."
            )
        grown = member.file_size / max(1, member.compress_size)
        if member.file_size > limits.ZIP_RATIO_FROM and grown > limits.ZIP_RATIO:
            raise _beyond(
                name, f"{_shown(member)}, which becomes {limits.ZIP_RATIO} times larger or more"
            )
    return files


def _unpacked(path: Path, shown: str, folder: Path, left: _Left, depth: int) -> Iterator[list[str]]:
    if depth > limits.ZIP_DEPTH:
        raise _beyond(shown, f"a zip in a zip more than {limits.ZIP_DEPTH} deep")
    with _opened(path, shown) as package:
        for number, member in enumerate(members(package, shown, left)):
            # Only the last part of the name is used, so a zip cannot choose where its files go.
            name = PurePosixPath(member.filename).name
            if name in ("", ".", "..") or len(name) > _NAME or not name.isprintable():
                raise CodesetError(
                    f"{shown} holds a file whose name cannot be used ({_shown(member)}): "
                    "unpack it and import what it holds."
                )
            target = folder / str(number) / name
            target.parent.mkdir(parents=True)
            with target.open("wb") as copy:
                for block in _blocks(package, member, shown, left):
                    copy.write(block)
            if target.suffix.lower() == ".zip":
                yield from _unpacked(
                    target, f"{shown}/{name}", target.parent / "unpacked", left, depth + 1
                )
                target.unlink()
            else:
                yield [str(target)]


def _opened(path: Path, shown: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(shown) from error


def _blocks(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, left: _Left
) -> Iterator[bytes]:
    """The content of a file in a zip, block by block. The bytes that are really unpacked are
    counted, because the declared size may be wrong."""
    try:
        with package.open(member) as source:
            while block := source.read(_BLOCK):
                left.take(len(block), name)
                yield block
    except (TooMuch, MemoryError):
        raise
    except Exception as error:  # each compression method raises other errors
        raise _damaged(name, member) from error


def _shown(member: zipfile.ZipInfo) -> str:
    name = PurePosixPath(member.filename).name or member.filename
    return ascii(name)[1:-1][:80]


def _beyond(name: str, what: str) -> TooMuch:
    return TooMuch(
        f"{name} holds {what}, which no official file does: nothing of it was loaded. Download it "
        "again from its publisher, or unpack it and import what it holds."
    )


def _damaged(name: str, member: zipfile.ZipInfo | None = None) -> CodesetError:
    which = f" at {_shown(member)}" if member else ""
    return CodesetError(
        f"{name} is a zip that cannot be unpacked (damaged or cut off{which}): download it again, "
        "or unpack it and import its text file."
    )
