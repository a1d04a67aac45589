"""The listener: GET /metrics and GET /health, for the networks of the settings and nobody else. It takes nothing in."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson

from civicmail.core.config.errors import LaterError
from civicmail.core.config.settings import Metrics
from civicmail.front.metrics.exposition import media_type

SECONDS = 10
"""For a client to say what it wants, and to take the answer."""
AT_ONCE = 16
"""Connections; whoever comes then is cut off, and comes again."""
LOOPBACK = ("127.0.0.0/8", "::1/128")

Answer = tuple[int, str, bytes]
"""Status, media type, content."""


class Listener(ThreadingHTTPServer):
    """metrics: the text for a media type; health: whether all is well, and what is told about it. Raises LaterError where it cannot
    listen."""

    daemon_threads = True
    request_queue_size = AT_ONCE

    def __init__(self, settings: Metrics, metrics: Callable[[str], str], health: Callable[[], tuple[bool, dict[str, Any]]]) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
        self._networks = [ipaddress.ip_network(net, strict=False) for net in settings.networks or LOOPBACK]
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._metrics = metrics
        self._health = health
        try:
            super().__init__((settings.address, settings.port), _Request)
        except OSError as error:
            where = f"{settings.address}, port {settings.port}"
            raise LaterError(f"Metrics cannot listen on {where}: {error.strerror or error}.") from None

    def verify_request(self, request: Any, client_address: Any) -> bool:
        address = ipaddress.ip_address(str(client_address[0]).partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks) and self._room.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is none of our faults."""

    def answer(self, path: str, accept: str) -> Answer:
        """What is at a path. accept: media types that the client takes."""
        if path == "/metrics":
            media = media_type(accept)
            return 200, media, self._metrics(media).encode()
        if path == "/health":
            well, told = self._health()
            return 200 if well else 503, "application/json", orjson.dumps(told) + b"\n"
        return 404, "text/plain; charset=utf-8", b"There is /metrics and /health.\n"


class _Request(BaseHTTPRequestHandler):
    server: Listener
    server_version = "civicmail"
    sys_version = ""
    timeout = SECONDS

    def do_GET(self) -> None:
        status, media, content = self.server.answer(urlsplit(self.path).path, self.headers.get("Accept", ""))
        self.send_response(status)
        for name, value in (("Content-Type", media), ("Content-Length", str(len(content))), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """A scrape every few seconds is nothing for the log."""
