"""Recordings wherever they lie: files, packed files, archives, folders of all these; one after the other, read once."""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gedanken.errors import UserError

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
RECORDINGS = (".jsonl", ".jsonl.gz")

LARGEST = 1_000_000_000
"""Bytes of an unpacked recording that are read; 200 frames of 50 bodies are 3 MB."""

Content = bytes | UserError
"""What a file holds, or why it cannot be read."""


def contents(paths: Sequence[Path]) -> Iterator[tuple[str, Content]]:
    """Name and content of every recording, in order. What a folder or an archive holds comes in alphabetical order.

    Files of an archive or folder that are not named as recordings are passed over; a file that is named itself is read
    whatever its name.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.is_file() and _ends(p.name, ARCHIVES + RECORDINGS))
            if not found:
                yield str(path), UserError(f"{path} holds no recording ({', '.join(RECORDINGS)}) and no archive")
            for member in found:
                yield from _file(member)
        else:
            yield from _file(path)


def _ends(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes)


def _file(path: Path) -> Iterator[tuple[str, Content]]:
    if not _ends(path.name, ARCHIVES):
        try:
            yield str(path), _unpacked(path.read_bytes(), str(path))
        except OSError as error:
            yield str(path), UserError(f"{path} cannot be read: {error.strerror or error}")
        return
    members = _zip(path) if path.name.lower().endswith(".zip") else _tar(path)
    try:
        yield from members
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        # What came before the damage has been read.
        yield str(path), UserError(f"{path} is damaged: {error}")


def _unpacked(content: bytes, name: str) -> Content:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        # A little more than is read, so that what is too large is known as such.
        unpacker = zlib.decompressobj(wbits=31)
        plain = unpacker.decompress(content, LARGEST + 1)
        if len(plain) > LARGEST:
            return UserError(f"{name} unpacks to more than {LARGEST:,} bytes")
        if not unpacker.eof:
            return UserError(f"{name} is damaged: the packed file ends too early")
        # Several packed files may stand one after the other.
        return plain + gzip.decompress(unpacker.unused_data) if unpacker.unused_data else plain
    except (zlib.error, OSError, EOFError) as error:
        return UserError(f"{name} is damaged: {error}")


def _tar(path: Path) -> Iterator[tuple[str, Content]]:
    # As a stream, which reads a packed archive once; nothing is written to the disk.
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            name = f"{path}:{member.name}"
            if not member.isfile() or not _ends(member.name, RECORDINGS):
                continue
            if member.size > LARGEST:
                yield name, UserError(f"{name} has more than {LARGEST:,} bytes")
                continue
            file = archive.extractfile(member)
            assert file is not None
            content = file.read()
            if len(content) < member.size:
                yield name, UserError(f"{name} is damaged: the archive ends too early")
                return
            yield name, _unpacked(content, name)


def _zip(path: Path) -> Iterator[tuple[str, Content]]:
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.infolist(), key=lambda info: info.filename):
            name = f"{path}:{member.filename}"
            if member.is_dir() or not _ends(member.filename, RECORDINGS):
                continue
            if member.file_size > LARGEST:
                yield name, UserError(f"{name} has more than {LARGEST:,} bytes")
                continue
            yield name, _unpacked(archive.read(member), name)
