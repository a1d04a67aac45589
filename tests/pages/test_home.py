"""Home says first what somebody waits for, whatever the role (issue 7: one screen holds everything that waits)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.conduct.queries import tasks
from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Mandate
from civicmail.city.identity.models import Tally
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.home_tasks import Task, Tasks, by_due_day
from civicmail.city.pages.months import last_months
from civicmail.city.pages.states import label
from civicmail.core.redaction.inspection import CheckArchival
from civicmail.core.redaction.pdf_archival import check_archival
from civicmail.desk.holding.models import AskedDepartment, Release
from civicmail.desk.oversight.models import Version
from civicmail.front.checkup import samples
from civicmail.front.web import home_charts, home_decisions
from civicmail.front.web.conduct_charts import acceptance_chart
from pages.world import Town

DESKS = {
    "Check compromised accounts": "contained",
    "Decide on release requests": "releases",
    "Answer appeals": "contests",
    "Answer what was reported": "incidents",
    "Say whether 60 copies are removed": "pull",
}


def waiting(t: Town, key: str) -> dict[str, str]:
    """Label -> route of what waits for somebody."""
    now = epoch_ms(t.now) + 1000  # roles are activated by then
    groups = tasks.of(actor_of(t.people[key].account, "", now), now)
    return {str(task.label): task.route for group in groups for task in group.tasks}


@pytest.mark.rule(
    "P-25, P-29, P-31",
    "Home has a task for every desk at which something waits for this person: accounts, requests, contests, cases, pulls, "
    "findings; never for their own.",
)
@pytest.mark.django_db
def test_an_officer_finds_every_desk_at_which_something_waits(city: Town) -> None:
    assert DESKS.items() <= waiting(city, "security").items()
    assert "Look at what rules on use have found" in waiting(city, "reviewer")
    assert not DESKS.keys() & waiting(city, "crew0").keys()
    Release.objects.update(requester=city.people["security"])
    assert "Decide on release requests" not in waiting(city, "security"), "their own is for somebody else"


@pytest.mark.rule("P-16, P-25", "A person who must activate the role first is told that something waits.")
@pytest.mark.django_db
def test_who_has_to_activate_a_role_first_hears_that_something_waits(city: Town) -> None:
    """Else nobody would know when."""
    city.grant("super", "security-officer")
    found = waiting(city, "super")
    assert DESKS.keys() <= found.keys()
    assert {found[label] for label in DESKS} == {"duties"}


@pytest.mark.rule("P-22", "A head has a task where many questions about files are foreseen.")
@pytest.mark.django_db
def test_a_head_is_asked_where_many_questions_are_foreseen(city: Town) -> None:
    task = "Say whether files of your department are asked about"
    assert task not in waiting(city, "head")
    AskedDepartment.objects.update(since=None, forecast=460)
    assert task in waiting(city, "head") and task not in waiting(city, "chief")


@pytest.mark.rule(
    "P-05, P-22", "Home lists tasks by their day: overdue ones first, then those that someone waits for, the oldest first."
)
def test_what_is_overdue_stands_first_then_the_day_decides() -> None:
    """One list over all groups."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    quiet, waits = Task("quiet", "home"), Task("waits", "home", (), "", ("wait", "2"), now - timedelta(days=2))
    new, stop = Task("new", "home", (), "", ("warn", "1"), now), Task("stop", "home", (), "", ("stop", "1"))
    soon, late = (
        Task(key, "home", due=date(2026, 3, day), state=("wait", f"By Mar {day}")) for key, day in (("soon", 9), ("late", 1))
    )
    found = by_due_day(
        [Tasks("A", [quiet, soon]), Tasks("B", [quiet, new, waits]), Tasks("C", []), Tasks("D", [late, stop])], date(2026, 3, 2)
    )
    assert [(each.task.label, each.group, each.is_late) for each in found] == [
        ("stop", "D", True), ("late", "D", True), ("waits", "B", False), ("new", "B", False), ("soon", "A", False),
        ("quiet", "A", False), ("quiet", "B", False),
    ]  # fmt: skip
    assert (soon.amount, waits.amount) == ("", "2"), "the day stands beside the task already"


