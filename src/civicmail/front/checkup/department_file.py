"""Check for a directory.toml in the data folder that is not read (docs/operate/people.md)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.directory import store
from civicmail.city.directory.errors import BadDirectory
from civicmail.front.checkup.findings import Finding, Installation

CHECK = "departments"


def departments(p: Installation) -> Iterator[Finding]:
    """A file from before counts until it is opened; one written later is not read."""
    by_hand = p.data / store.DIRECTORY
    if not by_hand.exists():
        yield Finding(CHECK, "ok", "Departments are one list, of the access office.")
    elif store.is_by_hand(p.data):
        try:
            store.load(p.data)
        except (BadDirectory, OSError) as error:
            yield Finding(CHECK, "warning", f"The departments cannot be read: {error}", f"Mend {by_hand}.")
            return
        text = "Departments are those of directory.toml, which a person wrote; the pages have a list of their own."
        yield Finding(CHECK, "ok", f"{text} `civicmail department open {by_hand} --reason TEXT` makes them one.")
    else:
        text = (
            "directory.toml is not read: departments are the list of the access office, and what was written there counts nowhere."
        )
        do = f"civicmail department open {by_hand} --reason TEXT takes it into the list; or delete the file."
        yield Finding(CHECK, "warning", text, do)
