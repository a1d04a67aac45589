"""The town of the pages, with its legal holds."""

from __future__ import annotations

from pages.conftest import city as city
from pages.conftest import visit as visit