@pytest.mark.rule("P-04, P-22, P-29", "Home shows what was decided since yesterday about what a person asked for.")
@pytest.mark.django_db
def test_home_tells_what_was_decided_about_ones_own_requests(city: Town, visit: Callable[[str], Client]) -> None:
    """Access, files, held mail; nothing of others, nothing old, nothing that one decided oneself."""
    asker, head = city.people["super"], city.people["head"]
    row = city.authorizations["crew3"]
    row.requester, row.approver, row.state, row.decided = asker, head, "active", city.now
    row.save()
    assert [(d.what, d.state) for d in home_decisions.of_person(asker.uid, city.now)] == [
        (f"Mail access for {row.person}", label("approved"))
    ]
    assert home_decisions.of_person(asker.uid, city.now + timedelta(days=3)) == []
    assert home_decisions.of_person(head.uid, city.now) == []
    page = visit("super").get("/").content.decode()
    assert "Decided since yesterday" in page and f'href="/access/requests/{row.pk}/"' in page
    Release.objects.update(requester=asker, person=head, state="kept", answered=city.now)
    assert label("blocked") in [d.state for d in home_decisions.of_person(asker.uid, city.now)]


@pytest.mark.rule("P-16, P-29", "Home shows what was decided about one's examinations and rules.")
@pytest.mark.django_db
def test_home_tells_what_was_decided_about_ones_examinations_and_rules(city: Town, visit: Callable[[str], Client]) -> None:
    """To the requester and the author alone."""
    asker, author, second = (city.people[key] for key in ("recorder", "author", "approver"))
    earlier, now = city.now - timedelta(days=9), city.now
    Mandate.objects.update(decided=earlier)
    Mandate.objects.filter(number="26-002").update(person=asker, approver=second, state="refused", decided=now)
    Version.objects.update(decided=earlier)
    version = Version.objects.order_by("id")[0]
    Version.objects.filter(pk=version.pk).update(author=author, approver=second, state="retired", decided=now)
    assert [(d.what, d.state) for d in home_decisions.of_person(asker.uid, now)] == [("Examination 26-002", label("denied"))]
    Mandate.objects.filter(number="26-002").update(person=city.people["records"])
    page = visit("records").get("/").content.decode()
    assert '<a href="/duties/">Examination 26-002</a>' in page, "the role must be activated first"
    Mandate.objects.filter(number="26-002").update(person=asker)
    name = f"Rule {version.rule}, version {version.number}"
    assert [(d.what, d.state) for d in home_decisions.of_person(author.uid, now)] == [(name, label("approved"))]
    assert home_decisions.of_person(second.uid, now) == []
    page = visit("author").get("/").content.decode()
    assert f'href="/policy/rules/{version.rule}/{version.number}/"' in page


@pytest.mark.rule("P-22", "A head sees on Home how long files wait for a decision, beside the median of the city.")
@pytest.mark.django_db
def test_a_head_sees_how_long_files_wait_beside_the_city(city: Town, visit: Callable[[str], Client]) -> None:
    """From monthly sums: 3 answers in 6 hours; another department needs 10 for one."""
    month = timezone.localdate(city.now).replace(day=1)
    works, fire = (Department.objects.get(code=code) for code in ("public-works", "fire"))
    for department, what, count in (
        (works, "files-approved", 2), (works, "files-refused", 1), (works, "files-minutes", 360),
        (fire, "files-approved", 1), (fire, "files-minutes", 600),
    ):  # fmt: skip
        Tally.objects.create(department=department, month=month, what=what, count=count)
    department, [hours, answers] = home_charts.of_department(
        actor_of(city.people["head"].account, "", epoch_ms(city.now)), epoch_ms(city.now)
    )
    assert department == (works.code, works.name)
    assert (hours.series[0].values[-1], hours.series[1].values[-1]) == (2.0, 6.0)
    assert f"2.0 hours in {month:%B}; the city’s median is 6.0." in hours.sentence
    assert [series.values[-1] for series in answers.series] == [2, 1]
    page = visit("head").get("/").content.decode()
    assert "Public Works in numbers" in page and page.count('role="img"') == 2
    assert "in numbers" not in visit("crew0").get("/").content.decode()


