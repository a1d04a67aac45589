"""Dovecot authentication: passdb, userdb and token requests (deploy/dovecot/civicmail.lua; P-07, L2, AC-7).

Three URLs below /doors/, for programs of this machine that know the secret in keys/doors.key. Answers come from the published
snapshot, as for gateways; the database is asked only for locks, and if it is unavailable the snapshot decides.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from civicmail.city.guard.actions.entries import enter_ahead
from civicmail.city.guard.actors import machine
from civicmail.city.guard.errors import BadToken, NotRecorded
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions.devices import note_use
from civicmail.city.identity.actions.throttling import note_wrong_device
from civicmail.city.identity.actions.usage import note_retrieved
from civicmail.city.snapshot import imap_access
from civicmail.city.snapshot.credentials import Issuer, find_device, find_former_device, read_key
from civicmail.city.snapshot.published_snapshot import MAX_INBOUND_AGE_MS, SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.core.config.sentence import in_ascii
from civicmail.core.disk.files import OS_FILES
from civicmail.front.web.local_requests import is_local

log = get_logger()

LARGEST = 16_384
"""Bytes of a question: a password or a token, and a name."""

DELIVERS = frozenset({"lmtp", "lda", "doveadm"})
"""Protocols of Dovecot requests without a reader: delivery and root's tools. All others need a reader."""
AS_MASTER = "mailbox.open-as-master"
MASTER = "signed in as the master user of the mailbox server"
_NOT_IN_IMAP = str.maketrans('"\\', "'/")
"""Characters that IMAP response text and civicmail.lua cannot carry; an agency's name may have them."""

Ask = Callable[[dict[str, Any], Snapshot], HttpResponse]


def secret_path(data: Path) -> Path:
    return data / "keys" / "doors.key"


def secret(data: Path) -> str:
    """The secret shared with Dovecot, made if missing (0600). Raises OSError."""
    OS_FILES.write_once(secret_path(data), f"{secrets.token_urlsafe(32)}\n".encode())
    return secret_path(data).read_text().strip()


@lru_cache(maxsize=2)
def _watch(data: Path) -> SnapshotWatcher:
    return SnapshotWatcher(data, now_ms)


@lru_cache(maxsize=2)
def _issuer(data: Path) -> Issuer:
    return Issuer(data, settings.CITY.signin, now_ms)


def dovecot_only(answer: Ask) -> Callable[[HttpRequest], HttpResponse]:
    """Only a program of this machine with the secret is answered; to everybody else there is nothing here."""

    @csrf_exempt
    @require_POST
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        data = settings.DATA
        if data is None or not is_local(request) or not hmac.compare_digest(_shown(request), secret(data).encode()):
            return HttpResponse(status=404)
        watch = _watch(data)
        snapshot = watch.current
        if snapshot is None or not watch.is_fresh(MAX_INBOUND_AGE_MS):
            return HttpResponse(status=503)
        fields = _fields(request)
        return HttpResponse(status=400) if fields is None else answer(fields, snapshot)

    return view


