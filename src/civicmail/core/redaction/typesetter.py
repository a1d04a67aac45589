"""Set a layout by Typst as PDF/A-2a and PDF/UA-1, with reproducible bytes. Only sandboxed processes import it.

Typst knows the layout as data. Its metadata is replaced by that of released_pdf.py.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import typst

from civicmail.core.redaction import released_pdf
from civicmail.core.redaction.layout import Layout, spelled
from civicmail.core.redaction.service import SetText, Typeset
from civicmail.core.sandbox.errors import DAMAGED, Unreadable

FONTS = ("DejaVu Sans Mono", "DejaVu Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Droid Sans Fallback")
"""TrueType fonts in the order in which they are tried. The first is a part of typst, the others count where they are installed."""
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
TRIES = 30
"""Compilations until no unknown character is left; each names all that are on its first pages."""
_TEMPLATE = (Path(__file__).parent / "released.typ").read_bytes()
_NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed|the PDF contains the codepoint `"(.*?)"`', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def prepare(*, forks: bool) -> None:
    """Find the installed fonts, which a sandboxed process cannot do: they are mapped into its memory."""
    _fonts()


def set_text(content: bytes, _request: SetText) -> Typeset:
    return typeset(json.loads(content))


def typeset(layout: Layout) -> Typeset:
    """Raises Unreadable where Typst cannot set it."""
    pdf, replaced = compiled(layout)
    finished, pages = released_pdf.finish(pdf, title=layout["title"], lang=layout["lang"])
    return Typeset(finished, pages, replaced)


def compiled(layout: Layout) -> tuple[bytes, str]:
    """What Typst makes of a layout, and the characters that no font has. Raises Unreadable."""
    replaced: set[str] = set()
    for _ in range(TRIES):
        data = json.dumps(layout | {"fonts": _families()}, ensure_ascii=False)
        for character in replaced:
            data = data.replace(json.dumps(character, ensure_ascii=False)[1:-1], spelled(character))
        try:
            pdf = _compiler().compile(_TEMPLATE, format="pdf", sys_inputs={"data": data}, pdf_standards=STANDARDS, timestamp=0)
        except typst.TypstError as error:
            if not (new := unknown(str(error.diagnostic)) - replaced):
                raise Unreadable(DAMAGED) from None
            replaced |= new
            continue
        assert isinstance(pdf, bytes)
        return pdf, "".join(sorted(replaced))
    raise Unreadable(DAMAGED)


def unknown(diagnostic: str) -> set[str]:
    """Characters that Typst says no font has, or that PDF/A forbids."""
    texts = ["".join(groups) for groups in _NO_GLYPH.findall(diagnostic)]
    return set("".join(_ESCAPED.sub(lambda hit: chr(int(hit[1], 16)), text) for text in texts)) - set('"\\ ')


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()


@cache
def _families() -> list[str]:
    installed = set(_fonts().families())
    return [family for family in FONTS if family in installed]


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(font_paths=_fonts())