@pytest.mark.rule(
    "P-28", "Home shows the city's numbers to the roles that look at them: at most three charts, each with its table."
)
@pytest.mark.django_db
def test_roles_that_look_at_numbers_have_charts_on_home(city: Town, visit: Callable[[str], Client], installed: Path) -> None:
    """Those of the office and of oversight are people's, those of the operator mail's, those of security threats."""
    assert "in numbers" not in visit("operator").get("/").content.decode(), "nothing was counted yet"
    for back in (2, 1):
        samples.take(installed, epoch_ms(city.now) - back * samples.HOUR, lambda _now: {})

    def charts(who: str) -> list[str]:
        page = visit(who).get("/").content.decode().partition("The city in numbers")[2]
        return re.findall(r"<figcaption[^>]*>([^<]*)", page)

    conduct = ["Policy acceptance", "Violations reported"]
    assert charts("office") == charts("director") == conduct
    assert charts("auditor") == [*conduct, "Mail in and out"]
    assert charts("operator") == ["Mail in and out", "Refused"]
    assert charts("security") == ["Spam and phishing"]
    assert charts("crew0") == charts("records") == []


def test_the_last_months_go_over_the_turn_of_the_year() -> None:
    assert last_months(date(2026, 2, 3), 6)[0] == date(2025, 9, 1) and len(last_months(date(2026, 2, 3), 6)) == 6


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_one_line_of_the_menu_is_where_one_is(visit: Callable[[str], Client]) -> None:
    """My files lie below the approvals, and are not those of others."""
    page = visit("head").get("/holding/approvals/mine/").content.decode()
    menu = page.partition('<nav id="nav"')[2].partition("</nav>")[0]
    assert menu.count('aria-current="page"') == 1 and 'mine/" aria-current="page"' in menu


@pytest.mark.django_db
def test_home_shows_it(city: Town, visit: Callable[[str], Client]) -> None:
    page: Any = visit("security").get("/").content.decode()
    assert all(label in page for label in DESKS)


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_who_cannot_use_mail_is_told_where_it_says_why(visit: Callable[[str], Client]) -> None:
    page = visit("crew4").get("/").content.decode()
    assert "You cannot use mail at this moment." in page and 'href="/my/access/"' in page


@pytest.mark.rule("P-28", "The report of a department shows twelve months of sums beside the city's median, and ranks no person.")
@pytest.mark.django_db
def test_the_report_of_a_department_stands_beside_the_city(city: Town, visit: Callable[[str], Client]) -> None:
    """Figures with the month before, charts with the median, and one row a division; the file has the same rows."""
    month = timezone.localdate(city.now).replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    works, fire = (Department.objects.get(code=code) for code in ("public-works", "fire"))
    for department, at, what, count in (
        (works, month, "files-approved", 3), (works, month, "files-minutes", 360), (works, before, "release-asked", 4),
        (fire, month, "files-approved", 1), (fire, month, "files-minutes", 600), (works, month, "release-asked", 2),
    ):  # fmt: skip
        Tally.objects.create(department=department, month=at, what=what, count=count)
    client = visit("head")

    def said(query: str = "") -> str:
        answer = client.get(f"/dept/public-works/report/{query}").content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer))

    page = said(f"?month={month:%Y-%m}")
    assert f"{month:%B %Y}, so far" in page
    assert f"2.0 – in {before:%B %Y} · city 6.0" in page and f"2 4 in {before:%B %Y}" in page
    assert f"2.0 hours in {month:%B}; the city’s median is 6.0." in page and f"2 in {month:%B}, 6 in twelve months." in page
    assert re.search(r"Policy acceptance \d+ of \d+ people with mail have accepted it\.", page)
    assert re.search(r"Violations reported \d+ reported in twelve months, \d+ confirmed\.", page)
    earlier = said()
    assert f"4 in {before:%B}, 4 in twelve months." in earlier and f"No files were decided on in {before:%B}." in earlier
    assert f"4 in {before:%B}" in said("?month=1999-01"), "as without one: the last whole month"
    Tally.objects.filter(month=before).delete()
    assert f"2.0 hours in {month:%B}" in said(), "nothing was counted in the last whole month"
    assert visit("chief").get("/dept/public-works/report/").status_code == 403, "of their own department only"
    rows = b"".join(client.get("/dept/public-works/report/?format=csv").streaming_content).decode()
    assert "Public Works,12" in rows or "Public Works," in rows


