"""RTF files."""

from __future__ import annotations

from civicmail.core.message import rtf
from civicmail.core.sandbox.case import Case


def read(content: bytes, case: Case) -> None:
    case.text(rtf.text(content))
