"""Deliver copies that must leave encrypted (P-19): each by the strongest available route, never silently by a weaker one.

    verified TLS to the reader's own server (verified_tls.py), if the kind of information permits it
    S/MIME, then OpenPGP, with a key of the reader that an officer has added (recipient_keys.py)
    the smart host's promise of verified TLS (REQUIRETLS, RFC 8689), if the settings accept it
    the pick-up portal (pickup_store.py)

The `delivered` record of each copy states the route, why earlier ones were not possible, and the proof ("proof").
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.mail.courier import cms, encrypted_message, openpgp, pickup_store, recipient_keys, secure_routes, strip_client
from civicmail.mail.courier.archived_message import ArchivedMessage, Store
from civicmail.mail.courier.delivery_outcome import Result, attempts, is_own, our_fault, outcomes
from civicmail.mail.courier.delivery_queue import DeliveryQueue
from civicmail.mail.courier.errors import HopDown, LinkLost
from civicmail.mail.courier.jobs import Job, Lane
from civicmail.mail.courier.link import Link, open_link
from civicmail.mail.courier.marking import CopyMarker
from civicmail.mail.courier.rendering import fields_to_remove, header_lines, missing_fields, render, sent_facts
from civicmail.mail.courier.signer import Signer
from civicmail.mail.courier.transfer import Load, transfer
from civicmail.mail.courier.verified_tls import Unverified, VerifiedTls

log = get_logger()

MAX_COPIES = 4
MAX_ADDRESS = 254
"""RFC 5321 4.5.3.1.3, without the brackets. The wire takes longer ones; no letter finds its way to them."""
TOO_LONG = "5.1.3 the address is longer than any address of a mailbox may be (RFC 5321)"
PORTAL = "2.0.0 waits in the pick-up portal"
_KINDS = ("confidential.high", "confidential.medium")
NOTHING: Mapping[str, str] = MappingProxyType({})
_PROMISE = MappingProxyType({"REQUIRETLS": "", "RET": "HDRS"})
"""A returned message must not contain the content again (RFC 8689 5)."""


class NoRoute(Exception):
    """Why a copy does not go by one of the ways, in a few words."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy in transfer. address: its destination."""

    job: Job
    kept: ArchivedMessage
    index: int
    address: str


