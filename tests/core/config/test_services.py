"""Where mail programs read and send, and the records by which they find it (RFC 6186, RFC 8314)."""

from __future__ import annotations

import dataclasses

import pytest

from civicmail.core.config import services, values
from civicmail.core.config.services import Service, Services
from civicmail.core.config.settings import Programs, Settings

IMAP = Service("imap", "imap.city.example", 993, True)
SUBMISSION = Service("submission", "mail.city.example", 587, False)
BOTH = Services(IMAP, SUBMISSION)
DNS = {
    "_imaps._tcp.city.example": [(993, "IMAP.city.example.")],
    "_imap._tcp.city.example": [(0, ".")],
    "_submission._tcp.city.example": [(587, "mail.city.example.")],
}


def test_settings_name_services_as_rfc_8314_does() -> None:
    programs = Programs(imap="imaps://imap.city.example:993", submission="submission://mail.city.example:587")
    found = services.from_settings(dataclasses.replace(Settings(), programs=programs))
    assert found == BOTH and [s.label for s in found] == ["_imaps._tcp", "_submission._tcp"]
    assert not services.from_settings(Settings())


@pytest.mark.parametrize(
    "wrong", ["imap.city.example", "https://imap.city.example:993", "imaps://imap.city.example", "imaps://a b:1"]
)
def test_another_form_is_refused_with_an_example(wrong: str) -> None:
    assert "imaps://mail.city.example:993" in values.complaint(("Programs", "imap"), wrong)
    assert not values.complaint(("Programs", "imap"), "") and not values.complaint(("Programs", "imap"), "imap://h.example:143")


def test_a_zone_says_what_is_there_and_what_is_not() -> None:
    assert [str(r) for r in services.records(BOTH, "city.example")] == [
        "_imaps._tcp.city.example. 3600 IN SRV 10 0 993 imap.city.example.",
        "_imap._tcp.city.example. 3600 IN SRV 0 0 0 .",
        "_submission._tcp.city.example. 3600 IN SRV 10 0 587 mail.city.example.",
        "_submissions._tcp.city.example. 3600 IN SRV 0 0 0 .",
    ]


def looks(dns: dict[str, list[tuple[int, str]]]) -> dict[str, tuple[str, str]]:
    found = services.check(BOTH, ["city.example"], lambda name: dns.get(name, []))
    return {look.record.name.partition(".")[0]: (look.state, look.detail) for look in found}


@pytest.mark.rule("P-06", "DNS records of mail programs are compared with the settings, one by one.")
def test_what_the_dns_has_is_compared_record_by_record() -> None:
    """There, another one, or missing; a way in that is denied nowhere is no fault, one that leads elsewhere is."""
    assert looks(DNS) == dict.fromkeys(("_imaps", "_imap", "_submission", "_submissions"), ("there", ""))
    assert looks({})["_imaps"] == ("missing", "") and looks({})["_imap"] == ("there", "")
    assert looks(DNS | {"_imaps._tcp.city.example": [(993, "old.example.")]})["_imaps"] == ("other", "old.example:993")
    assert looks(DNS | {"_imap._tcp.city.example": [(143, "imap.city.example.")]})["_imap"] == ("other", "imap.city.example:143")
    two = [(993, "imap.city.example."), (993, "old.example.")]
    assert looks(DNS | {"_imaps._tcp.city.example": two})["_imaps"] == ("other", "old.example:993")


def test_a_dns_that_does_not_answer_is_asked_once() -> None:
    asked = []

    def silent(name: str) -> list[tuple[int, str]]:
        asked.append(name)
        raise OSError("LifetimeTimeout")

    found = list(services.check(BOTH, ["city.example", "fire.example"], silent))
    assert {(look.state, look.detail) for look in found} == {("unknown", "LifetimeTimeout")} and len(found) == 8
    assert len(asked) == 1
