"""Pictures of pages for whoever wants to see them: CIVICMAIL_SHOTS names the folder."""

from __future__ import annotations

import os
from typing import Any

FOLDER = os.environ.get("CIVICMAIL_SHOTS", "")


def shot(page: Any, name: str) -> None:
    """The whole page on a telephone and on a desk."""
    if FOLDER:
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{FOLDER}/{name}-{width}.png", full_page=True)
