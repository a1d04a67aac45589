"""The act that puts a file of retention schedules into force (P-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Code, Input, Number, reason

if TYPE_CHECKING:
    from civicmail.desk.retention.queries.schedules import FileVersion

MAX_TEXT = 60_000


class SchedulesToAdopt(Input):
    """text: the whole file, TOML; former: number of the file in force, 0 for none; reason: kept for ever."""

    text = Code(
        label="The file",
        help="TOML, as the sample file explains it.",
        max_length=MAX_TEXT,
        rows=16,
        missing="Choose or paste a file.",
    )
    former = Number(label="Number of the file in force", help="0 where none is.", minimum=0, hidden=True)
    reason = reason(help="Who decided it, such as “Common Council, file 260017”. At least 20 characters. It is kept for ever.")


class AdoptSchedules(Act[None, SchedulesToAdopt, "FileVersion"]):
    """Put a file of retention schedules into force, in place of the one before."""

    name, permission, input = "adopt_retention_schedules", "retention.schedule", SchedulesToAdopt
    operation = Operation("/retention/schedules", "write:retention", page="retention-schedules-adopt", status=201)

    def perform(self, given: SchedulesToAdopt, *, actor: Actor, now: int) -> FileVersion:
        from civicmail.desk.retention.actions import schedules

        return schedules.adopt(given.text, former=given.former, reason=given.reason, actor=actor, now=now)

    def message(self, row: None, done: FileVersion) -> str:
        return f"{done.series} schedule{'' if done.series == 1 else 's'} {'is' if done.series == 1 else 'are'} in force."


ADOPT_SCHEDULES = AdoptSchedules()
