"""Mailboxes of Microsoft 365, by Microsoft Graph 1.0 with application permissions (Mail.Read).

https://learn.microsoft.com/graph/api/user-list-mailfolders, /message-delta, /message-get ("$value", the MIME content),
/graph/throttling, /graph/outlook-immutable-id.
Exchange rebuilds the MIME of each message, so its bytes are those at the time of the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from civicmail.mail.importers.errors import BadServer, MailboxRefused
from civicmail.mail.importers.remote.api import Api, Missing, list_of, side_by_side, text_in
from civicmail.mail.importers.remote.source import Fetched, Item, Unlisted

SERVER = "https://graph.microsoft.com/v1.0"
SCOPE = "https://graph.microsoft.com/.default"
PAGE = 200
MAX_FOLDER_DEPTH = 50
MAX_MESSAGE = 256 << 20
_IMMUTABLE = 'IdType="ImmutableId"'
_FIELDS = "id,receivedDateTime,isRead,isDraft,flag,categories"


class Graph:
    """without: folders (paths) to leave out, with their subfolders."""

    kind = "graph"

    def __init__(self, api: Api, without: Sequence[str] = ()) -> None:
        self.place = api.place
        self._api = api
        self._without = tuple(without)

    @contextmanager
    def open(self, mailbox: str) -> Iterator[GraphBox]:
        try:
            yield GraphBox(self._api, mailbox, self._without)
        finally:
            self._api.close()


class GraphBox:
    def __init__(self, api: Api, mailbox: str, without: tuple[str, ...]) -> None:
        self._api, self._mailbox, self._without = api, mailbox, without
        self._user = f"/users/{quote(mailbox, safe='')}"

    def items(self) -> Iterator[Item | Unlisted]:
        seen = set[str]()
        for path, id_ in sorted(self._folders(f"{self._user}/mailFolders", "", 0)):
            try:
                for plain in self._pages(f"{self._user}/mailFolders/{quote(id_, safe='')}/messages/delta", {"$select": _FIELDS}):
                    if "@removed" not in plain and (item := _item(path, plain, self._api.place)).id not in seen:
                        seen.add(item.id)
                        yield item
            except (MailboxRefused, Missing) as refused:
                yield Unlisted(path, str(refused))

    def _folders(self, place: str, above: str, depth: int) -> Iterator[tuple[str, str]]:
        """(path, id) of every folder."""
        if depth > MAX_FOLDER_DEPTH:
            raise BadServer(f"{self._api.place} has folders more than {MAX_FOLDER_DEPTH} deep")
        try:
            children = list(self._pages(place, {"$top": "100", "$select": "id,displayName,childFolderCount"}))
        except Missing as missing:
            raise MailboxRefused(f"{self._api.place} has no mailbox {self._mailbox}: {missing}") from None
        for plain in children:
            id_ = text_in(plain, "id", self._api.place)
            path = f"{above}/{str(plain.get('displayName') or id_).replace('/', '_')}".lstrip("/")
            if any(path == w or path.startswith(f"{w}/") for w in self._without):
                continue
            yield path, id_
            if plain.get("childFolderCount"):
                yield from self._folders(f"{self._user}/mailFolders/{quote(id_, safe='')}/childFolders", path, depth + 1)

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        """The values of all pages. A page that leads back to one that was read would never end."""
        headers = {"Prefer": f"{_IMMUTABLE}, odata.maxpagesize={PAGE}", "Accept": "application/json"}
        plain = self._api.json(self._mailbox, path, query, headers)
        read = set[str]()
        while True:
            yield from list_of(plain, "value", self._api.place)
            following = plain.get("@odata.nextLink")
            if following is None:
                return
            if not isinstance(following, str) or following in read:
                raise BadServer(f"{self._api.place} names a next page that was read already")
            read.add(following)
            plain = self._api.json(self._mailbox, following, None, headers)

    def fetch(self, items: Sequence[Item]) -> Iterator[Fetched]:
        return side_by_side(items, self._one)

    def _one(self, item: Item) -> Fetched:
        path = f"{self._user}/messages/{quote(item.id, safe='')}/$value"
        try:
            content = self._api.get(self._mailbox, path, headers={"Prefer": _IMMUTABLE}, max_bytes=MAX_MESSAGE).body
        except Missing:
            return Fetched(item, None, "it was deleted in the source since it was listed", gone=True)
        except (MailboxRefused, BadServer) as refused:
            return Fetched(item, None, str(refused))
        return Fetched(item, content or None, "the server gives no bytes of it")


def _item(path: str, plain: dict[str, Any], place: str) -> Item:
    flag = plain.get("flag")
    marks = {
        "\\Seen": plain.get("isRead") is True,
        "\\Flagged": isinstance(flag, dict) and flag.get("flagStatus") == "flagged",
        "\\Draft": plain.get("isDraft") is True,
    }
    categories = plain.get("categories")
    labels = tuple(str(category) for category in categories) if isinstance(categories, list) else ()
    flags = tuple(name for name, is_set in marks.items() if is_set)
    return Item(path, "", text_in(plain, "id", place), at=_ms(plain.get("receivedDateTime")), flags=flags, labels=labels)


def _ms(text: object) -> int | None:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        return None