def _shown(request: HttpRequest) -> bytes:
    """The secret that the asker shows, as a header of its own or as the password of Basic authentication (RFC 7617)."""
    if own := request.headers.get("X-Civicmail-Door", ""):
        return own.encode()
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return b""
    try:
        return base64.b64decode(text, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _fields(request: HttpRequest) -> dict[str, Any] | None:
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return None
    if request.content_type != "application/json":
        return {key: str(value) for key, value in request.POST.items()}
    try:
        fields = orjson.loads(request.body)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and all(isinstance(v, str) for v in fields.values()) else None


@sensitive_post_parameters()
@dovecot_only
def password(fields: dict[str, Any], snapshot: Snapshot) -> HttpResponse:
    """{user, password, protocol, client} -> {ok, user}: the mailbox that opens, or not. The right password opens however many wrong
    ones came before: it is 140 random bits, and nobody who guesses keeps a telephone from its mail. why: for who knows the password
    and may not read any more; nobody else learns whose access ended (P-09)."""
    assert settings.DATA is not None  # the door has asked
    login, client = fields.get("user", ""), fields.get("client", "")[:45]
    person = imap_access.find_person(snapshot, login)
    name = person.login if person is not None else login
    key, typed = read_key(settings.DATA) or b"", fields.get("password", "")
    device, former = find_device(key, person, typed), find_former_device(key, person, typed)
    if person is None or (device is None and former is None):
        _failed(name, client)
        return JsonResponse({"ok": False})
    if device is not None and _is_locked(name):
        return JsonResponse({"ok": False})
    mailbox = imap_access.own_mailbox(snapshot, person, now_ms()) if device is not None else None
    if device is None or mailbox is None:
        why = in_ascii(person.why).translate(_NOT_IN_IMAP)
        return JsonResponse({"ok": False, "why": why} if why else {"ok": False})
    log.info("a mail program signed in", person=person.id, device=device.id, client=client)
    _used(device.id, client)
    _fetched(person.id, mailbox.id)
    return JsonResponse({"ok": True, "user": mailbox.id})


def version(data: Path) -> int | None:
    """Version of the snapshot in use; None if none may be used."""
    watch = _watch(data)
    snapshot = watch.current
    return snapshot.version if snapshot is not None and watch.is_fresh(MAX_INBOUND_AGE_MS) else None


def person_by_password(data: Path, login: str, typed: str, client: str) -> str | None:
    """The id of the person whose device password this is and who may read mail now, or None. Counts as a use."""
    snapshot = _watch(data).current
    person = imap_access.find_person(snapshot, login) if snapshot is not None else None
    key = read_key(data) or b""
    device = find_device(key, person, typed)
    if snapshot is None or person is None or device is None:
        if find_former_device(key, person, typed) is None:
            _failed(person.login if person is not None else login, client)
        return None
    if _is_locked(person.login) or imap_access.own_mailbox(snapshot, person, now_ms()) is None:
        return None
    _used(device.id, client)
    return person.id


@dovecot_only
def user(fields: dict[str, Any], snapshot: Snapshot) -> HttpResponse:
    """{user, protocol, master} -> {user}, or 404. For delivery: every mailbox that is not closed. For whoever reads, at this very
    moment: who was signed in and lost access meanwhile is nobody. For ourselves, as the master user of [courier] imap, whom Dovecot
    has verified: every mailbox, because also what a leaver has is taken back, counted and emptied. Whoever has that password could
    read everybody's mail, so each time leaves an entry first, and there is none without (P-16): 503. No other master user opens
    anything."""
    mailbox = snapshot.mailbox_of(fields.get("user", ""))
    if mailbox is not None and _is_master(fields):
        return JsonResponse({"user": mailbox.id}) if _entered(mailbox.id, fields) else HttpResponse(status=503)
    if mailbox is None or mailbox.state == "closed" or fields.get("master"):
        return HttpResponse(status=404)
    if fields.get("protocol") not in DELIVERS:
        holder = snapshot.people.get(mailbox.holder)
        if holder is None or imap_access.own_mailbox(snapshot, holder, now_ms()) != mailbox or _is_locked(holder.login):
            return HttpResponse(status=404)
    return JsonResponse({"user": mailbox.id})


def _is_master(fields: dict[str, Any]) -> bool:
    courier = settings.CITY.courier
    return bool(courier.imap) and fields.get("protocol") == "imap" and fields.get("master") == courier.imap_user


def _entered(mailbox: str, fields: dict[str, Any]) -> bool:
    facts = {"client": fields.get("client", "")[:45]}
    try:
        enter_ahead(AS_MASTER, actor=machine("dovecot"), reason=MASTER, now=now_ms(), object=f"mailbox:{mailbox}", facts=facts)
    except NotRecorded:
        log.warning("a mailbox does not open to the master user: no entry can be written")
        return False
    return True


@dovecot_only
def introspect(fields: dict[str, Any], snapshot: Snapshot) -> HttpResponse:
    """A token of the city's sign-in (RFC 7662): active, and whose mailbox it opens."""
    assert settings.DATA is not None  # the door has asked
    try:
        login = _issuer(settings.DATA).login(fields.get("token", ""))
    except BadToken as error:
        log.info("a token was refused at the IMAP door", why=str(error))
        return JsonResponse({"active": False})
    person = imap_access.find_person(snapshot, login)
    mailbox = imap_access.own_mailbox(snapshot, person, now_ms()) if person is not None else None
    if person is None or mailbox is None or _is_locked(person.login):
        return JsonResponse({"active": False})
    _fetched(person.id, mailbox.id)
    return JsonResponse({"active": True, "username": mailbox.id, "scope": "imap"})


def _is_locked(login: str) -> bool:
    try:
        return Account.objects.filter(username=login, locked__isnull=False).exists()
    except DatabaseError:
        return False


def _failed(login: str, client: str) -> None:
    log.info("a mail program was refused", client=client)
    try:
        note_wrong_device(login, client=client, now=now_ms())
    except DatabaseError:
        log.warning("a failure could not be counted: the database is away")


def _used(device: str, client: str) -> None:
    try:
        note_use(device, client=client, now=now_ms())
    except DatabaseError:
        log.warning("a use could not be noted: the database is away")


def _fetched(person: str, mailbox: str) -> None:
    try:
        note_retrieved(person, [mailbox], now=now_ms())
    except DatabaseError:
        log.warning("a sign-in could not be counted: the database is away")
