"""The HTTP listener for GET /metrics and GET /health, restricted to the networks of the settings."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson

from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Listener as Door
from civicmail.core.config.settings import Metrics
from civicmail.front.metrics.exposition import media_type
from civicmail.mail.gateway.certificates import Certificate

SECONDS = 10
"""Timeout for a client's request and the response."""
MAX_CONNECTIONS = 16
"""Maximum of connections; further ones are closed."""
LOOPBACK = ("127.0.0.0/8", "::1/128")

log = get_logger()

Answer = tuple[int, str, bytes]
"""Status, media type, content."""


class Listener(ThreadingHTTPServer):
    """metrics: text for a media type; health: whether all is well, and the JSON body. Raises LaterError if the port is taken,
    ConfigError for an unusable certificate."""

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, settings: Metrics, metrics: Callable[[str], str], health: Callable[[], tuple[bool, dict[str, Any]]]) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
        self._networks = [ipaddress.ip_network(net, strict=False) for net in settings.networks or LOOPBACK]
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._metrics = metrics
        self._health = health
        self._certificate = certificate_of(settings)
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
            if self._certificate is not None:
                request = self._wrapped(request, self._certificate)
            super().process_request_thread(request, client_address)
        except OSError:
            self.shutdown_request(request)  # who does not speak TLS is told nothing
        finally:
            self._room.release()

    def _wrapped(self, request: socket.socket, certificate: Certificate) -> socket.socket:
        """Do the TLS handshake in the connection's thread, so that a slow client does not block others. Renewed certificates are
        loaded."""
        try:
            certificate.renew(time.monotonic())
        except ConfigError as error:
            log.error("the certificate in use stays", problem=str(error))
        request.settimeout(SECONDS)
        return certificate.context.wrap_socket(request, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is none of our faults."""

    def answer(self, path: str, accept: str) -> Answer:
        """The response for a path. accept: media types of the client."""
        if path == "/metrics":
            media = media_type(accept)
            return 200, media, self._metrics(media).encode()
        if path == "/health":
            is_ready, body = self._health()
            return 200 if is_ready else 503, "application/json", orjson.dumps(body) + b"\n"
        return 404, "text/plain; charset=utf-8", b"There is /metrics and /health.\n"


def certificate_of(settings: Metrics) -> Certificate | None:
    """The certificate, None for plain HTTP. Raises ConfigError."""
    if not settings.certificate:
        return None
    return Certificate(Door(port=settings.port, certificate=settings.certificate, key=settings.key))


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
