"""Security events as syslog and as OCSF: what the standards ask for, and nothing of mail or of outsiders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.core.disk.tail import Record
from civicmail.front.worker import ocsf, syslog
from civicmail.front.worker.siem_events import SecurityEvent, of_entry, of_record
from civicmail.mail.archive.records import Type

SCHEMA = json.loads((Path(__file__).parent / "ocsf-1.8.0.json").read_text())
"""What classes and objects that are sent have, of the schema's own files."""
DOMAINS = ["city.example"]
AT = 1_772_452_800_123
RFC5424 = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) "
    r"(?P<proc>[!-~]{1,128}) (?P<id>[!-~]{1,32}) "
    r'(?P<data>(?:\[[!#-<>-\\^-~]{1,32}(?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\])+) (?P<said>.*)\Z',
    re.DOTALL,
)
ACTS = (
    "sign-in", "sign-in-failed", "mailbox.open-as-master", "account.open", "account.stopped", "account.set", "device.make",
    "access.end", "access.suspend", "duty.take", "duty.end", "duty.see", "request.decide", "containment.lock", "report.make",
    "content.show", "content.hold", "rule.write", "mail.import", "something.new", "repair journal",
)  # fmt: skip


def event(act: str, **more: Any) -> SecurityEvent:
    plain = {"uuid": "5f0c8b1e-7a52-4b1c-9a51-3e2d8d1f0a11", "at": AT, "act": act, "person": "e-2", "object": "person:e-17"}
    return of_entry({**plain, "reason": "so", "client": "192.0.2.7", "facts": {"until": "2026-12-31"}, **more}, "0001", 17, DOMAINS)


def record(type_: Type, plain: dict[str, Any]) -> Record:
    return Record("0001", Path("none"), 0, type_, 0, 17, b"", b"", orjson.dumps(plain), b"")


def parsed(one: SecurityEvent, enterprise: int = 32473) -> tuple[re.Match[str], dict[str, str]]:
    match = RFC5424.match(syslog.message(one, "mail.city.example", enterprise, "0.1.0").decode())
    assert match is not None
    values = re.findall(r' ([a-z]+)="((?:[^"\\\]]|\\.)*)"', match["data"].partition("[civicmail@")[2])
    return match, {name: re.sub(r"\\(.)", r"\1", text) for name, text in values}


def require_valid(one: Any, attributes: dict[str, Any], constraints: dict[str, list[str]]) -> None:
    """One object as the schema has it: known names, types, values of enums, what is required, what depends."""
    for name, known in attributes.items():
        assert known["requirement"] != "required" or name in one, f"{name} is required"
    for name, value in one.items():
        known = attributes[name]
        for each in value if known["array"] else [value]:
            if known["object"] and known["type"] != "object":
                inner = SCHEMA["objects"][known["type"]]
                require_valid(each, inner["attributes"], inner["constraints"])
            elif known["type"] in ("integer_t", "long_t", "timestamp_t", "port_t"):
                assert isinstance(each, int) and not isinstance(each, bool), name
                assert not known["enum"] or name in ("category_uid", "class_uid", "type_uid") or each in known["enum"], (name, each)
            elif known["type"] == "boolean_t":
                assert isinstance(each, bool), name
            else:
                assert isinstance(each, dict if known["type"] == "object" else str), (name, known["type"])
    for rule, names in constraints.items():
        present = sum(name in one for name in names)
        assert present >= 1 if rule == "at_least_one" else present == 1, (rule, names)


@pytest.mark.rule("P-29", "Security events are valid in the Open Cybersecurity Schema Framework.")
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("person", ["e-2", ""])
def test_events_are_valid_in_the_schema(act: str, person: str) -> None:
    """Against the attributes, types, enums and constraints of OCSF 1.8.0."""
    for one in (event(act, person=person), event(act, person=person, object="", client="", facts={}, reason="")):
        plain = json.loads(orjson.dumps(ocsf.plain(one, "mail.city.example", "0.1.0")))
        assert plain["metadata"]["version"] == SCHEMA["version"] and plain["metadata"]["uid"] == one.uuid
        assert plain["type_uid"] == plain["class_uid"] * 100 + plain["activity_id"]
        assert plain["category_uid"] == plain["class_uid"] // 1000
        known = SCHEMA["classes"][str(plain["class_uid"])]
        require_valid(plain, known["attributes"], known["constraints"])


@pytest.mark.parametrize(
    ("act", "class_uid", "activity", "status"),
    [("sign-in", 3002, 1, 1), ("sign-in-failed", 3002, 1, 2), ("account.unlock", 3001, 12, 1), ("access.end", 3005, 2, 1),
     ("duty.grant", 3005, 1, 1), ("content.show", 6003, 2, 1), ("containment.lock", 2004, 1, 1)],
)  # fmt: skip
def test_an_act_is_of_the_class_of_its_subject(act: str, class_uid: int, activity: int, status: int) -> None:
    plain = ocsf.plain(event(act), "mail.city.example", "0.1.0")
    assert (plain["class_uid"], plain["activity_id"], plain["status_id"]) == (class_uid, activity, status)


def test_a_message_is_what_rfc_5424_says() -> None:
    """Header, structured data with its escapes, and text."""
    match, values = parsed(event("access.end", reason='a "quote", a ] and a \\ and\na line'))
    assert (match["at"], match["host"], match["app"], match["id"]) == (
        "2026-03-02T12:00:00.123Z", "mail.city.example", "civicmail", "access.end",
    )  # fmt: skip
    assert int(match["pri"]) == 13 * 8 + 5
    assert values["uuid"] == "5f0c8b1e-7a52-4b1c-9a51-3e2d8d1f0a11" and values["ledger"] == "0001:17"
    assert values["reason"] == 'a "quote", a ] and a \\ and\\u000aa line' and json.loads(values["facts"]) == {"until": "2026-12-31"}
    assert match["data"].startswith('[origin software="civicmail" swVersion="0.1.0"][civicmail@32473 ')
    assert match["said"] == "access.end e-2 person:e-17"
    assert "[civicmail@4711 " in parsed(event("access.end"), 4711)[0]["data"]


