"""Security events as OCSF JSON (https://schema.ocsf.io, version 1.8.0). Pure.

The subject of an act gives its class: sign-in 3002, accounts 3001, authorizations and roles 3005, quarantined mail and
compromised accounts 2004, all others 6003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from civicmail.front.worker.siem_events import DETECTED, SecurityEvent

VERSION = "1.8.0"
_INFORMATIONAL, _MEDIUM = 1, 3
_SUCCESS, _FAILURE, _NEW, _OTHER = 1, 2, 1, 99
_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Kind:
    """OCSF class and activity. failed: the act failed; alert: needs attention."""

    AUTHENTICATION: ClassVar = 3002
    ACCOUNT: ClassVar = 3001
    ACCESS: ClassVar = 3005
    API: ClassVar = 6003
    FINDING: ClassVar = 2004

    uid: int
    activity: int
    failed: bool = False
    alert: bool = False

    @property
    def is_read(self) -> bool:
        return self.uid == Kind.API and self.activity == _READ


_NAMED: dict[str, Kind] = {
    "sign-in": Kind(Kind.AUTHENTICATION, 1),
    "sign-in-failed": Kind(Kind.AUTHENTICATION, 1, failed=True),
    "sign-in-ended": Kind(Kind.AUTHENTICATION, 1, failed=True),
    "mailbox.open-as-master": Kind(Kind.AUTHENTICATION, 7, alert=True),
    "account.open": Kind(Kind.ACCOUNT, 1),
    "account.recover": Kind(Kind.ACCOUNT, 4, alert=True),
    "account.hand-over": Kind(Kind.ACCOUNT, 4),
    "account.unlock": Kind(Kind.ACCOUNT, 12),
    "account.close": Kind(Kind.ACCOUNT, 5),
    "account.empty": Kind(Kind.ACCOUNT, 6),
    "account.stopped": Kind(Kind.ACCOUNT, 9, alert=True),
    "account.guessed": Kind(Kind.FINDING, 1, alert=True),
    "containment.lock": Kind(Kind.FINDING, 1, alert=True),
    "containment.unlock": Kind(Kind.FINDING, 3),
    "containment.release": Kind(Kind.FINDING, 3),
    DETECTED: Kind(Kind.FINDING, 1),
    "report.make": Kind(Kind.FINDING, 1),
    "report.answer": Kind(Kind.FINDING, 2),
    "person.add": Kind(Kind.ACCOUNT, 1),
    "person.rehire": Kind(Kind.ACCOUNT, 2),
    "machine.make": Kind(Kind.ACCOUNT, 1),
    "roster.authorise": Kind(Kind.ACCESS, 1),
    "access.begin": Kind(Kind.ACCESS, 1),
    "access.end": Kind(Kind.ACCESS, 2),
    "access.expire": Kind(Kind.ACCESS, 2),
    "access.revoke": Kind(Kind.ACCESS, 2),
    "access.suspend": Kind(Kind.ACCESS, 2),
    "access.resume": Kind(Kind.ACCESS, 1),
    "bar.begin": Kind(Kind.ACCESS, 2),
    "bar.end": Kind(Kind.ACCESS, 1),
    "duty.grant": Kind(Kind.ACCESS, 1),
    "duty.take": Kind(Kind.ACCESS, 1),
    "duty.take-up": Kind(Kind.ACCESS, 1),
    "duty.end": Kind(Kind.ACCESS, 2),
    "duty.lay-down": Kind(Kind.ACCESS, 2),
}
_ROOMS = {
    "account": Kind(Kind.ACCOUNT, _OTHER), "device": Kind(Kind.ACCOUNT, _OTHER), "token": Kind(Kind.ACCOUNT, _OTHER),
    "person": Kind(Kind.ACCOUNT, _OTHER), "access": Kind(Kind.ACCESS, _OTHER), "duty": Kind(Kind.ACCESS, _OTHER),
    "roster": Kind(Kind.ACCESS, _OTHER), "bar": Kind(Kind.ACCESS, _OTHER), "request": Kind(Kind.ACCESS, _OTHER),
}  # fmt: skip
_VERBS = (
    dict.fromkeys(("see", "show", "list", "read", "attachment", "print", "export", "reveal"), _READ)
    | dict.fromkeys(("make", "add", "ask", "plan", "open", "send", "import"), _CREATE)
    | dict.fromkeys(("change", "set", "write", "answer", "decide", "approve"), _UPDATE)
    | dict.fromkeys(("end", "dispose", "revoke", "withdraw", "forget"), _DELETE)
)


def kind_of(event: SecurityEvent) -> Kind:
    """Which class of the schema an event is, by its act."""
    room, _, verb = event.act.partition(".")
    if (named := _NAMED.get(event.act)) is not None:
        return named
    activity = _VERBS.get(verb, _OTHER)
    return _ROOMS[room] if room in _ROOMS and activity != _READ else Kind(Kind.API, activity)


def plain(event: SecurityEvent, host: str, version: str) -> dict[str, Any]:
    """The event as the schema has it. host: of the mail system; version: of this program."""
    kind = kind_of(event)
    severity = _MEDIUM if kind.failed or kind.alert else _INFORMATIONAL
    common = {
        "category_uid": kind.uid // 1000,
        "class_uid": kind.uid,
        "activity_id": kind.activity,
        "type_uid": kind.uid * 100 + kind.activity,
        "time": event.at,
        "severity_id": severity,
        "status_id": _FAILURE if kind.failed else _SUCCESS,
        "message": " ".join(word for word in (event.act, event.person, event.object) if word),
        "metadata": {
            "version": VERSION,
            "uid": event.uuid,
            "event_code": event.act,
            "log_name": "audit",
            "product": {"name": "Civicmail", "vendor_name": "Civicmail", "version": version},
        },
        "unmapped": _unmapped(event),
    }
    if kind.activity == _OTHER:
        common["activity_name"] = event.act
    return common | _OF[kind.uid](event, host)


def _unmapped(event: SecurityEvent) -> dict[str, Any]:
    """Values without a place in the schema."""
    values = {name: getattr(event, name) for name in ("duty", "behalf", "object", "reason", "ledger", "facts")}
    return {name: value for name, value in values.items() if value}


def _user(uid: str) -> dict[str, Any]:
    return {"uid": uid or "unknown"}


def _target(event: SecurityEvent) -> dict[str, Any]:
    """Whom it is about: the person it names, else on whose behalf, else who did it."""
    kind, _, name = event.object.partition(":")
    return _user(name if kind == "person" else event.behalf or event.person)


def _actor(event: SecurityEvent) -> dict[str, Any]:
    return {"actor": {"app_name": "Civicmail", "user": _user(event.person)}}


def _source(event: SecurityEvent) -> dict[str, Any]:
    return {"src_endpoint": {"ip": event.client}} if event.client else {}


def _authentication(event: SecurityEvent, host: str) -> dict[str, Any]:
    login = event.person or (f"login:{event.facts['login']}" if event.facts.get("login") else "")
    return {"user": _user(login), "service": {"name": "Civicmail"}, "dst_endpoint": {"hostname": host}} | _source(event)


def _managed(event: SecurityEvent, _host: str) -> dict[str, Any]:
    return {"user": _target(event)} | _actor(event) | _source(event)


def _access(event: SecurityEvent, host: str) -> dict[str, Any]:
    """A role or authorization that was granted or ended."""
    duty = event.facts.get("duty") or event.duty
    return {"privileges": [str(duty) if event.act.startswith("duty.") and duty else "mail"]} | _managed(event, host)


def _api(event: SecurityEvent, host: str) -> dict[str, Any]:
    resources = {"resources": [{"uid": event.object, "type": event.object.partition(":")[0]}]} if event.object else {}
    source = _source(event) or {"src_endpoint": {"hostname": host}}
    return {"api": {"operation": event.act, "service": {"name": "Civicmail"}}} | _actor(event) | source | resources


def _finding(event: SecurityEvent, _host: str) -> dict[str, Any]:
    kinds = event.facts.get("findings")
    info: dict[str, Any] = {"uid": event.object or event.uuid, "title": event.act}
    if isinstance(kinds, list) and kinds:
        info["types"] = [str(one) for one in kinds]
    return {"finding_info": info, "status_id": _NEW, "is_alert": kind_of(event).alert}


_OF = {
    Kind.AUTHENTICATION: _authentication,
    Kind.ACCOUNT: _managed,
    Kind.ACCESS: _access,
    Kind.API: _api,
    Kind.FINDING: _finding,
}
