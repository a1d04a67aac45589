"""RTF files."""

from __future__ import annotations

from civicmail.core.message import rtf
from civicmail.core.sandbox.extraction import Extraction


def read(content: bytes, extraction: Extraction) -> None:
    extraction.text(rtf.text(content))
