"""An OpenID provider in the test process that says whatever a test wants it to say: a wrong key, another issuer, an old token."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class OpenId:
    """claims: what the next ID token says beside the usual; wrong: key, alg, issuer (of the description), none, moved, headers. Use
    it with `with`."""

    def __init__(self) -> None:
        self._key, self._other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.claims: dict[str, Any] = {}
        self.wrong: dict[str, Any] = {}
        self.asked: list[str] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> OpenId:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if self.wrong.get("moved") == path:
            return 302, "/elsewhere"
        if path == "/.well-known/openid-configuration":
            ways = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            ends = {f"{name}_endpoint": f"{self.issuer}/{way}" for name, way in ways.items()}
            return 200, {"issuer": self.wrong.get("issuer", self.issuer), "jwks_uri": f"{self.issuer}/keys", **ends}
        if path == "/keys":
            public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
            return 200, {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/token":
            said = {"access_token": "x", "token_type": "Bearer"}
            return 200, said if self.wrong.get("none") else said | {"id_token": self._token()}
        return 200, {"sub": self.claims.get("sub", "e-17")}

    def _token(self) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": "civicmail", "sub": "e-17", "iat": now, "exp": now + 60, "auth_time": now}
        said = {k: v for k, v in (usual | self.claims).items() if v is not None}
        headers = {"kid": "one", **self.wrong.get("headers", {})}
        match self.wrong.get("alg", "RS256"):
            case "none":
                return jwt.encode(said, None, algorithm="none", headers=headers)
            case "HS256":  # with the public key as the secret
                return _by_public_key(said, self._key, headers)
            case alg:
                return jwt.encode(said, self._other if self.wrong.get("key") else self._key, algorithm=alg, headers=headers)

    def _handler(provider) -> type[http.server.BaseHTTPRequestHandler]:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, said = provider._answer(self.path)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", said)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b"" if status == 302 else json.dumps(said).encode())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _by_public_key(said: dict[str, Any], key: Any, headers: dict[str, Any]) -> str:
    import base64
    import hashlib
    import hmac

    from cryptography.hazmat.primitives import serialization

    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT", **headers}, said)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = base64.urlsafe_b64encode(hmac.digest(pem, text, hashlib.sha256)).rstrip(b"=")
    return (text + b"." + mac).decode()
