"""`civicmail tick`: run every worker job once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from civicmail.core.config.settings import Settings
from civicmail.front.cli import options, output
from civicmail.front.web.database import FILE
from civicmail.front.worker.tick import tick as one_round


def tick(installation: options.Installation, json: options.Json = False) -> None:
    """Run every worker job once, except those that a running worker does."""
    folder, settings = installation.open()
    done = one_round(settings, folder, _people(settings, folder, installation.config))
    if json:
        output.emit(done.plain())
        return
    if done.dated or done.carried:
        output.show(f"{done.dated} had a date that has come, {done.carried} entries carried.")
    output.show(f"{done.integrated} integrated, {done.indexed} indexed, {done.sealed} sealed.")
    if done.busy:
        output.words(f"Left to the processes that hold their leases: {', '.join(done.busy)}.")


def _people(settings: Settings, data: Path, config: Path | None) -> Callable[[], None] | None:
    """Prepares the tables; None for an installation without any."""
    if not settings.database.url and not (data / FILE).exists():
        return None
    from civicmail.front.web.start import prepare, start

    start(data, config)
    return lambda: prepare(data, config)
