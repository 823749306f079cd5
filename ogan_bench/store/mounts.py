"""Which file system a folder is on."""

from __future__ import annotations

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")


def file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Type of the file system that a path is on or would be made on, such as ``ext4`` or ``nfs4``.

    Args:
        path: A file or folder, which need not exist.
        mounts: Linux' table of mounts (``man 5 proc_pid_mountinfo``).

    Returns:
        ``None`` where there is no such table, as on macOS.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    # As text: this is asked for every trial, and a path for each mount would take longer than all.
    wanted, found, length = f"{path.resolve()}/", None, -1
    for line in lines:
        mount, _, facts = line.partition(" - ")
        place = _unescaped(mount.split(" ")[4]).rstrip("/") + "/"
        # Of two on one place, the later one covers the earlier.
        if wanted.startswith(place) and len(place) >= length:
            found, length = facts.split(" ")[0], len(place)
    return found


def _unescaped(text: str) -> str:
    """Without the octal escapes of blanks, tabs, newlines and backslashes."""
    if "\\" not in text:
        return text
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