@pytest.mark.rule(
    "P-28",
    "A report is beside the city, the same months a year before, or a department whose report its reader may read.",
)
@pytest.mark.django_db
def test_a_report_stands_beside_what_its_reader_may_read(city: Town, visit: Callable[[str], Client]) -> None:
    month = timezone.localdate(city.now).replace(day=1)
    earlier = month.replace(year=month.year - 1)
    works, fire = (Department.objects.get(code=code) for code in ("public-works", "fire"))
    for department, at, what, count in (
        (works, month, "files-approved", 3), (works, month, "files-minutes", 360), (works, month, "release-asked", 2),
        (works, earlier, "files-approved", 1), (works, earlier, "files-minutes", 540), (fire, month, "release-asked", 7),
        (fire, month, "files-approved", 1), (fire, month, "files-minutes", 300),
    ):  # fmt: skip
        Tally.objects.create(department=department, month=at, what=what, count=count)
    here = f"/dept/public-works/report/?month={month:%Y-%m}"

    def words(key: str, query: str) -> str:
        answer = visit(key).get(f"{here}{query}").content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer))

    assert "a year before 9.0" in (page := words("head", "&compare=year")) and "less than a year before (9.0)" in page
    assert f"2.0 hours in {month:%B}. A year before: 9.0 h." in page and "A year before: 0 reported." in page
    assert "Fire Department 5.0" in (page := words("office", "&compare=of-fire")) and "Fire Department 7" in page
    assert ">Fire Department<" not in visit("head").get(here).content.decode(), "nothing is offered that is refused"
    assert visit("head").get(f"{here}&compare=of-fire").status_code == 403
    assert visit("office").get(f"{here}&compare=of-nowhere").status_code == 404
    assert visit("head").get(f"{here}&compare=else").status_code == 200, "as without one"
    moved = visit("office").get(f"{here}&department=fire&compare=year")
    assert moved["Location"] == f"/dept/fire/report/?month={month:%Y-%m}&compare=year"
    assert visit("head").get(f"{here}&department=fire", follow=True).status_code == 403
    for wrong in ("nowhere", "..%2F", ""):
        assert visit("office").get(f"{here}&department={wrong}", follow=True).status_code == 404


@pytest.mark.rule(
    "P-18, P-28", "A chart of acceptance shows a past month as it was counted then, and says where nobody had to accept."
)
@pytest.mark.django_db
def test_acceptance_of_a_past_month_is_as_it_was_counted(city: Town) -> None:
    now = epoch_ms(city.now)
    months = last_months(timezone.localdate(city.now), 12)
    works = Department.objects.get(code="public-works")
    for what, count in (("policy-people", 8), ("policy-accepted", 6)):
        Tally.objects.create(department=works, month=months[3], what=what, count=count)
    chart = acceptance_chart("Public Works", ["public-works"], months, now)
    assert chart.series[0].values[3] == 75
    assert acceptance_chart("Nothing", ["nothing"], months, now).sentence == (
        f"Nobody had to accept it: at the end of {months[-1]:%B} nobody had mail."
    )


@pytest.mark.rule("P-28", "The report of a department is also PDF/A with all its numbers, for who may read the page.")
@pytest.mark.django_db
def test_the_report_is_a_pdf_with_its_numbers(city: Town, visit: Callable[[str], Client]) -> None:
    month = timezone.localdate(city.now).replace(day=1)
    works = Department.objects.get(code="public-works")
    Tally.objects.create(department=works, month=month, what="release-asked", count=7313)
    here = f"/dept/public-works/report/?month={month:%Y-%m}&format=pdf"
    assert "&amp;format=pdf" in visit("head").get("/dept/public-works/report/").content.decode()
    answer = visit("head").get(here)
    assert answer["Content-Type"] == "application/pdf" and f"report-public-works-{month:%Y-%m}.pdf" in answer["Content-Disposition"]
    assert check_archival(answer.content, CheckArchival()) == []
    document = pypdfium2.PdfDocument(answer.content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "Report of Public Works" in text and "7,313" in text and "no person is ranked" in text
    assert visit("chief").get(here).status_code == 403
