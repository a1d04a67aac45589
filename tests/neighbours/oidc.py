"""An OpenID provider in the test process that can be told to lie: each of its answers is data that a test may change."""

from __future__ import annotations

import hmac
import http.server
import json
import threading
import time
import urllib.parse
from base64 import urlsafe_b64encode
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "civicmail"


class Provider:
    """Signs in whoever comes, as `sub`. Use it with `with`.

    claims: more or other ones, None leaves one out; signed: "own" key (RS256), "another", "none", or "public" (HMAC with the public
    key); kid: of the token; answers: path -> (status, body) instead of its own.
    """

    def __init__(self, sub: str = "e-17") -> None:
        self.key, self._other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://localhost:{self._server.server_port}"
        self.sub = sub
        self.clear()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def clear(self) -> None:
        """Honest again."""
        self.claims: dict[str, Any] = {}
        self.signed, self.kid, self.nonce = "own", "1", ""
        self.answers: dict[str, tuple[int, bytes]] = {}

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def asked(self, begun: str) -> str:
        """What the provider sends a browser back with that came by this address: the query."""
        said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun).query))
        self.nonce = said.get("nonce", "")
        return urllib.parse.urlencode({"code": "c", "state": said.get("state", "")})

    def _plain(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            ends = {"authorization": "auth", "token": "token", "userinfo": "userinfo"}
            return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | {
                f"{k}_endpoint": f"{self.url}/{v}" for k, v in ends.items()
            }
        if path == "/jwks":
            return {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())) | {"kid": "1", "alg": "RS256"}]}
        return (
            {"sub": self.sub} if path == "/userinfo" else {"access_token": "at", "token_type": "Bearer", "id_token": self._token()}
        )

    def _token(self) -> str:
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT, "sub": self.sub, "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {k: v for k, v in (usual | self.claims).items() if v is not None}
        if self.signed == "none":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": self.kid})
        if self.signed == "public":
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            public = self.key.public_key().public_bytes(serialization.Encoding.PEM, form)
            parts = [_coded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": self.kid}, claims)]
            return b".".join([*parts, _coded(hmac.digest(public, b".".join(parts), "sha256"))]).decode()
        key = self._other if self.signed == "another" else self.key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": self.kid, "jku": f"{self.url}/jwks"})

    def _handler(provider) -> type[http.server.BaseHTTPRequestHandler]:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urllib.parse.urlsplit(self.path).path
                status, body = provider.answers.get(path) or (200, json.dumps(provider._plain(path)).encode())
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _coded(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")
