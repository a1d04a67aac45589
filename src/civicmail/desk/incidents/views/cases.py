"""The list of incident cases, and one case with its answer ("/incidents/")."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.states import labels
from civicmail.city.policy.dispositions import USE_CHECK
from civicmail.city.policy.finding_labels import describe
from civicmail.core.config.errors import LaterError
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.acts.incidents import ANSWER_INCIDENT
from civicmail.desk.incidents.models import Case
from civicmail.desk.incidents.queries import CopyList
from civicmail.desk.incidents.similar_messages import counted
from civicmail.desk.incidents.states import CASES, PULL, PULLS, UNDER_WAY, comes_next

HAS = labels(
    "delivered",
    "held",
    "deferred",
    "failed",
    pulled="removed",
    taking="removing",
    waiting="queued",
    trying="sending",
    cancelled="canceled",
)
READERS = "readers"
SHOWN = 20
"""Reporters and messages of a case on its page: a wave has hundreds."""


@acting("report.answer")
def case(request: CityRequest, pk: int) -> HttpResponseBase:
    """One case: copies, checks, reporters, and the answer form."""
    require(request, "reports.see")
    row = get_object_or_404(Case.objects.select_related("person"), pk=pk)
    spread_, later = _who(row, epoch_ms(request.now))
    if request.GET.get("format") == "csv":
        return listing.render_list(request, "", _export(request, row, spread_), {})
    removable, mailboxes = counted(spread_.copies)
    have = "not known at this moment" if later else _many(removable, mailboxes)
    reports = row.reports.count()
    facts: list[tuple[str, Any]] = [
        ("Says it is from", row.sender or "nobody"),
        ("First reported", row.made),
        ("Reports", reports + row.outside),
        ("Have it", have),
    ]
    form_page = FormPage(
        title=f"Incident {row.pk}", section="Reported mail", crumbs=[("Reported mail", reverse("incidents"))],
        state=CASES[row.state], facts=facts, back=reverse("incidents"),
        submit=f"Tell {reports} {'person' if reports == 1 else 'people'}",
        template="incidents/case.html",
        context={"row": row, "found": spread_, "later": later, "there": removable, **_context(request, row, spread_, reports)},
    )  # fmt: skip
    return act_pages.answer(request, ANSWER_INCIDENT, row, form_page)


def _context(request: CityRequest, row: Case, spread_: CopyList, reports: int) -> dict[str, Any]:
    """The page's context without its heading."""
    pulls = list(row.pulls.all())
    back = [pull for pull in pulls if "undo" in PULL.actions(pull.state)]
    captures = queries.captures_of(row)
    removable, _ = counted(spread_.copies)
    return {
        "next": comes_next(row.state, removable, len(back), under_way=any(pull.state in UNDER_WAY for pull in pulls)),
        "checks": _checks(row),
        "pulls": [(pull, PULLS[pull.state]) for pull in pulls],
        "back_to": back,
        "waits": _waits(row),
        "may": may(request, "report.answer"),
        "spread": _spread(request, spread_),
        "captures": captures[:SHOWN],
        "reports": row.reports.select_related("reporter")[:SHOWN],
        "more": max(0, reports - SHOWN),
        "handed": queries.handed_over(row)[:5] if may(request, "report.read") else [],
        "traced": may(request, "system.see"),
        "openings": _openings(request, captures, spread_),
    }


def _waits(row: Case) -> Case | None:
    """Another open case, the oldest one."""
    return Case.objects.filter(state="open").exclude(pk=row.pk).order_by("made", "pk").first()


def _many(copies: int, mailboxes: int) -> str:
    if not copies:
        return "nobody"
    if copies == 1:
        return "1 mailbox"
    return f"{copies:,} copies in {mailboxes:,} {'mailbox' if mailboxes == 1 else 'mailboxes'}"


def _who(row: Case, now: int) -> tuple[CopyList, str]:
    """The copies, and why they are unknown."""
    try:
        return queries.find_copies(row, now=now), ""
    except LaterError as error:
        return CopyList((), 0), str(error)


def _spread(request: CityRequest, spread_: CopyList) -> listing.Listing:
    return listing.from_rows(
        request,
        [{"pk": f"{has.capture}-{has.index}", "has": has} for has in spread_.copies],
        caption="Who has it",
        columns=[
            Column("mailbox", "Mailbox", lambda r: Cell(r["has"].mailbox, full=True)),
            Column("state", "State", lambda r: HAS.get(r["has"].state, r["has"].state)),
            Column("since", "Since", lambda r: from_ms(r["has"].since), name="since"),
        ],
        empty="Nobody in the city has it.",
        noun="copies",
    )


def _export(request: CityRequest, row: Case, spread_: CopyList) -> listing.Listing:
    """The list that was requested as a file."""
    openings = _openings(request, queries.captures_of(row), spread_) if request.GET.get("list") == READERS else None
    return openings or _spread(request, spread_)


def _openings(request: CityRequest, captures: list[str], spread_: CopyList) -> listing.Listing | None:
    """Openings of dangerous links in it, for security alone. None if there are none."""
    rows = queries.openings(dict.fromkeys([*captures, *(has.capture for has in spread_.copies)]))
    if not rows:
        return None
    opened = listing.from_rows(
        request,
        [{"pk": row.pk, "row": row} for row in rows],
        caption="Who opened a link to a dangerous place",
        columns=[
            Column("mailbox", "Mailbox", lambda r: Cell(r["row"].mailbox or "not known any more", full=True)),
            Column("host", "Place", lambda r: Cell(r["row"].host, full=True), name="place"),
            Column("made", "First opened", lambda r: r["row"].made, name="opened"),
            Column("told", "Says so", lambda r: "has said so" if r["row"].told else ""),
        ],
        empty="Nobody.",
        noun=READERS,
    )
    opened.params["list"] = READERS
    return opened


def _checks(row: Case) -> list[tuple[str, str]]:
    """Findings at its arrival: (check, result)."""
    seen: dict[str, dict[str, None]] = {}
    for capture in queries.captures_of(row)[:SHOWN]:
        if (capture_record := queries.record(capture)) is not None:
            for finding in capture_record.findings:
                if finding.check not in (USE_CHECK, "policy", "screening"):
                    seen.setdefault(finding.check, {})[finding.code] = None
    return [describe(check, codes) for check, codes in seen.items()]
