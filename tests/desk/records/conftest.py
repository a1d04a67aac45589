"""The town of the pages, with its requests for records."""

from __future__ import annotations

from pages.conftest import city as city
from pages.conftest import visit as visit
