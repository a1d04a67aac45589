"""The town of the pages with its mail."""

from __future__ import annotations

import pytest

from civicmail.desk.incidents.models import Case, Report
from desk.holding.conftest import city as city
from pages.conftest import visit as visit
from pages.world import Town


@pytest.fixture
def plain(city: Town) -> Town:
    """Nothing was reported yet."""
    Case.objects.get().pulls.all().delete()
    Report.objects.all().delete()
    Case.objects.all().delete()
    return city
