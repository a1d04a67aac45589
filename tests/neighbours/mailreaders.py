"""Whom mail programs show as the sender of a message: Python's email, GMime, notmuch and mu, which read with it, and Dovecot.

GMime is asked in a process of its own (`python mailreaders.py`): a message of bytes in hexadecimal a line in, a line of JSON out.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import email.policy
import email.utils
import imaplib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

FIELDS = ("From", "Sender", "Resent-From", "Resent-Sender")


def by_python(raw: bytes) -> set[str]:
    """The addresses of its sender fields as Python reads them, in its old way and its new one, lower case."""
    return {address.strip().lower() for address in _addresses(raw) if address}


def _addresses(raw: bytes) -> Iterator[str]:
    old = email.message_from_bytes(raw)
    for value in _values(old):
        yield from (address for strict in (True, False) for _, address in email.utils.getaddresses([value], strict=strict))
        with suppress(Exception):  # what is decoded before it is taken apart
            plain = str(make_header(decode_header(value)))
            yield from (address for _, address in email.utils.getaddresses([plain], strict=False))
    new = email.message_from_bytes(raw, policy=email.policy.default)
    for name in FIELDS:
        with suppress(Exception):  # Python's own, on what nobody should write
            yield from (one.addr_spec for field in new.get_all(name, []) for one in field.addresses)


def _values(message: Message) -> Iterator[str]:
    for name in FIELDS:
        yield from (str(value).replace("\r", "").replace("\n", "") for value in message.get_all(name, []))


class GMime:
    """GMime in a process of its own; use it with `with`. None of it where the library is not there (there)."""

    there = ctypes.util.find_library("gmime-3.0") is not None

    def __enter__(self) -> GMime:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def addresses(self, raw: bytes) -> set[str]:
        """The addresses of From and Sender, as it shows them, lower case."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(raw.hex().encode() + b"\n")
        self._process.stdin.flush()
        return set(json.loads(self._process.stdout.readline()))


_ADDRESS = re.compile(r"[^\s<>\"',;()\[\]]+@[^\s<>\"',;()\[\]]+")


def _in(text: str) -> set[str]:
    return {found[0].lower() for found in _ADDRESS.finditer(text)}


def _maildir(folder: Path, mail: Sequence[bytes]) -> None:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for at, raw in enumerate(mail):
        (folder / "cur" / f"{at}:2,S").write_bytes(raw)


def by_notmuch(folder: Path, mail: Sequence[bytes]) -> list[set[str]]:
    """The addresses in what `notmuch show` has as From and Sender of each message. folder: a new one."""
    _maildir(folder / "mail", mail)
    settings = folder / "settings"
    settings.write_text(f"[database]\npath={folder}/mail\n[new]\ntags=\n[maildir]\nsynchronize_flags=false\n")

    def ask(*words: str) -> bytes:
        return subprocess.run(["notmuch", f"--config={settings}", *words], capture_output=True, check=True, timeout=120).stdout

    ask("new", "--quiet")
    found: list[set[str]] = [set() for _ in mail]
    for one in _shown(json.loads(ask("show", "--format=json", "--body=false", "--entire-thread=false", "*"))):
        for path in one["filename"]:
            found[int(Path(path).name.partition(":")[0])] = _in(
                f"{one['headers'].get('From', '')} {one['headers'].get('Sender', '')}"
            )
    return found


def _shown(tree: Any) -> Iterator[dict[str, Any]]:
    """The messages in the tree of threads."""
    if isinstance(tree, dict):
        yield tree
    for branch in tree if isinstance(tree, list) else ():
        yield from _shown(branch)


def by_mu(folder: Path, mail: Sequence[bytes]) -> list[set[str]]:
    """The addresses of From of each message, as mu finds them. folder: a new one."""
    _maildir(folder / "mail", mail)

    def ask(*words: str) -> bytes:
        return subprocess.run(["mu", *words, f"--muhome={folder}/index"], capture_output=True, check=True, timeout=120).stdout

    ask("init", f"--maildir={folder}/mail")
    ask("index", "--quiet")
    found: list[set[str]] = [set() for _ in mail]
    for one in json.loads(ask("find", "--format=json", "")):
        at = int(Path(one[":path"]).name.partition(":")[0])
        found[at] = {str(author[":email"]).lower() for author in one.get(":from", ()) if author.get(":email")}
    return found


