"""The setup code: whoever types it on the first page can read the data folder, and may claim it (P-16; decision 0138).

It is a file of the data folder that only its owner can read, and it is deleted when the installation is claimed.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from civicmail.city.snapshot.credentials import new_password, normalize
from civicmail.core.disk.files import OS_FILES, Files

GROUPS = 5
"""Groups of four letters: 100 random bits, which nobody guesses at a page."""


def path(data: Path) -> Path:
    return data / "keys" / "setup.code"


def make(data: Path, files: Files = OS_FILES) -> str:
    """The code, made if it is missing (0600). Raises OSError."""
    files.write_once(path(data), f"{new_password(GROUPS)}\n".encode())
    return path(data).read_text().strip()


def is_right(data: Path, typed: str) -> bool:
    """Whether this is the code of the installation, however it is typed. In constant time; False where there is no code."""
    try:
        code = path(data).read_text().strip()
    except OSError:
        return False
    return hmac.compare_digest(*(normalize(text).encode("utf-8", "surrogatepass") for text in (code, typed.strip())))


def delete(data: Path, files: Files = OS_FILES) -> None:
    """Delete the code of a claimed installation."""
    files.unlink(path(data))
