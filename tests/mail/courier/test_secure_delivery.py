"""A confidential copy leaves encrypted or not at all: which way it takes, what proves it, what happens where one fails (P-19)."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import dns.flags
import dns.message
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from civicmail.core.config.errors import UsageError
from civicmail.core.config.settings import Partner, Secure, Web
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier import mta_sts, pickup_store, recipient_keys
from civicmail.mail.courier.rendering import as_sent
from civicmail.mail.courier.verified_tls import Unverified, VerifiedTls
from neighbours.authority import Authority

OFFERS = ("PIPELINING", "STARTTLS")
HERE = ["127.0.0.0/8", "::1/128"]
"""Networks besides the internet in which the servers of these tests are."""
WORDS = b"4111 1111 1111 1111"
TEXT = (
    b"From: ann@city.example\r\nTo: pat@agency.example\r\nSubject: [secure] your account\r\nMessage-ID: <1@city.example>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nYour card is " + WORDS + b".\r\n"
)
PAGES = "https://mail.city.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def server(authority: Authority, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue(name))
    return context


def secure(town, *, partner: Partner | None = None, url: str = PAGES, **courier) -> None:
    town.use(**courier)
    ways = Secure(partner=[partner] if partner else [])
    town.settings = replace(town.settings, secure=ways, web=Web(url=url))


def proof(town, id_: bytes) -> dict:
    (facts,) = town.facts(id_, "delivered")
    return facts["proof"]


async def sent(town, **kw) -> bytes:
    id_ = town.keep("pat@agency.example", text=TEXT, **{"do": "encrypt"} | kw)
    async with town.courier():
        await town.ends(id_)
    return id_


def test_verified_tls_to_the_readers_own_server_is_proven(town, next_hop, authority):
    """The proof says who it was, and how that is known."""

    async def story():
        hop, plain = await next_hop(offers=OFFERS, tls=server(authority, "mx.agency.example")), await next_hop()
        partner = Partner(domain="agency.example", server=str(hop), name="mx.agency.example", ca=str(authority.certificate))
        secure(town, partner=partner, outbound=str(plain))
        found = proof(town, await sent(town))
        await hop.stop()
        await plain.stop()
        assert (found["method"], found["how"], found["name"], found["version"]) == ("tls", "pinned", "mx.agency.example", "TLSv1.3")
        assert found["names"] == ["mx.agency.example"] and len(found["certificate"]) == 64 and "not_by" not in found
        assert WORDS in hop.messages[0].content and not plain.connections

    asyncio.run(story())


@pytest.mark.rule("P-19", "TLS counts only where the server has proven which one it is.")
@pytest.mark.parametrize("fault", ["name", "authority", "no-tls", "down"])
def test_without_the_proof_it_goes_to_the_portal_and_never_in_clear(town, next_hop, authority, tmp_path, fault):

    async def story():
        tls = server(authority, "other.example" if fault == "name" else "mx.agency.example")
        hop, plain = await next_hop(offers=() if fault == "no-tls" else OFFERS, tls=tls), await next_hop()
        ca = Authority(tmp_path / "stranger").certificate if fault == "authority" else authority.certificate
        secure(
            town,
            partner=Partner(domain="agency.example", server=str(hop), name="mx.agency.example", ca=str(ca)),
            outbound=str(plain),
        )
        if fault == "down":
            await hop.stop()
        id_ = await sent(town)
        if fault != "down":
            await hop.stop()
        await plain.stop()
        found = proof(town, id_)
        assert found["method"] == "portal" and set(found["not_by"]) == {"tls", "smime", "openpgp"}
        assert not hop.messages and not plain.connections
        box = pickup_store.message(town.data, found["box"])
        assert b"".join(box.pieces(0, box.size)) == TEXT

    asyncio.run(story())


@pytest.mark.rule("P-19, promise 6", "A copy that must leave encrypted never leaves in clear text; without a route it waits.")
@pytest.mark.parametrize("url", ["", "http://mail.city.example"])
def test_where_no_way_is_left_it_waits(town, next_hop, url):
    """The fault is ours, so it never fails; and never goes in clear, nor into a portal that is read in clear text."""

    async def story():
        plain = await next_hop()
        secure(town, url=url, outbound=str(plain))
        id_ = town.keep("pat@agency.example", text=TEXT, do="encrypt")
        async with town.courier():
            await town.later(lambda: "deferred" in town.events(id_) or plain.connections)
        await plain.stop()
        assert not plain.connections and "web.url" in town.facts(id_, "deferred")[0]["reply"]

    asyncio.run(story())


@pytest.mark.rule("P-19, promise 6", "An address that is longer than any fails with words, and is not tried for ever.")
def test_an_address_that_is_longer_than_any_fails_with_words(town, next_hop):
    """No file is named after it, no letter reaches it; and it is not tried for ever as a fault of ours."""

    async def story():
        plain = await next_hop()
        secure(town, outbound=str(plain))
        recipient_keys.folder(town.data).mkdir()
        id_ = town.keep(f"{'x' * 200}@{'y' * 60}.example", text=TEXT, do="encrypt")
        async with town.courier():
            await town.until(lambda: {"failed", "deferred", "delivered"} & set(town.events(id_)))
        await plain.stop()
        said = [(facts["reply"][:5], facts["dsn"]) for facts in town.facts(id_, "failed")]
        assert said == [("5.1.3", 1)] and not plain.connections and not pickup_store.waiting(town.data)

    asyncio.run(story())


@pytest.mark.rule("P-19", "The encryption of a copy is not undone by a later screening without findings.")
def test_what_was_decided_once_is_not_undone_by_a_later_look_that_finds_nothing(town, next_hop):

    async def story():
        plain = await next_hop()
        secure(town, outbound=str(plain))
        id_ = town.keep("pat@agency.example", text=TEXT, do="encrypt")
        assert town.writer is not None
        town.writer.event(Event(Type.DECIDED, id_, town.now, (0,), {"do": "deliver", "rules": ["deliver"]}))
        town.writer.flush()
        async with town.courier():
            await town.ends(id_)
        await plain.stop()
        assert not plain.connections and proof(town, id_)["method"] == "portal"

    asyncio.run(story())


@pytest.mark.rule("P-19", "In an encrypted message the subject is encrypted, too (RFC 9788).")
def test_smime_is_opened_by_openssl_and_the_subject_stays_inside(town, next_hop, authority, tmp_path):
    certificate, key = authority.issue_for_mail("pat@agency.example")
    town.now = int(datetime.now(UTC).timestamp() * 1000)
    assert recipient_keys.add(town.data, "Pat@agency.example", certificate.read_bytes(), town.now) == "smime"

    async def story():
        plain = await next_hop()
        secure(town, outbound=str(plain))
        id_ = await sent(town)
        await plain.stop()
        found, (message,) = proof(town, id_), plain.messages
        assert (found["method"], found["cipher"], list(found["not_by"])) == ("smime", "AES-256-CBC", ["tls"])
        assert WORDS not in message.content and b"your account" not in message.content
        (tmp_path / "mail").write_bytes(message.content)
        command = ["openssl", "cms", "-decrypt", "-in", tmp_path / "mail", "-inkey", key, "-recip", certificate]
        opened = subprocess.run(command, capture_output=True, check=True).stdout
        assert b"Subject: [secure] your account" in opened and WORDS in opened and b'hp="cipher"' in opened
        (facts,) = town.facts(id_, "delivered")
        assert facts["sha256"] == hashlib.sha256(message.content).hexdigest()
        with pytest.raises(DamagedFile, match="only they can open"):
            as_sent([TEXT], facts)

    asyncio.run(story())


@pytest.mark.rule("P-19", "A certificate that has expired, or is another's, is none.")
@pytest.mark.parametrize(
    ("address", "days", "why"), [("pat@agency.example", (-9, -1), "not valid"), ("eve@agency.example", (-1, 9), "another address")]
)
def test_a_certificate_that_has_expired_or_is_anothers_is_none(town, next_hop, authority, address, days, why):
    certificate, _ = authority.issue_for_mail(address, days=days)
    town.now = int(datetime.now(UTC).timestamp() * 1000)
    with pytest.raises(UsageError, match=why):
        recipient_keys.add(town.data, "pat@agency.example", certificate.read_bytes(), town.now)
    place = recipient_keys.folder(town.data)
    place.mkdir()
    (place / "pat@agency.example.pem").write_bytes(certificate.read_bytes())  # it was good when it was put there

    async def story():
        plain = await next_hop()
        secure(town, outbound=str(plain))
        found = proof(town, await sent(town))
        await plain.stop()
        assert found["method"] == "portal" and why in found["not_by"]["smime"] and not plain.connections

    asyncio.run(story())


@pytest.mark.rule("P-19", "Kinds of information for which TLS is not enough take another route.")
@pytest.mark.rule("P-19", "A portal box lists its kinds of information that must never leave by TLS alone.")
def test_what_is_never_sent_by_tls_alone_takes_another_way(town, next_hop, authority):

    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority, "mx.agency.example"))
        partner = Partner(domain="agency.example", server=str(hop), name="mx.agency.example", ca=str(authority.certificate))
        secure(town, partner=partner)
        found = proof(town, await sent(town, facts={"confidential.high": ("card", "medicare")}))
        await hop.stop()
        assert found["method"] == "portal" and "medicare" in found["not_by"]["tls"] and not hop.connections
        assert pickup_store.about(town.data, found["box"])["kinds"] == ["medicare"]  # so that its reader chooses no passphrase

    asyncio.run(story())


@pytest.mark.neighbour("gpg")
def test_openpgp_is_opened_by_gpg(town, next_hop, tmp_path_factory):
    """And the key of somebody else is none."""
    home = tmp_path_factory.mktemp("gpg")
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run(
        [*gpg, "--quick-gen-key", "Pat <pat@agency.example>", "default", "default", "never"], check=True, capture_output=True
    )
    key = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout
    with pytest.raises(UsageError, match="another address"):
        recipient_keys.add(town.data, "eve@agency.example", key, town.now)
    assert recipient_keys.add(town.data, "pat@agency.example", key, town.now) == "openpgp"

    async def story():
        plain = await next_hop()
        secure(town, outbound=str(plain))
        found, (message,) = proof(town, await sent(town)), plain.messages
        await plain.stop()
        assert (found["method"], set(found["not_by"])) == ("openpgp", {"tls", "smime"})
        assert WORDS not in message.content and b"your account" not in message.content
        armored = message.content[message.content.index(b"-----BEGIN") : message.content.index(b"-----END PGP MESSAGE-----") + 25]
        opened = subprocess.run([*gpg, "--decrypt"], input=armored, capture_output=True, check=True).stdout
        assert b"Subject: [secure] your account" in opened and WORDS in opened

    try:
        asyncio.run(story())
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)


class Zone(asyncio.DatagramProtocol):
    """A validating resolver for one name, or one that vouches for nothing."""

    def __init__(self, records: dict[tuple[str, str], str], *, signed: bool) -> None:
        self._records, self._signed = records, signed

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        asked = dns.message.from_wire(data)
        name, kind = asked.question[0].name, dns.rdatatype.to_text(asked.question[0].rdtype)
        answer = dns.message.make_response(asked)
        if (value := self._records.get((str(name).rstrip("."), kind))) is not None:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, value))
        if self._signed:
            answer.flags |= dns.flags.AD
        self._transport.sendto(answer.to_wire(), addr)


@pytest.mark.rule("P-19", "DANE proves a server by signed records alone (RFC 7672).")
@pytest.mark.parametrize(("signed", "digest", "proves"), [(True, "right", True), (True, "wrong", False), (False, "right", False)])
def test_dane_proves_a_server_by_signed_records_only(next_hop, authority, signed, digest, proves):

    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority, "whatever.example"))
        certificate = x509.load_pem_x509_certificate((authority.folder / "whatever.example.pem").read_bytes())
        public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        wanted = hashlib.sha256(public if digest == "right" else b"another").hexdigest()
        records = {("agency.example", "MX"): "10 localhost.", (f"_{hop.port}._tcp.localhost", "TLSA"): f"3 1 1 {wanted}"}
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Zone(records, signed=signed), local_addr=("127.0.0.1", 0))
        at = transport.get_extra_info("sockname")
        proven = VerifiedTls(Secure(resolver=f"{at[0]}:{at[1]}", networks=HERE), "mail.city.example", 5, port=hop.port)
        try:
            if proves:
                link, found = await proven.open("agency.example")
                link.close()
                assert (found["how"], found["server"]) == ("dane", f"smtp://localhost:{hop.port}")
            else:
                with pytest.raises(Unverified):
                    await proven.open("agency.example")
        finally:
            transport.close()
            await hop.stop()

    asyncio.run(story())


class Published(http.server.BaseHTTPRequestHandler):
    """An HTTPS server that publishes a policy."""

    def do_GET(self) -> None:
        body = self.server.policy.encode()
        self.send_response(200 if self.path == "/.well-known/mta-sts.txt" else 404)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.rule("P-19", "A policy of MTA-STS proves servers that it names when it is enforced (RFC 8461).")
@pytest.mark.parametrize(
    ("mode", "names", "host", "proves"),
    [
        ("enforce", "localhost", "mta-sts.agency.example", True),
        ("testing", "localhost", "mta-sts.agency.example", False),
        ("enforce", "mx.other.example", "mta-sts.agency.example", False),
        ("enforce", "localhost", "www.agency.example", False),
    ],
)
def test_a_policy_that_is_enforced_proves_the_servers_that_it_names(next_hop, authority, mode, names, host, proves):
    """Over real HTTPS, with a certificate for the policy's host."""
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Published)
    pages.policy = f"version: STSv1\nmode: {mode}\nmx: {names}\nmax_age: 86400\n"
    pages.socket = server(authority, host).wrap_socket(pages.socket, server_side=True)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    fetch = partial(
        mta_sts.fetch, context=ssl.create_default_context(cafile=str(authority.certificate)), address=pages.server_address
    )

    async def story():
        hop = await next_hop(offers=OFFERS, tls=server(authority, "localhost"))
        records = {("agency.example", "MX"): "10 localhost.", ("_mta-sts.agency.example", "TXT"): '"v=STSv1; id=1;"'}
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Zone(records, signed=False), local_addr=("127.0.0.1", 0))
        at = transport.get_extra_info("sockname")
        rules = Secure(resolver=f"{at[0]}:{at[1]}", mta_sts=True, networks=HERE)
        proven = VerifiedTls(rules, "mail.city.example", 5, port=hop.port, ca=str(authority.certificate), fetch=fetch)
        try:
            if proves:
                link, found = await proven.open("agency.example")
                link.close()
                assert (found["how"], found["name"]) == ("mta-sts", "localhost")
            else:
                with pytest.raises(Unverified):
                    await proven.open("agency.example")
        finally:
            transport.close()
            await hop.stop()

    try:
        asyncio.run(story())
    finally:
        pages.shutdown()
        pages.server_close()
