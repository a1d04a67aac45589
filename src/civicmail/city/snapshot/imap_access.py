"""IMAP access: which mailbox a person may open now, from the snapshot (P-07, L2, M4). Pure.

People read by their own mailbox alone: a function mailbox has no sign-in (M5), a machine only sends (S1).
"""

from __future__ import annotations

from civicmail.city.snapshot.snapshot import Mailbox, Person, Snapshot


def find_person(snapshot: Snapshot, login: str) -> Person | None:
    """The human being behind a sign-in name, or behind an address of the mailbox that is theirs; None for a machine."""
    person = snapshot.person_of(login)
    if person is None and (mailbox := snapshot.mailbox_of(login)) is not None and mailbox.holder:
        person = snapshot.people.get(mailbox.holder)
    return None if person is None or person.machine else person


def own_mailbox(snapshot: Snapshot, person: Person, now: int) -> Mailbox | None:
    """The mailbox that a person may open now; None without live access, and while it is held. now: ms."""
    for grant in person.grants:
        mailbox = snapshot.mailboxes.get(grant.mailbox)
        mine = mailbox is not None and mailbox.kind == "personal" and mailbox.holder == person.id
        if mine and grant.role == "holder" and now < grant.until:
            return mailbox if mailbox is not None and mailbox.state == "open" else None
    return None
