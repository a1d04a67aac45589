"""What is known to be dangerous only by now is a case, with why, and somebody decides whether it is pulled back (P-25, P-31)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.notices.models import Notice
from civicmail.desk.incidents.models import Case
from civicmail.front.worker import reports
from civicmail.mail.pipeline.retrospective import RetrospectiveRules, RetrospectiveScan
from desk.incidents.test_link_target import book
from desk.incidents.test_reporting import DANA, PAT, came, phish
from neighbours.virusscanner import MARK, Clamd
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.mark.rule(
    "P-25, P-31",
    "A message that a rule or the scanner recognizes only later is proposed as a case, with the reason.",
)
def test_a_rule_that_came_after_the_message_proposes_to_take_it_back(plain: Town, installed: Path) -> None:
    """One case for a wave, with the rule that stops it; officers hear of it once."""
    now = epoch_ms(plain.now)
    facts = {"inbound": True, "links.hosts": ("evil.example",)}
    first = came(installed, now - 9000, DANA, raw=phish(host="evil.example"), facts=facts)
    second = came(installed, now - 8000, PAT, raw=phish("Pat", host="evil.example", number=2), facts=facts)
    came(installed, now - 7000, PAT, raw=phish("Lee", host="fine.example", sender="x@fine.example", number=3))
    for _ in range(2):
        looks = RetrospectiveRules(installed)
        while reports.look_for_rules(looks, book(), now):
            pass
    case = Case.objects.get()
    assert case.capture in (first.uuid, second.uuid) and not case.reports.exists()
    assert case.proposed == "The rule that-place stops it by now."
    assert all("that-place" in notice.text for notice in Notice.objects.all()) and Notice.objects.exists()


@pytest.mark.neighbour("clamd")
def test_what_the_scanner_finds_late_is_proposed_with_the_name_that_it_gives(plain: Town, installed: Path) -> None:
    """By a real scanner."""
    now = epoch_ms(plain.now)
    raw = b"From: x@shop.example\r\nSubject: plans\r\n\r\n" + MARK + b"\r\n"
    bad = came(installed, now - 9000, DANA, raw=raw, facts={"inbound": True, "files.count": 1})
    with Clamd() as clamd:
        late = RetrospectiveScan(installed, clamd.address)
        while reports.look(late, now):
            pass
    case = Case.objects.get()
    assert case.capture == bad.uuid and "virus scanner knows" in case.proposed
