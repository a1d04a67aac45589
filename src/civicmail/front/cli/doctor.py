"""`civicmail doctor`: how the installation is, and what to do about it."""

from __future__ import annotations

import time
from dataclasses import asdict

import typer

from civicmail.core.config.load import load
from civicmail.front.cli import options, output
from civicmail.front.cli.checkup import Patient, examine

_SIGNS = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


def doctor(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """Look at disk, keys, clock, jobs, lag, waiting mail and journals; say what to do. Ends with 1 when there is a problem."""
    folder = options.data_folder(data)
    settings = load(folder, config)
    red = False
    for finding in examine(Patient(folder, settings, time.time_ns() // 1_000_000)):
        red |= finding.level == "problem"
        if json:
            output.emit(asdict(finding))
            continue
        output.show(f"{_SIGNS[finding.level]:8} {finding.check}: {finding.text}")
        if finding.do:
            output.show(f"         -> {finding.do}")
    raise typer.Exit(1 if red else 0)
