"""Formats in which somebody may need what was released (28 CFR 35.104, auxiliary aids). Pure."""

from __future__ import annotations

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

FORMATS: dict[str, Sentence] = {
    "large": _("Large print"),
    "text": _("Plain text"),
    "tagged": _("PDF for screen readers"),
    "audio": _("Audio, read aloud or described"),
    "braille": _("Braille"),
    "paper": _("On paper"),
    "other": _("Another format"),
}
"""Stored value -> words, in this order."""
