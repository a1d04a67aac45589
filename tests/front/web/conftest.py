"""The town of the pages, for tests of what stands before them."""

from __future__ import annotations

from pages.conftest import browse, browser_type_launch_args, city, visit

__all__ = ["browse", "browser_type_launch_args", "city", "visit"]
