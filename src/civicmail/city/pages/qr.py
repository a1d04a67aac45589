"""QR code as SVG without style and script (content security policy)."""

from __future__ import annotations

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET = 4
"""Modules of white around it (ISO/IEC 18004, 9.1)."""


def svg(text: str, label: str) -> SafeString:
    """The QR code of a text. label: for screen readers."""
    code = qrcode.QRCode(border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    form = '<svg class="cm-qr" role="img" aria-label="{}" viewBox="0 0 {} {}"><path d="{}"></path></svg>'
    return format_html(form, label, len(rows), len(rows), dark)
