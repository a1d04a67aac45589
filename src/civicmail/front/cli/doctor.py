"""`civicmail doctor`: check the installation and suggest fixes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.checkup import new_problems as remembered
from civicmail.front.checkup.checks import run_checks
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.cli import options, output

_SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM", "not-set-up": "not set up"}


def doctor(
    installation: options.Installation,
    json: options.Json = False,
    news: Annotated[
        bool, typer.Option("--news", help="Only problems that are new, or were last told a day ago: for alarms.")
    ] = False,
) -> None:
    """Check the installation and suggest fixes. Exit 1 if there is a problem."""
    folder, settings = installation.open()
    findings = run_checks(Installation(folder, settings, now_ms()))
    if news:
        findings = _new(folder, list(findings))
    red = False
    for finding in findings:
        red |= finding.level == "problem"
        if json:
            output.emit(asdict(finding))
            continue
        output.show(f"{_SIGNS[finding.level]:10} {finding.check}: {finding.text}")
        if finding.do:
            output.show(f"           -> {finding.do}")
    raise typer.Exit(1 if red else 0)


def _new(data: Path, findings: list[Finding]) -> Iterator[Finding]:
    """Problems to report now. If the state cannot be written, on a full disk, they are reported again."""
    new, over, notified = remembered.split(findings, remembered.read(data), now_ms())
    yield from new
    for check in over:
        yield Finding(check, "ok", "The problem is over.")
    with suppress(OSError):
        remembered.write(data, notified)