def by_dovecot(imap: int, user: str, password: str, mail: Sequence[bytes]) -> list[set[str]]:
    """The addresses of from and sender in the ENVELOPE (RFC 9051 7.5.2) of each message, put into an empty mailbox there."""
    wire = imaplib.IMAP4("127.0.0.1", imap)
    try:
        wire.login(user, password)
        for raw in mail:
            assert wire.append("INBOX", "", None, raw)[0] == "OK"  # type: ignore[arg-type]  # NIL: now
        wire.select("INBOX", readonly=True)
        found: list[set[str]] = [set() for _ in mail]
        for number in range(1, len(mail) + 1):
            parts = wire.fetch(str(number), "(ENVELOPE)")[1]
            found[number - 1] = _of_envelope(b"".join(b"\r\n".join(p) if isinstance(p, tuple) else p for p in parts if p))
        return found
    finally:
        wire.logout()


_TOKEN = re.compile(rb'[()]|\{(\d+)\}\r\n|"((?:[^"\\]|\\.)*)"|[^()\s"{]+', re.DOTALL)


def _of_envelope(said: bytes) -> set[str]:
    """Of from and sender, its third and fourth value."""
    _, _, authors, senders, *_ = next(iter(_values_of(said[said.index(b"ENVELOPE ") :])))[1]
    mailboxes = [one for field in (authors, senders) if isinstance(field, list) for one in field]
    return {f"{local}@{domain}".lower() for _, _, local, domain in mailboxes}


def _values_of(said: bytes) -> list[Any]:
    """What stands in the brackets, as lists in lists."""
    stack: list[list[Any]] = [[]]
    at = 0
    while found := _TOKEN.search(said, at):
        at = found.end()
        if found[0] == b"(":
            stack.append([])
        elif found[0] == b")" and len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
        elif found[1] is not None:
            stack[-1].append(said[at : at + int(found[1])].decode("utf-8", "replace"))
            at += int(found[1])
        elif found[0] != b")":
            stack[-1].append((found[0] if found[2] is None else found[2]).decode("utf-8", "replace"))
    return [stack[0]]


class _Library:
    def __init__(self) -> None:
        name = ctypes.util.find_library("gmime-3.0")
        assert name is not None
        self.call = ctypes.CDLL(name)
        functions = ("stream_mem_new_with_buffer", "parser_new_with_stream", "parser_construct_message")
        for function in (*functions, "message_get_from", "message_get_sender"):
            getattr(self.call, f"g_mime_{function}").restype = ctypes.c_void_p
        self.call.internet_address_list_get_address.restype = ctypes.c_void_p
        self.call.internet_address_group_get_members.restype = ctypes.c_void_p
        self.call.internet_address_mailbox_get_type.restype = ctypes.c_size_t
        self.call.internet_address_mailbox_get_addr.restype = ctypes.c_char_p
        self.call.internet_address_mailbox_get_idn_addr.restype = ctypes.c_char_p
        self.gobject = ctypes.CDLL(ctypes.util.find_library("gobject-2.0") or "libgobject-2.0.so.0")
        self.call.g_mime_init()
        self.mailbox = self.call.internet_address_mailbox_get_type()

    def addresses(self, raw: bytes) -> set[str]:
        stream = ctypes.c_void_p(self.call.g_mime_stream_mem_new_with_buffer(raw, ctypes.c_size_t(len(raw))))
        parser = ctypes.c_void_p(self.call.g_mime_parser_new_with_stream(stream))
        message = ctypes.c_void_p(self.call.g_mime_parser_construct_message(parser, None))
        found: set[str] = set()
        if message:
            for get in (self.call.g_mime_message_get_from, self.call.g_mime_message_get_sender):
                found.update(self._listed(ctypes.c_void_p(get(message))))
            self.gobject.g_object_unref(message)
        self.gobject.g_object_unref(parser)
        self.gobject.g_object_unref(stream)
        return found

    def _listed(self, every: ctypes.c_void_p) -> Iterator[str]:
        if not every:
            return
        for at in range(self.call.internet_address_list_length(every)):
            one = ctypes.c_void_p(self.call.internet_address_list_get_address(every, at))
            if self.gobject.g_type_check_instance_is_a(one, ctypes.c_size_t(self.mailbox)):
                for get in (self.call.internet_address_mailbox_get_addr, self.call.internet_address_mailbox_get_idn_addr):
                    if address := get(one):
                        yield address.decode("utf-8", "replace").strip().lower()
            else:
                yield from self._listed(ctypes.c_void_p(self.call.internet_address_group_get_members(one)))


if __name__ == "__main__":
    library = _Library()
    for line in sys.stdin:
        print(json.dumps(sorted(library.addresses(bytes.fromhex(line)))), flush=True)
