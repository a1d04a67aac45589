"""What may leave without a question, and from when on a department is asked at all (P-22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices.models import Notice
from civicmail.desk.holding.actions import standing_approvals, switch_approval
from civicmail.desk.holding.actions.standing_approvals import FileScope
from civicmail.desk.holding.models import AskedDepartment, StandingApproval
from desk.holding.leaving import ACME, OWL, PDF, Bureau, bureau
from desk.holding.test_approvals import Visit
from desk.holding.test_approvals import clock as clock
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town

pytestmark = pytest.mark.django_db
WHY = "The agenda of each week is public, and the council wants it early."
DAY = 86_400_000


@pytest.fixture
def files(clock: Any, installed: Path, city: Town, settings: Any) -> Iterator[Bureau]:
    with bureau(installed, city) as made:
        yield made


def actor(files: Bureau, key: str) -> Any:
    return actor_of(files.town.people[key].account, "", files.desk.now)


def allow(files: Bureau, what: FileScope, days: int = 60, key: str = "head") -> StandingApproval:
    now = files.desk.now
    works = files.town.departments["public-works"]
    return standing_approvals.allow(works, what, now + days * DAY, actor=actor(files, key), reason=WHY, now=now)


@pytest.mark.rule("P-22", "Standing approvals are given and ended by the department's own head or deputies, and act at once.")
def test_only_the_departments_head_allows_and_it_acts_and_ends_at_once(files: Bureau) -> None:
    """Used files are counted."""
    with pytest.raises(NotPermitted):
        allow(files, FileScope(series="agenda-*.pdf"), key="chief")
    row = allow(files, FileScope(series="agenda-*.pdf", domain="acme.example"))
    agenda = {"Agenda-12.pdf": PDF}
    assert files.send("crew0", ACME, files=agenda) is None
    assert files.send("crew0", OWL, files=agenda) is not None
    row.refresh_from_db()
    assert row.used == 1 and row.last is not None
    standing_approvals.end(row, actor=actor(files, "deputy"), now=files.desk.now)
    assert files.send("crew0", ACME, files=agenda) is not None
    with pytest.raises(Conflict):
        standing_approvals.end(row, actor=actor(files, "head"), now=files.desk.now)


@pytest.mark.rule(
    "P-22",
    "A standing approval ends within a year, or within three months for everything of a department, and must be confirmed halfway.",
)
@pytest.mark.parametrize(
    ("what", "days", "field"),
    [
        (FileScope(domain="acme.example"), 367, "until"),
        (FileScope(domain="acme.example"), 0, "until"),
        (FileScope(), 93, "until"),
        (FileScope(sha256="xyz"), 9, "sha256"),
        (FileScope(series="*"), 9, "series"),
        (FileScope(domain="acme"), 9, "domain"),
        (FileScope(mailbox="dana.ortiz@city.example"), 9, "mailbox"),
    ],
)
def test_a_standing_approval_has_an_end_and_is_asked_about_halfway(files: Bureau, what: FileScope, days: int, field: str) -> None:
    with pytest.raises(Unusable) as said:
        allow(files, what, days)
    assert set(said.value.fields) == {field}
    row = allow(files, FileScope(), 90)
    assert standing_approvals.request_reviews(files.desk.now + 44 * DAY) == 0
    assert standing_approvals.request_reviews(files.desk.now + 46 * DAY) == 1
    assert standing_approvals.request_reviews(files.desk.now + 47 * DAY) == 0
    assert [n.to for n in Notice.objects.filter(key__startswith=f"standing:{row.pk}:")] == ["rosa.hale@city.example"]


@pytest.mark.rule(
    "P-22",
    "If more than forty requests a day are forecast, approval is switched on only with the head's written consent.",
)
def test_above_forty_a_day_two_people_say_why(files: Bureau) -> None:
    fire, now = files.town.departments["fire"], files.desk.now
    author, chief = actor(files, "author"), actor(files, "chief")
    with pytest.raises(NotPermitted):
        switch_approval.switch_on(fire, 10, actor=chief, reason=WHY, now=now)
    row = switch_approval.switch_on(fire, 401, actor=author, reason=WHY, now=now)
    assert row.since is None and files.send("authoriser", ACME) is None
    with pytest.raises(NotPermitted):
        switch_approval.agree(row, actor=actor(files, "head"), reason=WHY, now=now)
    with pytest.raises(Unusable):
        switch_approval.agree(row, actor=chief, reason="Yes.", now=now)
    switch_approval.agree(row, actor=chief, reason=WHY, now=now)
    assert files.send("authoriser", ACME, files={"plan.pdf": PDF + b"2"}) is not None
    switch_approval.switch_off(AskedDepartment.objects.get(department=fire), actor=author, reason=WHY, now=now)
    assert files.send("authoriser", ACME, files={"plan.pdf": PDF + b"3"}) is None
    assert switch_approval.switch_on(fire, 400, actor=author, reason=WHY, now=now).since == from_ms(now)
    assert epoch_ms(from_ms(now) + timedelta(0)) == now


@pytest.mark.rule("P-22", "A pattern of names that fits nearly everything ends as soon as an approval of everything.")
@pytest.mark.parametrize("series", ["*.pdf", "[!_]*", "??*.docx", "[a-z]*.*", "[abc"])
def test_a_pattern_that_fits_nearly_everything_ends_as_soon_as_everything(files: Bureau, series: str) -> None:
    """With a recipient it is narrow enough, and a series has a name."""
    with pytest.raises(Unusable) as said:
        allow(files, FileScope(series=series), 93)
    assert set(said.value.fields) == {"until"}
    assert allow(files, FileScope(series=series), 91).pk
    assert all(
        allow(files, what, 300).pk for what in (FileScope(series=series, domain="acme.example"), FileScope(series="agenda-*.pdf"))
    )


def test_a_link_fills_in_a_document_and_never_a_reason(visit: Visit) -> None:
    """What somebody else has written would be signed with the manager's name."""
    page = visit("head").get("/holding/approvals/standing/new/", {"sha256": "ab" * 32, "reason": "A text of a stranger."})
    shown = page.content.decode()
    assert "ab" * 32 in shown and "A text of a stranger." not in shown
