"""Mail by the API: one's own by one's own permit, others' under a mandate with an entry that is durable before (P-06, P-16, E6)."""

from __future__ import annotations

import hashlib

import pytest

from civicmail.city.guard.models import Entry
from pages.programs import asking
from pages.world import Town


def test_my_mail_is_found_and_read_and_nobody_elses(city: Town) -> None:
    """Promise 4: the list of one person is nothing to another; reading one's own leaves no entry."""
    mine, other = asking(city.people["crew0"]), asking(city.people["crew1"])
    before = Entry.objects.count()
    found = mine("GET", "/mail").json()
    one = mine("GET", f"/mail/{city.objects['mail delivered']}").json()
    assert str(city.objects["mail delivered"]) in [row["id"] for row in found]
    row = next(row for row in found if row["id"] == one["id"])
    assert one["subject"] == row["subject"] and one["text"] and not one["shut"]
    raw = mine("GET", f"/mail/{one['id']}/raw")
    assert hashlib.sha256(raw.content).hexdigest() == one["sha256"] and len(raw.content) == one["size"]
    assert [c["address"] for c in mine("GET", f"/mail/{one['id']}/delivery").json()]
    assert Entry.objects.count() == before
    assert other("GET", f"/mail/{one['id']}").status_code == 404
    assert one["id"] not in [row["id"] for row in other("GET", "/mail").json()]
    wrong = mine("GET", "/mail?q=subject%3A(")
    assert wrong.status_code in (200, 422)


@pytest.mark.rule(
    "P-16, promise 4",
    "A program reads other people's mail only in an examination, with the scope for it; each content view is an entry first.",
)
def test_other_peoples_mail_is_read_under_a_mandate_with_its_entry_first(city: Town) -> None:
    """E6: each look of a program is an entry like each look on a page; without the scope there is none."""
    number, id_ = city.objects["case"], str(city.objects["mail delivered"])
    narrow = asking(city.people["recorder"], ["read:mandates"])
    assert narrow("GET", f"/mandates/{number}/messages").status_code == 403
    ask = asking(city.people["recorder"])
    entries = Entry.objects.filter(object=f"mandate:{number}", act__startswith="content.").order_by("pk")
    assert not entries.exists()
    found = ask("GET", f"/mandates/{number}/messages?q=kestrel")
    assert found.status_code == 200 and entries.get().act == "content.list" and entries.get().facts["query"] == "kestrel"
    one = ask("GET", f"/mandates/{number}/messages/{id_}")
    assert one.status_code == 200 and one.json()["text"]
    last = entries.last()
    assert last is not None and (last.act, last.person, last.facts.get("id")) == ("content.show", "p-recorder", id_)
    assert ask("GET", f"/mandates/{number}/messages/{id_}/raw").content
    assert [e.act for e in entries] == ["content.list", "content.show", "content.attachment"]


def test_a_message_of_a_program_goes_once_under_its_persons_name(city: Town) -> None:
    """P-14: from a mailbox of theirs and no other, with the identification block; the same request again is the same message."""
    from civicmail.desk.mailbox.models import Outgoing

    ask = asking(city.people["crew0"])
    letter = {"to": "lena.vogt@city.example", "subject": "Elm Street", "text": "It is open again."}
    first = ask("POST", "/mail", letter, idempotency_key="k")
    assert first.status_code == 201, first.content
    assert ask("POST", "/mail", letter, idempotency_key="k").json() == first.json()
    row = Outgoing.objects.get(person=city.people["crew0"], uid=first.json()["uid"])
    assert row.recipients == ["lena.vogt@city.example"] and city.people["crew0"].display.encode() in bytes(row.content)
    assert Entry.objects.filter(object=f"outgoing:{row.uid}", act="mail.send").count() == 1
    others = ask("POST", "/mail", {**letter, "mailbox": city.authorizations["head"].mailbox.address})
    assert others.status_code in (403, 422)
    assert ask("POST", "/mail", {**letter, "to": "nobody at all"}).status_code == 422
