"""The town of the pages, with its mail and its mandates."""

from __future__ import annotations

from pages.conftest import city as city
from pages.conftest import visit as visit
