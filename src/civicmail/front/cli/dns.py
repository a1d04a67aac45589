"""`civicmail dns`: the DNS records of our domains, and DMARC and TLS reports about them (P-26)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.oversight.dns_zones import STATES
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.screening import nameserver, published_records, stspolicy
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.published_records import RecordCheck
from civicmail.mail.screening.reports import month_files
from civicmail.mail.screening.reports.sandbox import MAX_FILE, Reader
from civicmail.mail.screening.reports.shapes import Report
from civicmail.mail.screening.reports.summary import Sender, Sessions, Summary, summed

app = group("Records of our zones, and reports of others about mail in our name.")
_SHOWN = 50


@app.command()
def check(installation: options.Installation, json: options.Json = False) -> None:
    """Check the SPF, DMARC, MTA-STS and TLS-RPT records of the city's domains."""
    _, settings = installation.open()
    resolver, policy = nameserver.open_(settings), stspolicy.id_(settings)

    async def looked() -> list[list[RecordCheck]]:
        domains = [a_labels(domain) for domain in settings.city.domains]
        return list(await asyncio.gather(*(published_records.check_records(resolver, domain, policy) for domain in domains)))

    looks = [look for each in asyncio.run(looked()) for look in each]
    for look in looks:
        if json:
            output.emit({"record": look.record, "name": look.name, "state": look.state, "says": look.says, "should": look.should})
        else:
            output.show(f"{STATES[look.state][1]:8}{look.record:8} {look.name}  {look.says or look.text}")
            if look.should:
                output.show(f"{'':17}{look.should}")
    if any(look.state in ("missing", "wrong") for look in looks):
        raise typer.Exit(1)


@app.command()
def reports(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders: XML, JSON, gz, zip, or messages.")],
    credentials: options.Credentials,
    json: options.Json = False,
    keep: Annotated[bool, typer.Option("--keep", help="Add them to what the page Domains shows, each report once.")] = False,
) -> None:
    """Summarize DMARC aggregate reports and TLS reports. Stores nothing without --keep."""
    folder, settings = credentials.open()
    parsed: list[Report] = []
    unread = 0
    files = list(_files(paths))
    with Reader() as reader:
        for path in files:
            try:
                parsed += reader.read(_content(path))
            except Unreadable as error:
                unread += 1
                output.words(f"{path.name}: {error}")
    domains = [a_labels(domain) for domain in settings.city.domains]
    summary = summed(parsed, domains)
    taken = None
    if keep:
        now, facts = now_ms(), {"files": len(files), "reports": summary.reports}
        actors.person(folder, "dns reports", facts, credentials, now=now)
        taken = month_files.keep(folder, parsed, domains, now=now)
    _show(summary, json=json)
    if taken is not None:
        output.words(f"Kept: {taken}.")
    if unread or not summary.reports:
        raise typer.Exit(1)


def _show(summary: Summary, *, json: bool) -> None:
    senders = summary.worst()
    if json:
        for sender in senders:
            output.emit(_plain(sender))
        for sessions in summary.sessions.values():
            output.emit({"domain": sessions.domain, "tls": sessions.good, "failed": sessions.bad, "why": sessions.kinds})
        return
    for sender in senders[:_SHOWN]:
        signed = f"  signed by {', '.join(sorted(sender.signed)[:3])}" if sender.signed else ""
        output.show(f"{sender.domain}  {sender.address}  {sender.failed} failed, {sender.passed} passed{signed}")
    for sessions in summary.sessions.values():
        output.show(f"{sessions.domain}  {sessions.good} sessions over TLS, {sessions.bad} failed{_why(sessions)}")
    others = f"; {summary.others} messages and sessions are of domains that are not ours" if summary.others else ""
    omitted = f"; {len(senders) - _SHOWN} more senders are not shown" if len(senders) > _SHOWN else ""
    days = f", {_day(summary.begin)} to {_day(summary.end)}" if summary.end else ""
    output.words(f"{summary.reports} reports by {len(summary.reporters)} reporters{days}{others}{omitted}.")


def _plain(sender: Sender) -> dict[str, object]:
    numbers = {"passed": sender.passed, "failed": sender.failed, "refused": sender.refused}
    return {"domain": sender.domain, "address": sender.address, **numbers, "signed": sorted(sender.signed)}


def _why(sessions: Sessions) -> str:
    kinds = sorted(sessions.kinds.items(), key=lambda one: -one[1])
    return f" ({', '.join(f'{kind} {count}' for kind, count in kinds)})" if kinds else ""


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no file {path}.")
        yield from sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _content(path: Path) -> bytes:
    """The file, or the part of it up to the size limit."""
    try:
        with path.open("rb") as h:
            return h.read(MAX_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
