"""Check PDF/A (ISO 19005-2) by pikepdf's list of what it knows to conform, and accessibility (ISO 14289-1) as far as a program can.

Only sandboxed processes import it.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import pdfa

from civicmail.core.redaction.inspection import CheckArchival, Finding
from civicmail.core.sandbox.errors import DAMAGED, Unreadable

FLAVOUR = "2b"
KNOWN_TO_CONFORM = (
    ("pikepdf:schema-OutlineItem", "/Dest: "),  # a destination may be an indirect object
    ("ISO_19005_2:6.6.2.3.1-", r"xmpTPg|pdfaExtension|pdfaSchema|pdfaProperty|pdfuaid|xmpMM:History"),  # schemas that it declares
    ("ISO_19005_2:6.6.4-3", "'A', expected 'B'"),  # level A has all of level B
    ("ISO_19005_2:6.2.11.4.2-2", "/CIDSet on a CIDFontType2 subset is not checked"),
)
"""What the validator refuses because it does not read it, and which conforms: (begin of the rule, words of the finding)."""


def check_archival(content: bytes, _request: CheckArchival) -> list[Finding]:
    """What keeps a PDF from being PDF/A-2, and from being read aloud."""
    try:
        report = pdfa.validate_written(BytesIO(content), FLAVOUR)
        with pikepdf.open(BytesIO(content)) as pdf:
            findings = _accessibility(pdf)
    except pikepdf.PdfError:
        raise Unreadable(DAMAGED) from None
    if not all(_is_known_to_conform(found) for found in report.findings):
        findings.append(Finding("not-pdfa"))
    return findings


def _is_known_to_conform(found: Any) -> bool:
    return any(found.rule.startswith(rule) and re.search(words, str(found)) for rule, words in KNOWN_TO_CONFORM)


def _accessibility(pdf: pikepdf.Pdf) -> list[Finding]:
    """A language and a title; tags in what is set as text. A picture of a page has only a text layer."""
    root = pdf.Root
    findings = []
    if not str(root.get("/Lang", "")):
        findings.append(Finding("no-language"))
    with pdf.open_metadata() as metadata:
        if not str(metadata.get("dc:title", "")).strip():
            findings.append(Finding("no-title"))
    preferences = root.get("/ViewerPreferences", pikepdf.Dictionary())
    if not bool(preferences.get("/DisplayDocTitle", False)):
        findings.append(Finding("title-not-shown"))
    is_tagged = bool(root.get("/MarkInfo", pikepdf.Dictionary()).get("/Marked", False)) and "/StructTreeRoot" in root
    if not is_tagged and not any(page.get_images() for page in pdf.pages):
        findings.append(Finding("not-tagged"))
    return findings
