"""The town of the pages with its mail, and a rule book without rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.notices.models import Notice
from desk.oversight.book import with_matrix
from pages.conftest import visit as visit
from pages.conftest import with_mail
from pages.world import Town


@pytest.fixture
def city(installed: Path, db: None) -> Town:
    """The installation is claimed; of the book there is the fail matrix alone, and nobody was told anything yet."""
    (installed / "claimed").touch()
    t = with_mail(installed, book=False)
    Notice.objects.all().delete()
    with_matrix(epoch_ms(t.now))
    return t
