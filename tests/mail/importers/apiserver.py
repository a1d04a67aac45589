"""Microsoft Graph and the Gmail API in the test process, as their documentation has them: pages, errors, and faults on demand."""

from __future__ import annotations

import base64
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Said = tuple[int, dict[str, str], bytes]
"""Status, headers, body. A body that is shorter than the Content-Length in the headers is cut off."""


def plain(status: int, body: dict[str, Any], **headers: str) -> Said:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


@dataclass
class ApiServer:
    """Use it with `with`. is_good: whether a token is; faults: (pattern of the address, how often, what is said instead); asked:
    every address; at_once: the most requests that were there at the same time."""

    is_good: Callable[[str], bool]
    faults: list[list[Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    _now: int = 0

    def __enter__(self) -> Any:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with server._lock:
                    server.asked.append(urllib.parse.unquote(self.path))
                    server._now += 1
                    server.at_once = max(server.at_once, server._now)
                try:
                    status, headers, body = server._said(self.path, dict(self.headers))
                finally:
                    with server._lock:
                        server._now -= 1
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                if int(headers.get("Content-Length", len(body))) != len(body):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def once(self, pattern: str, said: Said, times: int = 1) -> None:
        self.faults.append([pattern, times, said])

    def _said(self, path: str, headers: dict[str, str]) -> Said:
        address = urllib.parse.unquote(path)
        with self._lock:
            for fault in self.faults:
                if fault[1] and re.search(fault[0], address):
                    fault[1] -= 1
                    return fault[2]
        if not self.is_good(headers.get("Authorization", "").removeprefix("Bearer ")):
            return plain(401, {"error": {"code": "InvalidAuthenticationToken", "message": "Lifetime validation failed."}})
        to = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(to.query))
        return self.usual([urllib.parse.unquote(part) for part in to.path.strip("/").split("/")], query, headers)

    def usual(self, parts: list[str], query: dict[str, str], headers: dict[str, str]) -> Said:
        raise NotImplementedError


@dataclass
class FakeGraph(ApiServer):
    """folders: id -> (name, id of the folder around it or "", messages); of a message id, its bytes and its properties."""

    folders: dict[str, tuple[str, str, list[tuple[str, bytes, dict[str, Any]]]]] = field(default_factory=dict)
    page: int = 10
    user: str = "ann@old.example"

    def usual(self, parts: list[str], query: dict[str, str], headers: dict[str, str]) -> Said:
        """parts: v1.0 users ID …"""
        if parts[2] != self.user:
            return plain(404, {"error": {"code": "ErrorInvalidUser", "message": f"The requested user '{parts[2]}' is invalid."}})
        assert 'IdType="ImmutableId"' in headers.get("Prefer", "")
        what = parts[3:]
        if what == ["mailFolders"]:
            return self._folders("")
        if what[0] == "mailFolders" and what[2:] == ["childFolders"]:
            return self._folders(what[1])
        if what[0] == "mailFolders" and what[2:] == ["messages", "delta"]:
            return self._delta(what[1], int(query.get("$skiptoken", "0")))
        if what[0] == "messages" and what[2:] == ["$value"]:
            for _, _, messages in self.folders.values():
                for id_, content, _ in messages:
                    if id_ == what[1]:
                        return 200, {"Content-Type": "text/plain"}, content
        return plain(404, {"error": {"code": "ErrorItemNotFound", "message": "The specified object was not found in the store."}})

    def _folders(self, above: str) -> Said:
        found = [
            {"id": id_, "displayName": name, "childFolderCount": sum(a == id_ for _, a, _ in self.folders.values())}
            for id_, (name, around, _) in self.folders.items()
            if around == above
        ]
        return plain(200, {"value": found})

    def _delta(self, folder: str, start: int) -> Said:
        messages = self.folders[folder][2]
        value = [
            {"@odata.etag": 'W/"1"', "id": id_, "receivedDateTime": "2021-02-01T09:00:00Z", "isRead": True, **more}
            for id_, _, more in messages[start : start + self.page]
        ]
        address = f"{self.url}/v1.0/users/{self.user}/mailFolders/{folder}/messages/delta"
        if start + self.page < len(messages):
            return plain(200, {"value": value, "@odata.nextLink": f"{address}?$skiptoken={start + self.page}"})
        return plain(200, {"value": value, "@odata.deltaLink": f"{address}?$deltatoken=end"})


@dataclass
class FakeGmail(ApiServer):
    """letters: id -> (bytes, ids of labels); labels: id -> name."""

    letters: dict[str, tuple[bytes, list[str]]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    page: int = 10

    def usual(self, parts: list[str], query: dict[str, str], headers: dict[str, str]) -> Said:
        """parts: gmail v1 users ID …"""
        what = parts[4:]
        if what == ["labels"]:
            return plain(200, {"labels": [{"id": id_, "name": name, "type": "user"} for id_, name in self.labels.items()]})
        if what == ["messages"]:
            assert query["includeSpamTrash"] == "true"
            wanted = query.get("labelIds")
            ids = [id_ for id_, (_, labels) in reversed(self.letters.items()) if wanted is None or wanted in labels]
            start = int(query.get("pageToken", "0"))
            found: dict[str, Any] = {"resultSizeEstimate": len(ids)}
            if part := ids[start : start + self.page]:
                found["messages"] = [{"id": id_, "threadId": id_} for id_ in part]
            if start + self.page < len(ids):
                found["nextPageToken"] = str(start + self.page)
            return plain(200, found)
        if what[0] == "messages" and what[1] in self.letters:
            content, labels = self.letters[what[1]]
            assert query == {"format": "raw"}
            raw = base64.urlsafe_b64encode(content).decode()
            date = "1612170000000"
            return plain(200, {"id": what[1], "labelIds": labels, "internalDate": date, "sizeEstimate": len(content), "raw": raw})
        return plain(
            404, {"error": {"code": 404, "message": "Requested entity was not found.", "errors": [{"reason": "notFound"}]}}
        )