class SecureDelivery:
    """Serves the one lane of secure copies. stopping: set when no new attempt may begin."""

    def __init__(
        self, rounds: DeliveryQueue, store: Store, stopping: asyncio.Event, signer: Signer, marking: CopyMarker, data: Path
    ) -> None:
        self._rounds = rounds
        self._store = store
        self._stopping = stopping
        self._signer = signer
        self._marking = marking
        self._data = data
        self._settings = rounds.settings
        self._host = rounds.settings.city.host
        self._proven = VerifiedTls(
            rounds.settings.secure, self._host, rounds.settings.courier.timeout, ca=rounds.settings.courier.tls_ca
        )

    def pump(self, lane: Lane) -> None:
        """See to it that enough workers serve the lane."""
        if self._stopping.is_set():
            return
        for _ in range(min(MAX_COPIES - lane.workers, len(lane))):
            lane.workers += 1
            self._rounds.spawn(self._work(lane))

    async def _work(self, lane: Lane) -> None:
        try:
            while not self._stopping.is_set() and (job := self._rounds.take(lane)) is not None:
                await self._serve(job)
        finally:
            lane.workers -= 1
            self._rounds.wake.set()

    async def _serve(self, job: Job) -> None:
        capture, results = None, dict[int, Result]()
        try:
            kept = await asyncio.to_thread(self._store.read, job.entry)
            capture = kept.capture
            for index in job.tries:
                results[index] = await self._safely(Copy(job, kept, index, job.entry.copies[index].target))
        except (OSError, CivicmailError) as error:
            results = {index: our_fault(error) for index in job.tries} | results
        own = is_own(job.entry, self._rounds.routes.is_ours(job.entry.sender))
        rules, now = self._settings.courier, self._rounds.clock()
        await self._rounds.finish(job, outcomes(job, capture, results, now, rules, own=own))

    async def _safely(self, copy: Copy) -> Result:
        """A fault that one copy meets is no other copy's."""
        try:
            return await self._copy(copy)
        except Exception as error:  # noqa: BLE001 - damage or a bug met by one message must not strand the others
            log.error("a copy could not be handed over encrypted", capture=copy.job.entry.uuid, error=type(error).__name__)
            return our_fault(error)

    async def _copy(self, copy: Copy) -> Result:
        """By the first way that there is. The reasons why others were none go with it."""
        each: dict[str, Callable[[Copy], Awaitable[tuple[Result, dict[str, Any]]]]] = {
            "tls": self._by_tls, "smime": self._by_smime, "openpgp": self._by_openpgp,
        }  # fmt: skip
        if self._settings.secure.requiretls:
            each["requiretls"] = self._by_promise
        not_by: dict[str, str] = {}
        for name, way in each.items():
            try:
                result, proof = await way(copy)
            except (NoRoute, Unverified, recipient_keys.NoKey, openpgp.NotEncrypted) as no:
                not_by[name] = str(no)
                continue
            return _proved(result, proof, not_by)
        result, proof = await self._by_portal(copy)
        return _proved(result, proof, not_by)

    # -- the ways

    async def _by_tls(self, copy: Copy) -> tuple[Result, dict[str, Any]]:
        self._require_no_more(copy)
        link, proof = await self._proven.open(self._rounds.routes.split(copy.address).domain)
        sent = await asyncio.to_thread(self._in_clear, copy, self._added(copy))
        return await self._over(link, copy, copy.kept, await self._signer.finish(copy.kept, sent)), proof

    async def _by_smime(self, copy: Copy) -> tuple[Result, dict[str, Any]]:
        certificate = recipient_keys.certificate(self._data, copy.address, self._rounds.clock())
        cipher = cms.cipher_for(certificate)
        sealed = await asyncio.to_thread(lambda: encrypted_message.smime(self._whole(copy), certificate, cipher))
        proof = {"method": "smime", "cipher": cipher, "serial": f"{certificate.serial_number:x}"}
        proof["until"] = certificate.not_valid_after_utc.date().isoformat()
        return await self._sealed(copy, sealed, "smime"), proof

    async def _by_openpgp(self, copy: Copy) -> tuple[Result, dict[str, Any]]:
        key = await asyncio.to_thread(recipient_keys.public_key, self._data, copy.address)
        outside, inside = await asyncio.to_thread(lambda: encrypted_message.split_protected(self._whole(copy)))
        armored = await asyncio.to_thread(openpgp.encrypted, inside, key)
        proof = {"method": "openpgp", "key": hashlib.sha256(key).hexdigest()}
        return await self._sealed(copy, encrypted_message.pgp_mime(outside, armored), "openpgp"), proof

    async def _by_promise(self, copy: Copy) -> tuple[Result, dict[str, Any]]:
        """To the smart host, which hands it on over TLS to a server that it has verified, or sends it back (RFC 8689 4.2.1). What
        it refuses takes the next way."""
        self._require_no_more(copy)
        hop = self._rounds.routes.hop_for(copy.address)
        if hop is None or hop.kind != "smtp":
            raise NoRoute("no smart host is set for mail to there")
        link, proof = await self._proven.open_promised(hop)
        sent = await asyncio.to_thread(self._in_clear, copy, self._added(copy))
        result = await self._over(link, copy, copy.kept, await self._signer.finish(copy.kept, sent), _PROMISE)
        if not (result.took or result.unknown or result.ours):
            raise NoRoute(f"the smart host does not take it: {result.reply}")
        return result, {**proof, "method": "requiretls"}

    async def _by_portal(self, copy: Copy) -> tuple[Result, dict[str, Any]]:
        """A box for the reader; the city worker tells them of it (front/worker/pickups.py)."""
        if why := secure_routes.why_no_portal(self._settings):
            return Result(False, f"{secure_routes.NO_WAY}{why}", ours=True), {}
        if len(copy.address) > MAX_ADDRESS:
            return Result(False, TOO_LONG, permanent=True), {}
        entry, capture = copy.job.entry, copy.kept.capture
        id_ = pickup_store.box_id(entry.id, copy.index)
        facts = {"capture": entry.uuid, "index": copy.index, "to": copy.address, "sender": capture.envelope.sender}
        facts |= {"login": capture.envelope.login, "at": self._rounds.clock(), "kinds": self._kept_off(copy)}
        await self._attempt(copy, "")
        plain = await asyncio.to_thread(self._whole, copy, [])
        await asyncio.to_thread(pickup_store.place, self._data, id_, plain, facts)
        return Result(True, PORTAL), {"method": "portal", "box": id_}

    # -- handing over

    def _require_no_more(self, copy: Copy) -> None:
        """Raises NoWay where the kind of information wants more than TLS between servers."""
        if kept_off := self._kept_off(copy):
            raise NoRoute(f"TLS alone is not enough for {', '.join(kept_off)}")

    def _kept_off(self, copy: Copy) -> list[str]:
        """The kinds of information in it that must never go by TLS alone, sorted."""
        kinds = {kind for name in _KINDS if isinstance(values := copy.kept.capture.facts.get(name, ()), tuple) for kind in values}
        return sorted(kinds & set(self._settings.secure.never_tls))

    def _added(self, copy: Copy) -> list[str]:
        named = [copy.kept.capture.envelope.recipients[copy.index].address]
        return header_lines(copy.kept.capture, self._host, named, final=False, notes=missing_fields(copy.kept, self._host))

    def _in_clear(self, copy: Copy, added: list[str]) -> dict[str, Any]:
        """Changes to the archived bytes before encryption: rewritten links are restored (P-31), and unapproved files are stripped
        (P-22). Blocks."""
        replaced = self._marking.mark(copy.kept, copy.index, copy.address, (), inside=False).replaced
        sent = sent_facts("crlf", added, fields_to_remove(copy.kept, self._host, inside=False), replaced)
        return strip_client.with_approved_files_only(copy.kept, sent, copy.job.entry.copies[copy.index].apart)

    def _whole(self, copy: Copy, added: list[str] | None = None) -> bytes:
        """The message as it would leave in the clear. Blocks. added: lines in front; None for those of any copy."""
        lines = self._added(copy) if added is None else added
        return b"".join(render(copy.kept.pieces(), self._in_clear(copy, lines)))

    async def _sealed(self, copy: Copy, content: bytes, way: str) -> Result:
        """Send an encrypted message by the ordinary route to its destination."""
        hop = self._rounds.routes.hop_for(copy.address)
        if hop is None or hop.kind not in ("smtp", "lmtp"):
            raise NoRoute("no next hop is set for mail to there")
        capture = replace(copy.kept.capture, sha256=hashlib.sha256(content).digest(), size=len(content))
        kept = ArchivedMessage(capture, content)
        sent = {**await self._signer.finish(kept, sent_facts("crlf", [])), "sealed": way}
        try:
            link = await open_link(hop, self._host, self._settings.courier)
        except HopDown as down:
            return Result(False, f"4.4.1 {down}")
        return await self._over(link, copy, kept, sent)

    async def _over(
        self, link: Link, copy: Copy, kept: ArchivedMessage, sent: dict[str, Any], params: Mapping[str, str] = NOTHING
    ) -> Result:
        """One transaction for one copy; the connection ends with it. params: as in Load."""

        async def attempt(_: list[int]) -> None:
            await self._attempt(copy, link.tls)

        try:
            load = Load(kept, (copy.index,), sent, {copy.index: copy.address}, params)
            return (await transfer(link, load, attempt, self._settings.courier.timeout))[copy.index]
        except LinkLost as lost:
            return Result(False, f"4.4.2 {lost} before the end of data")
        except LaterError as error:
            return our_fault(error)
        finally:
            link.close()

    async def _attempt(self, copy: Copy, tls: str) -> None:
        await self._rounds.attempt(attempts(copy.job, [copy.index], self._rounds.clock(), tls))


def _proved(result: Result, proof: dict[str, Any], not_by: dict[str, str]) -> Result:
    """Add the proof; only accepted copies have one."""
    if not result.took:
        return result
    return replace(result, left={**result.left, "proof": {**proof, **({"not_by": not_by} if not_by else {})}})
