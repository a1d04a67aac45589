"""Send a stranger's file to a browser: as a download, under a safe name, never as a page. Pure.

The name follows RFC 6266 and RFC 8187. The type is always that of bytes, so nothing is shown inline, whatever it claims to be.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

HEADERS = {
    "Content-Type": "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
CSP: dict[str, Any] = {"default-src": ["'none'"], "sandbox": True, "frame-ancestors": ["'none'"]}
"""The policy in case a browser displays the download."""

LONGEST = 120
"""Characters of a name: below what any file system allows, in any encoding of them."""
_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\..*)?\Z", re.IGNORECASE)


def disposition(name: str, otherwise: str) -> str:
    """The value of Content-Disposition. otherwise: the name if the sender gave no usable one."""
    clean = file_name(name) or otherwise
    stem, dot, end = clean.rpartition(".")
    plain = f"{_ascii(stem) or otherwise}{dot}{_ascii(end)}".strip(" .") if dot else _ascii(clean) or otherwise
    if plain == clean:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^\w .()\[\]+,=@~-]", "_", plain, flags=re.ASCII).strip(" .")


def file_name(name: str) -> str:
    """A name without folders, controls, directions of writing and reserved words; its end stays, because it gives the type."""
    spaced = (" " if c.isspace() else c for c in name)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    clean = re.sub(r"\.{2,}", ".", _NOT_IN_NAMES.sub("_", " ".join(visible.split()))).strip(" .")
    if len(clean) > LONGEST:
        stem, dot, end = clean.rpartition(".")
        clean = f"{stem[: LONGEST - len(end) - 1]}.{end}" if dot and len(end) < 12 else clean[:LONGEST]
    return f"_{clean}" if _RESERVED.match(clean) else clean
