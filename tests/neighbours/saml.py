"""A SAML 2.0 identity provider in the test process: metadata-free, redirect in, signed assertion out (by the xmlsec wheel)."""

from __future__ import annotations

import base64
import datetime as dt
import html
import http.server
import secrets
import threading
import urllib.parse
import zlib
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

_A, _P = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
_RESPONSE = (
    '<samlp:Response xmlns:samlp="{P}" xmlns:saml="{A}" ID="_{id}" Version="2.0" IssueInstant="{now}" Destination="{acs}" '
    'InResponseTo="{to}"><saml:Issuer>{entity}</saml:Issuer><samlp:Status><samlp:StatusCode '
    'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_{id}a" Version="2.0" '
    'IssueInstant="{now}"><saml:Issuer>{entity}</saml:Issuer><saml:Subject><saml:NameID '
    'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name}</saml:NameID><saml:SubjectConfirmation '
    'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{acs}" '
    'InResponseTo="{to}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{since}" NotOnOrAfter="{until}">'
    "<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
    '<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="_{id}a"><saml:AuthnContext><saml:AuthnContextClassRef>'
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
    "<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
)


class Idp:
    """people: name -> attributes; who: which of them a browser is signed in as there. Use it with `with`."""

    def __init__(self, people: dict[str, dict[str, str]]) -> None:
        self.people = people
        self.who = next(iter(people))
        self._key, self.certificate = _key_and_certificate()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://localhost:{self._server.server_port}"
        self.entity, self.sso = f"{self.url}/metadata", f"{self.url}/sso"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Idp:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, location: str, who: str, **wrong: Any) -> tuple[str, dict[str, str]]:
        """From our redirect to (where to post, form). wrong: audience, to, late (seconds), tamper (another name), unsigned; before,
        after: what is done to the response before and after it is signed."""
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)
        request = etree.fromstring(zlib.decompress(base64.b64decode(asked["SAMLRequest"][0]), -15))
        acs, audience = request.get("AssertionConsumerServiceURL"), request.findtext(f"{{{_A}}}Issuer")
        xml = self._response(acs, wrong.get("audience", audience), wrong.get("to", request.get("ID")), who, wrong)
        if other := wrong.get("tamper"):
            xml = xml.replace(who.encode(), other.encode())
        return acs, {"SAMLResponse": base64.b64encode(xml).decode(), "RelayState": asked.get("RelayState", [""])[0]}

    def _response(self, acs: str, audience: str, to: str, who: str, wrong: dict[str, Any]) -> bytes:
        now = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=wrong.get("late", 0))
        times = {"now": now, "since": now - dt.timedelta(minutes=1), "until": now + dt.timedelta(minutes=5)}
        said = {key: f"{at:%Y-%m-%dT%H:%M:%SZ}" for key, at in times.items()}
        attributes = "".join(
            f'<saml:Attribute Name="{k}"><saml:AttributeValue>{html.escape(v)}</saml:AttributeValue></saml:Attribute>'
            for k, v in self.people[who].items()
        )
        id_ = secrets.token_hex(16)
        facts = {"acs": acs, "audience": audience, "to": to, "entity": self.entity, "name": who, "attributes": attributes}
        root = etree.fromstring(_RESPONSE.format(P=_P, A=_A, id=id_, **facts, **said).encode())
        wrong.get("before", _nothing)(root)
        if not wrong.get("unsigned"):
            self._sign(root.find(f"{{{_A}}}Assertion"), f"_{id_}a")
        wrong.get("after", _nothing)(root)
        return bytes(etree.tostring(root))

    def _sign(self, node: Any, id_: str) -> None:
        signature = xmlsec.template.create(node, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds")
        node.insert(1, signature)  # directly after Issuer, as the schema says
        reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{id_}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        xmlsec.tree.add_ids(node, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self._key, xmlsec.KeyFormat.PEM)
        context.sign(signature)

    def _handler(idp) -> type[http.server.BaseHTTPRequestHandler]:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """A browser comes: it is signed in as `who`, and a button posts the answer."""
                acs, form = idp.answer(idp.url + self.path, idp.who)
                fields = "".join(f'<input type=hidden name="{k}" value="{html.escape(v)}">' for k, v in form.items())
                body = f'<!doctype html><title>IdP</title><form method=post action="{acs}">{fields}<button>go</button></form>'
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _nothing(root: Any) -> None:
    """Nobody touches it."""


def _key_and_certificate() -> tuple[bytes, str]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test idp")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = builder.not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(30)).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem).decode()
