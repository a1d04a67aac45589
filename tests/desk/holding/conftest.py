"""The town of the pages with its mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.notices.models import Notice
from civicmail.desk.holding.models import Release
from pages.conftest import visit as visit
from pages.conftest import with_mail
from pages.world import Town


@pytest.fixture
def city(installed: Path, db: None) -> Town:
    """The installation is claimed; nobody was told anything yet, or has asked for anything."""
    (installed / "claimed").touch()
    town = with_mail(installed, book=False)
    Notice.objects.all().delete()
    Release.objects.all().delete()
    return town
