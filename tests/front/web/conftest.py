"""The town of the pages, for tests of what stands before them."""

from __future__ import annotations

from pages.conftest import city, visit

__all__ = ["city", "visit"]
