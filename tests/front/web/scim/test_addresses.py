"""Addresses that an identity provider says: the city's own are kept for the person, what is elsewhere is not ours (P-08, L3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from city.identity import staff
from civicmail.city.directory.models import Address, Department, FeedRun, Mailbox, Person, ReservedAddress
from civicmail.city.identity.actions import access_requests
from front.web.scim.conftest import Provider

User = Callable[..., dict[str, Any]]


def _emails(*addresses: str) -> list[dict[str, Any]]:
    return [{"value": a, "type": "work", "primary": n == len(addresses) - 1} for n, a in enumerate(addresses)]


def _kept(uid: str) -> list[tuple[str, bool]]:
    return list(ReservedAddress.objects.filter(person__uid=uid).order_by("address").values_list("address", "main"))


def test_the_primary_address_of_ours_is_the_main_one_and_what_is_elsewhere_is_left_out(
    crowd: Department, provider: Provider, user: User
) -> None:
    emails = [*_emails("a.m@city.example", "Ann@City.example"), {"value": "ann@tenant.example", "type": "other"}]
    emails.append({"value": "ann@home.example", "type": "home"})
    status, made = provider.ask("POST", "/Users", user("n-1", emails=emails))
    assert status == 201 and _kept("n-1") == [("a.m@city.example", False), ("ann@city.example", True)]
    assert provider.ask("PUT", f"/Users/{made['id']}", user("n-1"))[0] == 200
    assert len(_kept("n-1")) == 2, "what is not said any more stays"
    assert provider.ask("PUT", f"/Users/{made['id']}", user("n-1", emails=_emails("ann@tenant.example")))[0] == 200
    assert len(_kept("n-1")) == 2
    assert access_requests.open_own_mailbox(Person.objects.get(uid="n-1"), crowd, now=staff.MS).address == "ann@city.example"


def test_an_address_of_somebody_else_is_refused_and_stands_in_the_report(crowd: Department, provider: Provider, user: User) -> None:
    """Nobody is made without it, who would get a made-up one; a role's name and a list are nobody's."""
    provider.ask("POST", "/Users", user("n-1", emails=_emails("ann@city.example")))
    for uid, address in (("n-2", "ann@city.example"), ("n-3", "postmaster@city.example")):
        status, answer = provider.ask("POST", "/Users", user(uid, emails=_emails(address)))
        assert status == 400 and address in answer["detail"] and not Person.objects.filter(uid=uid).exists()
    said = FeedRun.objects.get(state="live").lines.filter(did="refused").values_list("uid", flat=True)
    assert sorted(said) == ["n-2", "n-3"]


def test_another_address_of_who_has_a_mailbox_reaches_it_at_once(crowd: Department, provider: Provider, user: User) -> None:
    head = staff.person("head")
    staff.policy()
    ann = staff.worker("ann", crowd, head)
    box = Mailbox.objects.get(holder=ann)
    said = user("ann", name={"givenName": "Ann", "familyName": "Test"}, emails=_emails("ann.new@city.example"))
    assert provider.ask("POST", "/Users", said)[0] == 201
    reached = Address.objects.filter(mailbox=box, until__isnull=True).values_list("address", flat=True)
    assert sorted(reached) == sorted([box.address, "ann.new@city.example"])
    assert Mailbox.objects.get(holder=ann).address == box.address
