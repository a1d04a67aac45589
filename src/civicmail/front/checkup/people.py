"""Check that the people database can be read and is not older than the journals."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.identity import database_rollback
from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE, read_error
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.checkup.wording import when

CHECK = "people"


def people(p: Installation) -> Iterator[Finding]:
    """Check the SQLite file; a database server is checked elsewhere."""
    place = p.data / DATABASE
    if not p.settings.database.url and place.exists() and place.stat().st_size:
        if why := read_error(place):
            do = f"Stop Civicmail, keep the file, then: cp {p.data / BACKUP_NAME} {place}"
            yield Finding(
                CHECK, "problem", f"{place} cannot be read: {why}. Nobody can be looked up there; mail goes on for a day.", do
            )
        else:
            yield Finding(CHECK, "ok", "The tables of people can be read.")
    yield from _set_back(p)


def _set_back(p: Installation) -> Iterator[Finding]:
    try:
        back = database_rollback.read(p.data)
    except ValueError as error:
        yield Finding(CHECK, "problem", str(error), "The page Entries has them: people.set-back.")
        return
    if back is None:
        return
    text = (
        f"The tables of people were older than the journals at {when(back.at)}: {back.acts} acts between {when(back.first)} and "
        f"{when(back.last)} are not carried out in them, and {len(back.blocked)} people are shut out until an officer has looked."
    )
    do = (
        "An access officer looks at the entries people.set-back, does again what is missing, and lets back in who may: "
        f"civicmail access unlock, access resume. Then remove {p.data / database_rollback.NAME}"
    )
    yield Finding(CHECK, "problem", text, do)
