"""Gauges read from files: queue, lag, disk, jobs, copies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from civicmail.city.directory.modes import Modes
from civicmail.city.identity.database_backup import BACKUP_NAME
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.settings import Settings
from civicmail.core.disk import files
from civicmail.core.disk.metrics import Values
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.front.checkup import completeness, heartbeats, witnesses
from civicmail.front.checkup.job_registry import PROCESSES
from civicmail.front.checkup.storage import records_behind, waiting_since
from civicmail.front.metrics.disk_forecast import DiskForecast
from civicmail.mail.archive.outstanding import Entry, Outstanding
from civicmail.mail.archive.outstanding_view import OutstandingView
from civicmail.mail.courier.hops import DESTINATIONS, Routes
from civicmail.mail.replica import status as standby
from civicmail.mail.search import coverage

NOWHERE = "none"
"""The destination of copies that no setting has a next hop for."""
_LABELS = (*DESTINATIONS, NOWHERE)


class Gauges:
    """For one data folder. Not thread-safe."""

    def __init__(self, settings: Settings, data: Path) -> None:
        self._settings = settings
        self._data = data
        self._followed = OutstandingView(data)
        self._modes = Modes(settings, data)
        self._routes = Routes(settings, self._modes)
        self._filling = DiskForecast(data, settings.gateway.min_free)

    def values(self, now: int) -> Values:
        """now: epoch ms. Omits what cannot be read; doctor reports why."""
        values: Values = {}
        for look in (self._queue, self._lag, self._standby, self._disk, self._jobs, self._kept):
            with suppress(CivicmailError, OSError):
                values |= look(now)
        return values

    def _queue(self, now: int) -> Values:
        self._modes.refresh()
        outstanding = self._followed.now(now)
        copies, oldest = dict.fromkeys(_LABELS, 0), dict.fromkeys(_LABELS, now)
        for entry in outstanding.waiting():
            for label in self._destinations(entry):
                copies[label] += 1
                oldest[label] = min(oldest[label], entry.received)
        values: Values = {("civicmail_queue_copies", (label,)): count for label, count in copies.items()}
        values |= {("civicmail_queue_oldest_age_seconds", (label,)): _seconds(now - since) for label, since in oldest.items()}
        return values | _kept_back(outstanding, now)

    def _destinations(self, entry: Entry) -> list[str]:
        """The destination of each waiting copy."""
        copies = (entry.copies[index] for index in entry.waiting)
        hops = (self._routes.route_of(copy.target, secure=copy.secure) for copy in copies)
        return [NOWHERE if hop is None else self._routes.kind_of(hop) for hop in hops]

    def _lag(self, now: int) -> Values:
        values: Values = {}
        readers: tuple[tuple[str, Callable[[Path], Mapping[str, int]]], ...] = (
            ("index", coverage.covered),
            ("ledger", sequencer.positions),
        )
        for name, positions in readers:
            read = positions(self._data)
            known = [at for at in waiting_since(self._data, read) if at]
            values[f"civicmail_{name}_lag_records", ()] = records_behind(self._data, read)
            values[f"civicmail_{name}_lag_seconds", ()] = _seconds(now - min(known, default=now))
        if latest := checkpoints.latest(sequencer.folder(self._data)):
            values["civicmail_checkpoint_timestamp_seconds", ()] = latest.at / 1000
        for witness in self._settings.archive.witness:
            key = witnesses.key_of(witness.key)
            if status := witnesses.status_of(key).last(self._data):
                values["civicmail_witness_timestamp_seconds", (key.name,)] = status.cosigned / 1000
        if days := completeness.last_days(self._data, now):
            values["civicmail_completeness_missing_records", ()] = sum(day.result.missing for day in days)
            values["civicmail_completeness_timestamp_seconds", ()] = completeness.end_of(days[0]) / 1000
        return values

    def _standby(self, now: int) -> Values:
        if not self._settings.archive.standby:
            return {}
        lag = standby.lag_ms(self._data, standby.read(self._data), now)
        return {("civicmail_standby_lag_seconds", ()): math.inf if lag is None else lag / 1000}

    def _disk(self, now: int) -> Values:
        values: Values = {("civicmail_disk_min_free_bytes", ()): self._settings.gateway.min_free}
        for volume, place in (("data", self._data), ("mailboxes", self._data / "maildir"), ("index", coverage.top(self._data))):
            if place.exists():
                values["civicmail_disk_free_bytes", (volume,)] = files.free_bytes(place)
        values["civicmail_disk_left_seconds", ()] = self._filling.left_seconds(files.free_bytes(self._data), now)
        return values

    def _jobs(self, _now: int) -> Values:
        values: Values = {}
        for process in PROCESSES:
            if process == "standby" and not self._settings.archive.standby:
                continue
            if (beat := heartbeats.read(self._data, process)) is None:
                continue
            values["civicmail_heartbeat_timestamp_seconds", (process,)] = beat.at / 1000
            for job in beat.jobs:
                if not job.elsewhere:
                    values["civicmail_job_failures", (process, job.job)] = job.failures
                    values["civicmail_job_success_timestamp_seconds", (process, job.job)] = job.done / 1000
        return values

    def _kept(self, _now: int) -> Values:
        """The backup named in the settings, and the saved copy of SQLite."""
        settings = self._settings
        places = {"archive": settings.archive.backup, "database": "" if settings.database.url else str(self._data / BACKUP_NAME)}
        present = {what: Path(place) for what, place in places.items() if place and Path(place).exists()}
        return {("civicmail_backup_timestamp_seconds", (what,)): place.stat().st_mtime for what, place in present.items()}


def _kept_back(outstanding: Outstanding, now: int) -> Values:
    pending = [entry.received for entry in outstanding.pending()]
    return {
        ("civicmail_held_messages", ()): sum(1 for _ in outstanding.held()),
        ("civicmail_pending_messages", ()): len(pending),
        ("civicmail_pending_oldest_age_seconds", ()): _seconds(now - min(pending, default=now)),
    }


def _seconds(ms: int) -> float:
    return max(0, ms) / 1000
