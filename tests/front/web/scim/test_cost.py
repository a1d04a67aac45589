"""What a request of an identity provider does not have to do (issue 7, "Speed")."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from city.identity import staff
from civicmail.city.directory.models import Department, Person, ScimUser
from civicmail.city.identity.actions import publishing
from civicmail.city.snapshot.models import Publication, Untold
from civicmail.city.snapshot.published_snapshot import changes_path, mark_database_alive, snapshot_path
from civicmail.core.config.clock import now_ms
from civicmail.front.web.scim import storage
from front.web.scim.conftest import Provider

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def says(path: str, value: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": path, "value": value}]}


@pytest.fixture
def ann(crowd: Department, provider: Provider, user: Callable[..., dict[str, Any]]) -> str:
    """Where somebody with a mailbox and live access is found."""
    head = staff.person("head")
    staff.policy()
    staff.worker("ann", crowd, head)
    return f"/Users/{provider.ask('POST', '/Users', user('ann'))[1]['id']}"


@pytest.mark.rule("P-08", "A request of an identity provider creates no class again.")
def test_no_request_makes_classes_of_its_own(ann: str, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made once, and held."""

    def made(*_: object) -> type:
        raise AssertionError("a class was made for one request")

    look = "/Users?filter=userName%20eq%20%22ann@city.example%22"
    asked = [("GET", look, None), ("GET", ann, None), ("PATCH", ann, says("title", "Lead clerk"))]
    for method, path, body in asked:
        provider.ask(method, path, body)
    gc.collect()
    monkeypatch.setattr("pydantic._internal._generics.create_generic_submodel", made)
    assert [provider.ask(method, path, body)[0] for method, path, body in asked] == [200, 200, 204]


@pytest.mark.rule("P-08", "A filter of a provider builds only users whom it may mean.")
@pytest.mark.parametrize(
    "filter_",
    [
        'userName eq "ANN@city.example"',
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "ANN"',
        'emails.value eq "Ann@home.example"',
        'title eq "lead Clerk" and active eq true',
    ],
)
def test_a_filter_builds_only_users_whom_it_may_mean(
    filter_: str, ann: str, provider: Provider, user: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of six thousand the database finds the few in whose words it stands."""
    for n in range(4):
        provider.ask("POST", "/Users", user(f"e-{n}", title="Clerk"))
    provider.ask("PATCH", ann, says("emails", [{"type": "home", "value": "ann@home.example"}]))
    provider.ask("PATCH", ann, says("title", "Lead clerk"))
    built = []
    plain = storage.resource_of

    def counted(row: ScimUser) -> object:
        built.append(row.uid)
        return plain(row)

    monkeypatch.setattr(storage, "resource_of", counted)
    assert provider.ask("GET", f"/Users?filter={quote(filter_)}")[1]["totalResults"] == 1
    assert built == ["ann"]


@pytest.mark.rule("P-08", "A change of one person by a provider queries that person only, in a fixed number of statements.")
def test_a_change_asks_for_the_person_alone(ann: str, provider: Provider) -> None:
    """Ten statements and one transaction, whoever else works here; a look asks two questions."""

    def asked(method: str, path: str, body: object = None) -> int:
        with CaptureQueriesContext(connection) as statements:
            assert provider.ask(method, path, body)[0] in (200, 204)
        return len([s for s in statements if "SAVEPOINT" not in s["sql"]])

    provider.ask("PATCH", ann, says("title", "First"))  # the report of the day, and when the token was used
    assert asked("GET", "/Users?filter=userName%20eq%20%22ann@city.example%22") <= 2
    assert asked("GET", ann) <= 2
    assert asked("PATCH", ann, says("title", "Second")) <= 10


@pytest.mark.rule("P-08", "Changes that do not concern entry points are not published.")
def test_doors_are_not_told_what_they_do_not_know(ann: str, provider: Provider, installed: Path) -> None:
    """A title is nothing to a gateway, a name is."""
    publishing.publish()
    before = Publication.objects.get().version
    assert provider.ask("PATCH", ann, says("title", "Lead clerk"))[0] == 204
    assert Publication.objects.get().version == before and not changes_path(installed).exists()
    assert not Untold.objects.exists()
    assert provider.ask("PATCH", ann, says("displayName", "Ann Example"))[0] == 204
    assert Untold.objects.count() == 1, "told when the transaction commits"


@pytest.mark.rule("P-08", "A city without a mailbox has no snapshot.")
def test_where_there_is_no_mailbox_there_is_nothing_to_publish(installed: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a city that is only being filled nobody makes a snapshot that is thrown away."""

    def made(*_: object) -> None:
        raise AssertionError("a snapshot of nobody was made")

    monkeypatch.setattr(publishing, "build_snapshot", made)
    Untold.objects.create(at=staff.MS, people=[1])
    publishing.publish(staff.MS)
    assert not Untold.objects.exists() and not snapshot_path(installed).exists()


@pytest.mark.rule("P-08", "When many partial changes accumulate, the city worker makes the whole snapshot before a request has to.")
def test_the_city_worker_makes_the_whole_before_anybody_has_to_wait(
    ann: str, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When much was told in parts, and only where a worker is there."""
    people = list(Person.objects.filter(uid="ann").values_list("pk", flat=True))
    monkeypatch.setattr("civicmail.city.snapshot.published_snapshot.LARGE_CHANGES_BYTES", 10)
    version = publishing.publish()

    def told() -> list[tuple[bool, bool]]:
        publishing.publish_on_commit(people)
        publishing.publish_pending()
        return list(Untold.objects.values_list("whole", "waits"))

    assert told() == [] and changes_path(installed).exists()
    mark_database_alive(installed, now_ms())
    assert told() == [(True, True)] and told() == [(True, True)], "asked once"
    assert publishing.publish_waiting(now_ms()) and not Untold.objects.exists()
    assert Publication.objects.get().version > version + 3


@pytest.mark.rule(
    "P-08, promise 5",
    "A changed name is published by the city worker, if it runs; a change that may end access within the request.",
)
def test_a_name_is_told_by_the_city_worker_and_what_may_shut_a_door_at_once(ann: str, provider: Provider, installed: Path) -> None:
    """A worker tells it of many people at once, within a second; without one it is told by whoever changes it."""
    publishing.publish()

    def told(path: str, value: str) -> list[tuple[bool, bool]]:
        Untold.objects.all().delete()
        assert provider.ask("PATCH", ann, says(path, value))[0] == 204
        return list(Untold.objects.values_list("whole", "waits"))

    assert told("displayName", "Ann One") == [(False, False)]
    mark_database_alive(installed, now_ms())
    assert told("userType", "volunteer") == [(False, False)]
    assert told("displayName", "Ann Two") == [(False, True)]
    assert publishing.publish_waiting(now_ms()) and not Untold.objects.exists()
    assert b"Ann Two" in changes_path(installed).read_bytes()