@pytest.mark.parametrize(
    ("act", "pri"), [("sign-in", 85), ("sign-in-failed", 84), ("content.show", 110), ("access.end", 109), ("account.guessed", 108)]
)
def test_facility_and_severity_say_what_kind_it_is(act: str, pri: int) -> None:
    assert int(parsed(event(act))[0]["pri"]) == pri


def test_text_that_is_not_ascii_has_its_mark_and_a_name_without_spaces() -> None:
    assert parsed(event("repair journal"))[0]["id"] == "repair-journal"
    assert parsed(event("access.end", person="e-ä"))[0]["said"].startswith("\ufeffaccess.end e-ä")


@pytest.mark.parametrize("size", [10, 1_700, 1_800, 1_900, 5_000, 40_000])
@pytest.mark.parametrize("letter", ["x", '"', "ä", "\\"])
def test_a_datagram_is_no_larger_than_each_receiver_takes(size: int, letter: str) -> None:
    """RFC 5426 3.2; still a message, with its uuid."""
    whole = syslog.message(event("access.end", reason=letter * size), "mail.city.example", 32473, "0.1.0")
    cut = syslog.datagram(whole)
    assert len(cut) <= syslog.MAX_DATAGRAM and (cut == whole or len(whole) > syslog.MAX_DATAGRAM)
    match = RFC5424.match(cut.decode())
    assert match is not None and 'uuid="5f0c8b1e' in match["data"] and 'person="e-2"' in match["data"]


@pytest.mark.rule("P-06", "No exported event contains an outsider's address, a subject, or data of a sealed examination.")
def test_an_address_of_an_outsider_leaves_in_no_format() -> None:
    """I4: wherever somebody wrote it; the city's own stay."""
    others = {
        "to": "Mallory <mallory@outside.example>",
        "list": ["mallory@outside.example"],
        "mallory@outside.example": {"x": "mallory@OUTSIDE.example."},
    }
    one = event(
        "sender.verify",
        reason="mallory@outside.example asked ann@city.example",
        object="address:mallory@outside.example",
        facts=others,
    )
    for said in (
        syslog.message(one, "mail.city.example", 32473, "0.1.0").decode(),
        orjson.dumps(ocsf.plain(one, "mail.city.example", "0.1.0")).decode(),
    ):
        assert "outside" not in said.lower() and "mallory" not in said and "ann@city.example" in said


def test_entries_of_records_are_events_and_mail_is_none() -> None:
    """Of mail doors and of the owner of the machine, too; their uuid follows from their place."""
    door = {"act": "sign-in-failed", "person": "", "device": "", "door": "imap 127.0.0.1", "client": "192.0.2.9", "login": "0123"}
    one = of_record(record(Type.ENTRY, {"at": AT, "facts": door}), DOMAINS, detections=False)
    again = of_record(record(Type.ENTRY, {"at": AT, "facts": door}), DOMAINS, detections=False)
    assert one is not None and one == again and one.facts == {"device": "", "door": "imap 127.0.0.1", "login": "0123"}
    plain = ocsf.plain(one, "mail.city.example", "0.1.0")
    assert plain["user"] == {"uid": "login:0123"} and plain["src_endpoint"] == {"ip": "192.0.2.9"}
    deed = {"v": 1, "uuid": "5f0c8b1e-7a52-4b1c-9a51-3e2d8d1f0a11", "at": AT, "act": "content.hold", "person": "e-2", "facts": {}}
    held = of_record(record(Type.HOLD, {"facts": {"entry": deed}}), DOMAINS, detections=False)
    assert held is not None and (held.act, held.uuid) == ("content.hold", deed["uuid"])
    assert of_record(record(Type.DELIVERED, {"facts": {}}), DOMAINS, detections=True) is None


def test_mail_that_was_put_aside_is_a_finding_where_the_settings_say_so() -> None:
    """Rules and findings by name; no subject, no mask, nobody who wrote or should have read it."""
    head = {
        "id": "018f3c2e-1111-7222-8333-444455556666", "received": AT, "size": 4_711, "source": {"kind": "mx"},
        "envelope": {"from": "mallory@outside.example", "to": [{"a": "ann@city.example"}], "client": "198.51.100.7"},
        "dispositions": [{"to": 0, "do": "quarantine", "rules": ["malware"]}],
        "findings": [{"check": "clamav", "code": "malware", "mask": "Eicar of mallory"}], "message_id": "<x@outside.example>",
    }  # fmt: skip
    assert of_record(record(Type.RECEIPT, head), DOMAINS, detections=False) is None
    one = of_record(record(Type.RECEIPT, head), DOMAINS, detections=True)
    assert one is not None and one.facts["findings"] == ["clamav/malware"] and one.facts["rules"] == ["malware"]
    plain = ocsf.plain(one, "mail.city.example", "0.1.0")
    known = SCHEMA["classes"]["2004"]
    require_valid(plain, known["attributes"], known["constraints"])
    said = orjson.dumps(plain).decode() + syslog.message(one, "mail.city.example", 32473, "0.1.0").decode()
    assert not re.search("mallory|outside|Eicar|ann@", said)
    head["dispositions"][0]["do"] = "deliver"
    assert of_record(record(Type.RECEIPT, head), DOMAINS, detections=True) is None
