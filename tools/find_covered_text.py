"""Look for text that a PDF has and does not show: `python find_covered_text.py FILE…`.

It knows nothing of Civicmail and of its boxes. Each letter of the text has a place on its page.
Where the drawn page is of one color there, nobody sees the letter: it is under a box, white on white, or beside the page.
It prints how many letters there are on which page, and ends with 1 if there are any. Needs pypdfium2 and numpy.

A page that is a picture with transparent text is judged alike: the picture shows the letter, or the text is more than is seen.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

DPI = 150
CONTRAST = 24
"""Levels of 255 between the lightest and the darkest pixel where a letter is seen."""
SMALLEST = 2.0
"""Points: smaller letters have too few pixels to be judged."""


def covered(content: bytes) -> Counter[int]:
    """Number of letters that are not seen, by page from 1."""
    found: Counter[int] = Counter()
    with pypdfium2.PdfDocument(content) as document:
        for number, page in enumerate(document, 1):
            found[number] += _covered_on(page)
            page.close()
    return +found


def _covered_on(page: Any) -> int:
    width, height = page.get_size()
    scale = DPI / 72
    pixels = page.render(scale=scale, grayscale=True).to_numpy()
    pixels = pixels.reshape(pixels.shape[0], pixels.shape[1], -1)[..., 0]
    text = page.get_textpage()
    count = 0
    for n in range(text.count_chars()):
        if not chr(pdfium.FPDFText_GetUnicode(text.raw, n)).isalnum():
            continue
        left, bottom, right, top = text.get_charbox(n)
        if max(right - left, top - bottom) < SMALLEST:
            continue
        if left < -1 or bottom < -1 or right > width + 1 or top > height + 1:
            count += 1
            continue
        rows = slice(max(0, int((height - top) * scale)), int((height - bottom) * scale) + 1)
        area = pixels[rows, max(0, int(left * scale)) : int(right * scale) + 1]
        count += area.size == 0 or int(np.ptp(area)) < CONTRAST
    text.close()
    return count


def main() -> int:
    total = 0
    for name in sys.argv[1:]:
        for page, count in covered(Path(name).read_bytes()).items():
            print(f"{name}, page {page}: {count} letters of the text are not seen")
            total += count
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
