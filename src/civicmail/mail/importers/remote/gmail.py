"""Mailboxes of Google Workspace, by the Gmail API 1 with a service account that acts for each user.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list, /get (format=raw), users.labels/list,
and
/guides/handle-errors.
A message is one item, whatever its labels are.
Each run lists all messages again (500 ids a request), so that the compared counts are current; a history of changes would lack
older ones.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from civicmail.mail.importers.errors import BadServer, MailboxRefused
from civicmail.mail.importers.remote.api import Api, Missing, list_of, side_by_side, text_in
from civicmail.mail.importers.remote.source import Fetched, Item, Unlisted
from civicmail.mail.importers.remote.web import BadAnswer

SERVER = "https://gmail.googleapis.com/gmail/v1"
SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
PAGE = "500"
ALL = "All Mail"
MAX_MESSAGE = 256 << 20
_FLAGS = {"STARRED": "\\Flagged", "DRAFT": "\\Draft"}
_NO_LABELS = frozenset({"UNREAD", "STARRED", "DRAFT"})


class Gmail:
    """without: names of labels; messages that have one are left out."""

    kind = "gmail"

    def __init__(self, api: Api, without: Sequence[str] = ()) -> None:
        self.place = api.place
        self._api = api
        self._without = tuple(name.lower() for name in without)

    @contextmanager
    def open(self, mailbox: str) -> Iterator[GmailBox]:
        try:
            yield GmailBox(self._api, mailbox, self._without)
        finally:
            self._api.close()


class GmailBox:
    def __init__(self, api: Api, mailbox: str, without: tuple[str, ...]) -> None:
        self._api, self._mailbox, self._without = api, mailbox, without
        self._user = f"/users/{quote(mailbox, safe='@')}"
        self._labels: dict[str, str] = {}

    def items(self) -> Iterator[Item | Unlisted]:
        try:
            labels = list_of(self._api.json(self._mailbox, f"{self._user}/labels"), "labels", self._api.place)
            self._labels = {text_in(label, "id", self._api.place): str(label.get("name") or label["id"]) for label in labels}
            left_out = set[str]()
            for id_, name in self._labels.items():
                if name.lower() in self._without:
                    left_out |= set(self._ids({"labelIds": id_}))
            ids = dict.fromkeys(self._ids({}))
        except Missing as missing:
            raise MailboxRefused(f"{self._api.place} has no mailbox {self._mailbox}: {missing}") from None
        for id_ in reversed(ids):  # the newest come first
            if id_ not in left_out:
                yield Item(ALL, "", id_)

    def _ids(self, query: dict[str, str]) -> Iterator[str]:
        page, read = "", set[str]()
        while True:
            more = {"pageToken": page} if page else {}
            parameters = {"maxResults": PAGE, "includeSpamTrash": "true", **query, **more}
            plain = self._api.json(self._mailbox, f"{self._user}/messages", parameters)
            yield from (text_in(message, "id", self._api.place) for message in list_of(plain, "messages", self._api.place))
            page = str(plain.get("nextPageToken") or "")
            if not page:
                return
            if page in read:
                raise BadServer(f"{self._api.place} names a next page that was read already")
            read.add(page)

    def fetch(self, items: Sequence[Item]) -> Iterator[Fetched]:
        return side_by_side(items, self._one)

    def _one(self, item: Item) -> Fetched:
        path = f"{self._user}/messages/{quote(item.id, safe='')}"
        try:
            answer = self._api.get(self._mailbox, path, {"format": "raw"}, max_bytes=MAX_MESSAGE * 3 // 2)
            plain = answer.json()
            content = base64.b64decode(text_in(plain, "raw", self._api.place), altchars=b"-_", validate=True)
        except Missing:
            return Fetched(item, None, "it was deleted in the source since it was listed", gone=True)
        except (MailboxRefused, BadServer, BadAnswer) as refused:
            return Fetched(item, None, str(refused))
        except ValueError:
            return Fetched(item, None, "its raw form is no base64")
        return Fetched(self._described(item, plain), content or None, "the server gives no bytes of it")

    def _described(self, item: Item, plain: dict[str, Any]) -> Item:
        ids = [str(id_) for id_ in plain.get("labelIds", [])] if isinstance(plain.get("labelIds", []), list) else []
        flags = ([] if "UNREAD" in ids else ["\\Seen"]) + [_FLAGS[id_] for id_ in ids if id_ in _FLAGS]
        labels = tuple(self._labels.get(id_, id_) for id_ in ids if id_ not in _NO_LABELS)
        at = str(plain.get("internalDate", ""))
        return item._replace(labels=labels, flags=tuple(flags), at=int(at) if at.isascii() and at.isdecimal() else None)
