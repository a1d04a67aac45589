"""Can others tell our mail from what pretends to be ours? What the zones of our domains say, and what others report of mail in our
name ("/system/domains/"; P-26)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_verb import status_of
from civicmail.city.pages.forms import MultipleFileField
from civicmail.city.pages.page import Page
from civicmail.core.config.errors import CivicmailError
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.oversight.actions import dmarc_reports
from civicmail.desk.oversight.dns_zones import STATES, zones
from civicmail.desk.viewer.queries import installation
from civicmail.mail.screening import published_records
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.published_records import RecordCheck
from civicmail.mail.screening.reports import month_files
from civicmail.mail.screening.reports.sandbox import Reader
from civicmail.mail.screening.reports.shapes import Report
from civicmail.mail.screening.reports.summary import Summary

MAX_SENDERS = 50
MAX_FILES, MAX_BYTES = 20, 25_000_000
SECONDS = 10.0
"""Seconds after which no further file of an upload is read."""
OTHER_RECORDS = {
    "SPF": "Name whoever else sends in its name, too.",
    "DMARC": "Ask for nothing (p=none) until the reports are good.",
    "MTA-STS": "The policy stands at https://mta-sts.{domain}/.well-known/mta-sts.txt (RFC 8461).",
}
"""Further facts beside a line for the zone."""


class Files(forms.Form):
    """Reports as they came."""

    file = MultipleFileField(
        label="Reports",
        help_text=f"XML, JSON, gz, zip or messages; at most {MAX_FILES} files with {MAX_BYTES // 1_000_000} MB together.",
    )

    def clean_file(self) -> list[Any]:
        files: list[Any] = self.cleaned_data["file"]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(f"At most {MAX_FILES} files at a time.")
        if sum(file.size or 0 for file in files) > MAX_BYTES:
            raise forms.ValidationError(f"At most {MAX_BYTES // 1_000_000} MB together.")
        return files


@acting("system.see")
def domains(request: CityRequest) -> HttpResponse:
    """The zones as they were within a minute; what is kept of the reports of a month; reports that are read in."""
    require(request, "system.see")
    form = Files(request.POST, request.FILES) if request.method == "POST" else Files()
    if request.method == "POST":
        require(request, "dns.reports")
        if form.is_valid() and _read_in(request, form):
            return redirect("domains")
    looks, wrong = _looks()
    by_month, damaged = _by_month(epoch_ms(request.now))
    month = request.GET.get("month", "")
    month = month if month in by_month else next(iter(by_month), "")
    shown: dict[str, Any] = {
        "page": Page("Domains", "System"),
        "form": form if may(request, "dns.reports") else None,
        "looks": [(look, *STATES[look.state], _other_records(look)) for look in looks],
        "silent": bool(policy_looks := [look for look in looks if not look.name.startswith("_domainkey.")])
        and all(look.state == "unknown" for look in policy_looks),
        "wrong": wrong or damaged,
        "trials": published_records.on_trial(trials) if (trials := published_records.to_ask(settings.CITY)[1]) else "",
        "months": [(name, _name(name), name == month) for name in by_month],
    }
    if month:
        summary = by_month[month]
        senders = summary.worst()
        shown |= {
            "s": summary,
            "senders": [(one, sorted(one.signed)) for one in senders[:MAX_SENDERS]],
            "more": max(0, len(senders) - MAX_SENDERS),
            "days": _days(summary),
        }
    return render(request, "oversight/domains.html", shown, status=status_of(form))


def _read_in(request: CityRequest, form: Files) -> bool:
    """Whether anything was; what could not be read is told by its name."""
    files: list[Any] = form.cleaned_data["file"]
    reports: list[Report] = []
    unread = []
    until = time.monotonic() + SECONDS
    with Reader() as reader:
        for file in files:
            try:
                if time.monotonic() > until:
                    raise Unreadable("there was no time for it; bring it alone")
                reports += reader.read(file.read())
            except Unreadable as error:
                unread.append(f"{(file.name or 'a file')[:80]} is no report that can be read: {error}.")
    if reports:
        try:
            taken = dmarc_reports.read_in(
                installation(), reports, _names(), actor=request.actor, files=len(files), now=epoch_ms(request.now)
            )
        except DamagedFile as error:
            form.add_error(None, str(error))
            return False
        messages.success(request, f"{taken}.")
        for words in unread:
            messages.warning(request, words)
        return True
    for words in unread:
        form.add_error("file", words)
    return False


def _looks() -> tuple[list[RecordCheck], str]:
    try:
        return zones(installation(), settings.CITY).looks(), ""
    except CivicmailError as error:
        return [], str(error)


def _by_month(now: int) -> tuple[dict[str, Summary], str]:
    try:
        return month_files.read(installation(), now), ""
    except DamagedFile as error:
        return {}, str(error)


def _names() -> list[str]:
    return [a_labels(domain) for domain in settings.CITY.city.domains]


def _other_records(look: RecordCheck) -> str:
    return OTHER_RECORDS.get(look.record, "").format(domain=look.name.removeprefix("_mta-sts.")) if look.publish else ""


def _name(month: str) -> str:
    return f"{datetime.strptime(month, '%Y-%m').replace(tzinfo=UTC):%b %Y}"


def _days(summary: Summary) -> str:
    if not summary.end:
        return ""
    begin, end = (datetime.fromtimestamp(at, UTC) for at in (summary.begin, summary.end))
    return f"{begin:%b} {begin.day} to {end:%b} {end.day}, {end.year}"
