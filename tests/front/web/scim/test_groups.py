"""Groups of a provider: who is on the lists that the settings leave to it, and nothing else (M1; RFC 7643 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from city.identity import staff
from civicmail.city.directory.models import Department, FeedLine, MailGroup
from civicmail.city.guard.models import Entry
from front.web.scim.conftest import Provider

User = Callable[..., dict[str, Any]]
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
HERS = "crews@city.example"


def says(op: str, **more: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": op, **more}]}


class Town:
    """ann, bob and carol are users, carol without a mailbox; the list has a function mailbox and a list on it."""

    def __init__(self, clerk: Department, provider: Provider, user: User) -> None:
        head = staff.person("head")
        staff.policy()
        for uid in ("ann", "bob"):
            staff.worker(uid, clerk, head)
        self.ids = {uid: str(provider.ask("POST", "/Users", user(uid))[1]["id"]) for uid in ("ann", "bob", "carol")}
        self.list = MailGroup.objects.create(address=HERS, name="Crews", department=clerk, made=staff.OLD)
        self.other = MailGroup.objects.create(address="council@city.example", name="Council", department=clerk, made=staff.OLD)
        self.list.members.add(staff.mailbox("desk@city.example", clerk))
        self.list.subgroups.add(self.other)
        self.path = f"/Groups/{self.list.pk}"

    @property
    def on_it(self) -> list[str]:
        return sorted(self.list.members.values_list("address", flat=True))


@pytest.fixture
def town(crowd: Department, provider: Provider, user: User, settings: Any) -> Town:
    settings.CITY = replace(settings.CITY, feeds=replace(settings.CITY.feeds, lists=[HERS]))
    return Town(crowd, provider, user)


@pytest.mark.rule(
    "P-08",
    "The members of a list that the settings leave to the identity provider are those that it sends; other members stay.",
)
def test_who_is_on_a_list_is_said_by_the_provider_and_whoever_else_is_there_stays(town: Town, provider: Provider) -> None:
    """As Entra and Okta say it; with an entry, and said again it is nothing new."""
    ann, bob = town.ids["ann"], town.ids["bob"]
    assert provider.ask("PATCH", town.path, says("Add", path="members", value=[{"value": ann}, {"value": bob}]))[0] == 204
    assert town.on_it == ["ann@city.example", "bob@city.example", "desk@city.example"]
    said = provider.ask("GET", town.path)[1]
    assert (said["displayName"], sorted(m["value"] for m in said["members"])) == ("Crews", sorted([ann, bob]))
    assert provider.ask("PATCH", town.path, says("Add", path="members", value=[{"value": ann}]))[0] == 204
    assert Entry.objects.filter(act="group.change", object=f"group:{HERS}").count() == 1
    assert provider.ask("PATCH", town.path, says("remove", path=f'members[value eq "{ann}"]'))[0] == 204
    assert provider.ask("PATCH", town.path, says("Remove", path="members", value=[{"value": bob}]))[0] == 204
    assert town.on_it == ["desk@city.example"] and list(town.list.subgroups.all()) == [town.other]
    whole = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Crews", "members": [{"value": bob}]}
    assert provider.ask("PUT", town.path, whole)[0] == 200 and town.on_it == ["bob@city.example", "desk@city.example"]


@pytest.mark.rule("P-07", "An identity provider sees no list that the settings do not name, and makes, renames and closes none.")
def test_only_lists_that_the_settings_name_are_the_providers(town: Town, provider: Provider, settings: Any) -> None:
    """Others are not seen; nobody makes, renames or closes one by SCIM."""
    found = provider.ask("GET", "/Groups?excludedAttributes=members&filter=displayName+eq+%22crews%22")[1]
    assert found["totalResults"] == 1 and "members" not in found["Resources"][0]
    assert provider.ask("GET", "/Groups")[1]["totalResults"] == 1
    assert provider.ask("GET", f"/Groups/{town.other.pk}")[0] == provider.ask("GET", "/Groups/x")[0] == 404
    assert provider.ask("PATCH", f"/Groups/{town.other.pk}", says("Add", path="members", value=[]))[0] == 404
    new = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Mine"}
    status, said = provider.ask("POST", "/Groups", new)
    assert status == 403 and "its department" in said["detail"]
    assert provider.ask("DELETE", town.path)[0] == 403 and MailGroup.objects.get(pk=town.list.pk).closed is None
    status, said = provider.ask("PATCH", town.path, says("Replace", path="displayName", value="Others"))
    assert (status, said["scimType"]) == (400, "mutability") and MailGroup.objects.get(pk=town.list.pk).name == "Crews"
    assert provider.ask("PATCH", town.path, says("Replace", path="displayName", value="Crews"))[0] == 204
    settings.CITY = replace(settings.CITY, feeds=replace(settings.CITY.feeds, lists=[]))
    assert provider.ask("GET", "/Groups")[0] == 404
    assert "Group" not in [one["name"] for one in provider.ask("GET", "/ResourceTypes")[1]["Resources"]]


@pytest.mark.rule("P-04", "A person without a mailbox is not added to a list by a provider, and the whole request is refused.")
@pytest.mark.parametrize(("who", "words"), [("carol", "no mailbox yet"), ("nobody", "no user")])
def test_somebody_without_a_mailbox_is_an_error_and_nothing_is_changed(
    who: str, words: str, town: Town, provider: Provider
) -> None:
    """All or nothing, and it stands in the report of the day."""
    both = [{"value": town.ids["ann"]}, {"value": town.ids.get(who, "7d6f8a52-9f5c-4b40-9f0d-8f1f0d6f3c11")}]
    status, said = provider.ask("PATCH", town.path, says("Add", path="members", value=both))
    assert status == 400, said
    assert said["scimType"] == "invalidValue" and words in said["detail"]
    assert town.on_it == ["desk@city.example"]
    assert FeedLine.objects.filter(did="refused", reason__contains=words).count() == 1


@pytest.mark.rule("P-08", "Unsupported parts of SCIM are refused in words, as its configuration states.")
def test_bulk_and_sorting_are_refused_in_words_as_the_configuration_says(provider: Provider, crowd: Department) -> None:
    """No provider needs them; what is not done is said."""
    config = provider.ask("GET", "/ServiceProviderConfig")[1]
    assert not config["bulk"]["supported"] and not config["sort"]["supported"]
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": []}
    for status, said in (provider.ask("POST", "/Bulk", bulk), provider.ask("GET", "/Users?sortBy=userName")):
        assert status == 501 and "not supported" in said["detail"], said
