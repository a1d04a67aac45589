"""A token endpoint in the test process (RFC 6749), and the introspection that a mailbox server asks about its tokens (RFC 7662)."""

from __future__ import annotations

import http.server
import json
import secrets
import threading
import time
import urllib.parse
from typing import Any


class TokenServer:
    """Gives tokens to who shows `secret`, or the refresh token of the moment. Use it with `with`.

    user: whose mailbox the tokens open, as introspection says; lasts: seconds of a token; asked: the forms that came; refusals:
    answers (status, JSON) that are given first, once each.
    """

    def __init__(self, user: str = "", secret: str = "client-secret", refresh: str = "refresh-1") -> None:
        self.user, self.secret, self.refresh, self.lasts = user, secret, refresh, 3600.0
        self.tokens: dict[str, float] = {}
        self.asked: list[dict[str, str]] = []
        self.introspected = 0
        self.refusals: list[tuple[int, dict[str, Any]]] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> TokenServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def end_all(self) -> None:
        """No token that was given is good any more."""
        self.tokens.clear()

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if self.refusals:
            return self.refusals.pop(0)
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != self.refresh:
                return 400, {"error": "invalid_grant", "error_description": "the refresh token was used before"}
            self.refresh = f"refresh-{secrets.token_hex(4)}"
        elif form.get("grant_type") == "client_credentials" and form.get("client_secret") != self.secret:
            return 401, {"error": "invalid_client"}
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.time() + self.lasts
        more = {"refresh_token": self.refresh} if form.get("grant_type") == "refresh_token" else {}
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": int(self.lasts), **more}

    def is_good(self, token: str) -> bool:
        return self.tokens.get(token, 0) > time.time()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                form = dict(urllib.parse.parse_qsl(body))
                if self.path.startswith("/token"):
                    self._say(*server._token(form))
                else:
                    server.introspected += 1
                    self._say(200, {"active": server.is_good(form.get("token", "")), "user": server.user})

            def _say(self, status: int, plain: dict[str, Any]) -> None:
                body = json.dumps(plain).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
