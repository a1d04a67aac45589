"""Who is restricted after violations writes inside as before, and to one outside address at a time (P-30, decision 0039)."""

from __future__ import annotations

from pathlib import Path

import pytest

from city.identity.people import own, person
from civicmail.city.snapshot.snapshot import Mailbox
from mail.gateway.town import town


@pytest.mark.rule("P-30", "A restricted person writes to one outside address at a time, and every constituent gets an answer.")
def test_who_is_restricted_writes_to_one_outside_address_at_a_time(installed: Path, tmp_path: Path) -> None:
    """A constituent gets an answer, a hundred get no mailing; another message begins anew; others are not touched."""
    with town(installed, tmp_path / "tls") as here:
        mayor, ann = (
            person(uid, uid.title(), own(uid), kind="elected", **more)
            for uid, more in (("mayor", {"restricted": True}), ("ann", {}))
        )
        here.publish(mayor, ann, mailboxes=tuple(_box(p.id) for p in (mayor, ann)))
        with here.signed_in(mayor.login) as client:
            for _ in range(2):
                client.mail(mayor.login)
                assert [client.rcpt(to)[0] for to in ("ann@city.example", "one@home.example")] == [250, 250]
                code, said = client.rcpt("two@home.example")
                assert code == 550 and b"one outside address at a time" in said and b"P-30" in said
                assert client.rcpt("mayor@city.example")[0] == 250
                assert client.data(f"From: Mayor <{mayor.login}>\r\nSubject: x\r\n\r\nYes.".encode())[0] == 250
        with here.signed_in(ann.login) as client:
            client.mail(ann.login)
            assert {client.rcpt(f"{n}@home.example")[0] for n in range(5)} == {250}


def _box(uid: str) -> Mailbox:
    address = f"{uid}@city.example"
    return Mailbox(address, "personal", uid.title(), "clerk", "open", "", uid, (address,))
