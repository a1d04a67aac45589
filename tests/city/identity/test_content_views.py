"""Looking at mail: a permit for each way, and nothing where it cannot be recorded (P-16, P-17; E6, I1, I2, promise 4)."""

from __future__ import annotations

import uuid

import pytest
from django.db import OperationalError, transaction

from city.identity import cases, staff
from city.identity.cases import EXA, actor, approved
from city.identity.staff import MS, NOW, OLD
from civicmail.city.directory.models import Address, Mailbox, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import ANONYMOUS, Actor, machine
from civicmail.city.guard.errors import NotPermitted, NotRecorded, Unusable
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.identity.actions import content_views
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import mandates as found

pytestmark = pytest.mark.django_db
WENDY = Actor("wendy", "Wendy")


@pytest.fixture(autouse=True)
def town() -> None:
    cases.town()


def _grant(uid: str, address: str, role: str) -> Authorization:
    who, box = Person.objects.get(uid=uid), Mailbox.objects.get(address=address)
    return staff.authorized(who, box, who.episodes.get(), Person.objects.get(uid="hank"), role=role)


def _lagging() -> None:
    Entry.objects.create(uuid=uuid.uuid4(), at=MS - entries.MAX_LAG_MS - 1, act="x", person="p", head=b"{}")


def test_ones_own_mail_is_that_of_ones_own_and_granted_mailboxes_under_all_their_addresses() -> None:
    """Promise 4: and it leaves no entry, because nobody looks at somebody else's."""
    box = Mailbox.objects.get(address="wendy@city.example")
    wendy = Person.objects.get(uid="wendy")
    Address.objects.create(address="w.test@city.example", mailbox=box, person=wendy, since=OLD)
    Address.objects.create(address="w.maiden@city.example", mailbox=box, person=wendy, since=OLD, until=NOW)
    office = Mailbox.objects.get(address="works@city.example")
    Address.objects.create(address="paving@city.example", mailbox=office, since=OLD, until=NOW)
    Address.objects.create(address="paving@city.example", mailbox=Mailbox.objects.get(address="carl@city.example"), since=NOW)
    grant = _grant("wendy", "works@city.example", "delegate")
    permit, boxes = content_views.own(WENDY, now=MS)
    assert boxes == ("w.maiden@city.example", "w.test@city.example", "wendy@city.example", "works@city.example")
    assert (permit.person, permit.role, permit.mandate, permit.entry) == ("wendy", "own", "", "")
    assert not Entry.objects.exists()
    grant.state = "suspended"
    grant.save()
    assert "works@city.example" not in content_views.own(WENDY, now=MS)[1]
    Authorization.objects.filter(person=wendy, role="holder").update(state="suspended")
    grant.state = "active"
    grant.save()
    assert content_views.own(WENDY, now=MS)[1] == (), "what is granted ends with access of one's own (M5)"
    for who in (Actor("wendy", admitted=False), ANONYMOUS, machine("tick")):
        with pytest.raises(NotPermitted):
            content_views.own(who, now=MS)


@pytest.mark.rule("P-08, P-16, L4", "Views of a leaver's mail by a successor are entries.")
def test_what_a_successor_reads_of_somebody_who_left_is_an_entry() -> None:
    _grant("wendy", "hank@city.example", "successor")
    assert "hank@city.example" in content_views.own(WENDY, now=MS)[1]
    said = [(entry.act, entry.person, entry.facts) for entry in Entry.objects.all()]
    assert said == [("content.successor", "wendy", {"mailboxes": ["hank@city.example"]})]


def test_nothing_is_shown_while_the_ledger_lags_or_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """E6: not even one's own mail."""
    made = found.to_mandate(approved("wendy", at=MS))

    def own() -> object:
        return content_views.own(WENDY, now=MS)

    def under() -> object:
        return content_views.under(made, "content.show", actor=EXA, facts={"id": "1"}, now=MS)

    def reveal() -> object:
        admin = actor("app", "system-administrator")
        return content_views.reveal(admin, "damage", "the text looks torn apart", "0" * 32, now=MS)

    def gone(*_: object, **__: object) -> object:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(entries.Entry.objects, "filter", gone)
        for look in (own, under, reveal):
            with pytest.raises(NotRecorded, match="audit log cannot be written"):
                look()
    _lagging()
    for look in (own, under, reveal):
        with pytest.raises(NotRecorded, match="behind"):
            look()
    assert not Entry.objects.filter(act__startswith="content.").exists()
    assert Mandate.objects.get().state == "approved"


@pytest.mark.rule(
    "P-16, promise 4, E6",
    "Each view of other people's mail is an entry, with the examination, before content is shown.",
)
@pytest.mark.parametrize("act", sorted(found.LOOKS))
def test_each_look_under_a_mandate_is_an_entry_before_there_is_a_permit(act: str) -> None:
    """List, message, attachment, print, export, hold; with the mandate, the role and the reason that it was asked
    for."""
    made = found.to_mandate(approved("wendy", at=MS))
    permit = content_views.under(made, act, actor=EXA, facts={"id": "0192", "count": 3}, now=MS + 5)
    (entry,) = found.looks(made.number)
    assert (entry.act, entry.person, entry.duty, entry.reason, entry.at) == (act, "exa", "examiner", cases.WHY, MS + 5)
    assert entry.facts == {"id": "0192", "count": 3, "mandate": made.number, "ground": "examination"}
    assert (permit.mandate, permit.entry, permit.role) == (made.number, f"entry:{entry.uuid}", "examiner")
    assert Mandate.objects.get().state == "open"


@pytest.mark.django_db(transaction=True)
def test_the_entry_of_a_look_is_committed_when_there_is_a_permit() -> None:
    """E6: in a transaction of its own, so that what happens afterwards cannot take it back."""
    made = found.to_mandate(approved("wendy", at=MS))
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        content_views.under(made, "content.show", actor=EXA, facts={}, now=MS)
    content_views.under(made, "content.show", actor=EXA, facts={}, now=MS)
    assert found.looks(made.number).count() == 1


def test_a_reveal_is_for_system_administrators_with_a_reason_and_is_an_entry() -> None:
    """I1."""
    admin = actor("app", "system-administrator")
    for code, text, error in (("curious", "it looked interesting", Unusable), ("damage", "torn", Unusable)):
        with pytest.raises(error):
            content_views.reveal(admin, code, text, "0192", now=MS)
    for who in (EXA, actor("app", "system-administrator", taken=MS), WENDY):
        with pytest.raises(NotPermitted):
            content_views.reveal(who, "damage", "the text looks torn apart", "0192", now=MS)
    assert not Entry.objects.exists()
    permit = content_views.reveal(admin, "damage", "the text looks torn apart", "0192", now=MS)
    (entry,) = Entry.objects.all()
    assert (entry.act, entry.object, entry.facts) == ("content.reveal", "capture:0192", {"capture": "0192", "code": "damage"})
    assert (permit.entry, permit.reason) == (f"entry:{entry.uuid}", "the text looks torn apart")


def test_an_accident_is_an_entry_without_blame() -> None:
    """I2: two answers from lists, and the message by its id."""
    with pytest.raises(Unusable) as refused:
        content_views.accident(WENDY, "0192", "", "else", now=MS)
    assert set(refused.value.fields) == {"how", "next"}
    with pytest.raises(NotPermitted):
        content_views.accident(ANONYMOUS, "0192", "screen", "told", now=MS)
    content_views.accident(WENDY, "0192", "screen", "told", now=MS)
    (entry,) = Entry.objects.all()
    assert entry.facts == {"capture": "0192", "how": "screen", "next": "told"} and entry.person == "wendy"
