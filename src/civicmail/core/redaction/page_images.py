"""Page images: one picture for each page of a released PDF, as review programs load them with an OPT file.

A page of letters is a TIFF of Group 4 with 300 dpi, any other one a JPEG with 200 dpi; both have nothing but pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.service import SERVICE, ImageOfPage
from civicmail.core.redaction.shapes import ReleasedFile
from civicmail.core.sandbox import pool
from civicmail.core.sandbox.errors import Unreadable

TIFF: Final = "image/tiff"
JPEG: Final = "image/jpeg"
ENDS: dict[str, str] = {TIFF: ".tif", JPEG: ".jpg"}
"""Media type -> end of its names."""
SECONDS = 20.0
"""Processor time for a page."""


def page_images(pdf: ReleasedFile, numbers: Sequence[str]) -> tuple[ReleasedFile, ...]:
    """The images of all pages. pdf: a released file; numbers: Bates number of each page. Raises NotConverted."""
    images = []
    for page, number in enumerate(numbers):
        try:
            image = pool.shared(SERVICE).request(ImageOfPage(page), pdf.content, seconds=SECONDS)
        except Unreadable as error:
            raise NotConverted(f"No image of page {number} could be made ({error.why}): do without load files.") from None
        images.append(ReleasedFile(number + ENDS[image.media_type], image.media_type, image.content, ()))
    return tuple(images)
