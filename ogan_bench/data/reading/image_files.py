"""Image files of a folder and its subfolders, found without following links."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ogan_bench.errors import UserError

SUFFIXES = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".bmp", ".dib", ".tif",
    ".tiff", ".gif", ".avif", ".avifs",
)  # fmt: skip
READ = "PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF"
"""The same formats, for messages."""
KNOWN_TO_PILLOW = (
    ".blp", ".bw", ".cur", ".dcx", ".dds", ".emf", ".eps", ".fit", ".fits", ".flc", ".fli", ".fpx",
    ".ftc", ".ftu", ".gbr", ".icb", ".icns", ".ico", ".iim", ".im", ".j2c", ".j2k", ".jp2", ".jpc",
    ".jpf", ".jpx", ".mic", ".msp", ".palm", ".pbm", ".pcd", ".pcx", ".pfm", ".pgm", ".pnm", ".ppm",
    ".ps", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba", ".sgi", ".tga", ".vda", ".vst", ".wmf",
    ".xbm", ".xpm",
)  # fmt: skip
RAW = (
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc",
    ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2",
    ".srf", ".srw", ".x3f",
)  # fmt: skip
"""Of cameras, before they are developed."""
ELSEWHERE = (
    ".ai", ".ani", ".bpg", ".cin", ".dcm", ".dicom", ".djvu", ".dpx", ".exr", ".flif", ".hdp",
    ".hdr", ".heic", ".heics", ".heif", ".heifs", ".hif", ".jls", ".jng", ".jxl", ".jxr", ".kra",
    ".ktx", ".ktx2", ".mng", ".ndpi", ".pct", ".pic", ".pict", ".psb", ".pvr", ".svg", ".svgz",
    ".svs", ".wbmp", ".wdp", ".xcf",
)  # fmt: skip
OTHER_IMAGES = (*KNOWN_TO_PILLOW, *RAW, *ELSEWHERE)
"""Images that are not read: leaving them out without a word would change the data."""
ARCHIVES = (
    ".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar",
)  # fmt: skip


SIGNATURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF",
)  # fmt: skip
"""What files of the formats that are read begin with; AVIF says so from the fifth byte on."""


@dataclass(frozen=True)
class ImageFiles:
    """Files of one folder, by their paths within it.

    Args:
        folder: The folder.
        names: Paths relative to it, with ``/`` between their parts.
    """

    folder: Path
    names: Sequence[str]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over names, sizes and modification times."""
        digest = hashlib.sha256()
        for name in self.names:
            facts = os.stat(self.folder / name, follow_symlinks=False)
            digest.update(os.fsencode(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\n"))
        return digest.hexdigest()

    def read(self, i: int) -> bytes:
        """Content of the file number ``i``."""
        return (self.folder / self.names[i]).read_bytes()


def find_images(folder: Path) -> list[str]:
    """Paths of all image files within a folder, in the order of their parts.

    Hidden files and folders are skipped. The order is the same on every system.

    Raises:
        UserError: The folder is missing, cannot be read, or contains an archive, an image of
            another format, or a link, which might point anywhere.
    """
    if folder.name.lower().endswith(ARCHIVES) and folder.is_file():
        raise UserError(f"{folder}: an archive; unpack it and name the folder")
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    return sorted(_walk(folder, ""), key=lambda name: name.split("/"))


def _walk(folder: Path, within: str) -> Iterator[str]:
    try:
        with os.scandir(folder / within) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(f"{error.filename}: cannot be read ({error.strerror})") from None
    for entry in found:
        name = entry.name.lower()
        is_image, is_archive = name.endswith(SUFFIXES), name.endswith(ARCHIVES)
        if entry.is_symlink() and (is_image or is_archive or entry.is_dir()):
            raise UserError(f"{entry.path}: a link; put the files themselves into the folder")
        if entry.is_dir():
            yield from _walk(folder, f"{within}{entry.name}/")
        elif is_archive:
            raise UserError(f"{entry.path}: an archive; unpack it, and remove it from the folder")
        elif name.endswith(OTHER_IMAGES):
            suffix = name.rpartition(".")[2].upper()
            raise UserError(
                f"{entry.path}: {suffix} files are not read; convert it to PNG, or remove it"
            )
        elif "." not in name and entry.is_file() and _begins_as_image(entry.path):
            raise UserError(
                f"{entry.path}: an image without a suffix is not read; name it .png or what it is, "
                "or remove it"
            )
        elif is_image and entry.is_file():
            yield f"{within}{entry.name}"


def _begins_as_image(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            start = file.read(12)
    except OSError:
        return False
    return start.startswith(SIGNATURES) or start[4:] in (b"ftypavif", b"ftypavis")
