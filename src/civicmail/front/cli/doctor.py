"""`civicmail doctor`: how the installation is, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.checkup.examine import examine
from civicmail.front.checkup.findings import Patient
from civicmail.front.cli import options, output

_SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM", "not-set-up": "not set up"}


def doctor(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """Look at disk, keys, clock, jobs, lag, waiting mail and journals; say what to do, and what is not set up yet. Ends with 1 when
    there is a problem."""
    folder, settings = options.installation(data, config)
    red = False
    for finding in examine(Patient(folder, settings, now_ms())):
        red |= finding.level == "problem"
        if json:
            output.emit(asdict(finding))
            continue
        output.show(f"{_SIGNS[finding.level]:10} {finding.check}: {finding.text}")
        if finding.do:
            output.show(f"           -> {finding.do}")
    raise typer.Exit(1 if red else 0)
