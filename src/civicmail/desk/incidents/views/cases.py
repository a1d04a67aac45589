"""The list of incident cases, and one case with its answer ("/incidents/")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.policy.dispositions import USE_CHECK
from civicmail.city.policy.finding_labels import describe
from civicmail.core.config.errors import LaterError
from civicmail.core.message.links import defanged_host
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.acts.incidents import ANSWER_INCIDENT, REMOVE_AND_ANSWER
from civicmail.desk.incidents.models import Case, Opening
from civicmail.desk.incidents.queries import CopyList
from civicmail.desk.incidents.similar_messages import counted
from civicmail.desk.incidents.states import CASES, PULL, PULLS, UNDER_WAY, begins, comes_next
from civicmail.desk.viewer.mail_states import COPIES

READERS = "readers"
SHOWN = 20
"""Reporters and messages of a case on its page: a wave has hundreds."""


@acting("report.answer")
def case(request: CityRequest, pk: int) -> HttpResponseBase:
    """One case: its message, the decision, who has it, who opened it, who clicked, who reported it."""
    require(request, "reports.see")
    row = get_object_or_404(Case.objects.select_related("person"), pk=pk)
    if request.GET.get("format") == "csv":
        return listing.render_list(request, "", _export(request, row, _who(row, epoch_ms(request.now))[0]), {})
    act: Act[Case, Any, Any] = REMOVE_AND_ANSWER if request.POST.get("answer") == "remove" else ANSWER_INCIDENT
    return act_pages.answer(request, act, row, case_page(request, row))


def case_page(request: CityRequest, row: Case, **content: Any) -> FormPage:
    """The page of a case. content: of the message, where it is shown."""
    spread_, later = _who(row, epoch_ms(request.now))
    removable, mailboxes = counted(spread_.copies)
    readers, reports = queries.readers(spread_.copies), row.reports.count()
    openings = _clicks(row, spread_)
    facts: list[tuple[str, Any]] = [
        ("First reported", row.made),
        ("Reports", reports + row.outside),
        ("Have it", "not known at this moment" if later else _many(removable, mailboxes)),
        ("Opened it", len(readers)),
        ("Clicked", len({opening.mailbox for opening in openings})),
    ]
    return FormPage(
        title=f"Incident {row.pk}", section="Reported mail", crumbs=[("Reported mail", reverse("incidents"))],
        state=CASES[row.state], facts=facts, back=reverse("incidents"), submit="",
        template="incidents/case.html",
        context={
            "row": row, "found": spread_, "later": later, "there": removable, "mailboxes": mailboxes, "told": reports,
            "spread": _spread(request, spread_, readers), "openings": _openings(request, openings) if openings else None,
            "two": begins(removable + queries.taken_alone(row)) == "asked",
            **_context(request, row, removable), **content,
        },
    )  # fmt: skip


def _context(request: CityRequest, row: Case, removable: int) -> dict[str, Any]:
    """What the page needs besides the copies."""
    pulls = list(row.pulls.annotate(done=Count("copies", filter=~Q(copies__state="waits"))))
    back = [pull for pull in pulls if "undo" in PULL.actions(pull.state)]
    hosts = queries.linked_hosts(row)[:SHOWN]
    return {
        "hosts": [defanged_host(host) for host in hosts],
        "next": comes_next(row.state, removable, len(back), under_way=any(pull.state in UNDER_WAY for pull in pulls)),
        "checks": _checks(row),
        "pulls": [(pull, PULLS[pull.state]) for pull in pulls],
        "back_to": back,
        "waits": _waits(row),
        "may": may(request, "report.answer"),
        "captures": queries.captures_of(row)[:SHOWN],
        "reports": row.reports.select_related("reporter")[:SHOWN],
        "more": max(0, row.reports.count() - SHOWN),
        "handed": queries.handed_over(row)[:5] if may(request, "report.read") else [],
        "traced": may(request, "system.see"),
        "blocks": list(_blocks(row, hosts)) if may(request, "emergency.make") else [],
    }


def _blocks(row: Case, hosts: list[str]) -> Iterator[tuple[str, str]]:
    """What an emergency rule can stop of it: (words, link to the rule's form). Not what is the city's own."""
    blocks = [("sender", row.sender, row.sender), *(("host", host, f"links to {defanged_host(host)}") for host in hosts)]
    for kind, value, words in blocks:
        if value and value.rpartition("@")[2].lower() not in settings.CITY.city.domains:
            given = {"kind": kind, "value": value, "do": "refuse", "reason": f"Incident {row.pk} was reported as dangerous."}
            yield words, f"{reverse('emergency-new')}?{urlencode(given)}"


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


def _spread(request: CityRequest, spread_: CopyList, readers: set[tuple[str, str]]) -> listing.Listing:
    return listing.from_rows(
        request,
        [{"pk": f"{has.capture}-{has.index}", "has": has} for has in spread_.copies],
        caption="Who has it",
        columns=[
            Column("mailbox", "Mailbox", lambda r: Cell(r["has"].mailbox, full=True)),
            Column("state", "State", lambda r: COPIES[r["has"].state]),
            Column("since", "Since", lambda r: from_ms(r["has"].since), name="since"),
            Column("opened", "Opened", lambda r: "Yes" if (r["has"].mailbox, r["has"].capture) in readers else "", name="opened"),
        ],
        empty="Nobody in the city has it.",
        noun="copies",
    )


def _export(request: CityRequest, row: Case, spread_: CopyList) -> listing.Listing:
    """The list that was requested as a file."""
    if request.GET.get("list") == READERS:
        return _openings(request, _clicks(row, spread_))
    return _spread(request, spread_, queries.readers(spread_.copies))


def _clicks(row: Case, spread_: CopyList) -> list[Opening]:
    """Openings of dangerous links in it."""
    return queries.openings(dict.fromkeys([*queries.captures_of(row), *(has.capture for has in spread_.copies)]))


def _openings(request: CityRequest, rows: list[Opening]) -> listing.Listing:
    """Openings of dangerous links, for security alone."""
    opened = listing.from_rows(
        request,
        [{"pk": row.pk, "row": row} for row in rows],
        caption="Who clicked",
        columns=[
            Column("mailbox", "Mailbox", lambda r: Cell(r["row"].mailbox or "not known any more", full=True)),
            Column("host", "Place", lambda r: Cell(r["row"].host, full=True), name="place"),
            Column("made", "First clicked", lambda r: r["row"].made, name="clicked"),
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
