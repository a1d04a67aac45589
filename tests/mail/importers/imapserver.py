"""An IMAP server in the test process that can be told to misbehave: what it says to a command may be changed by a test."""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

Fault = Callable[[str], bytes | None]
"""A command without its tag -> what is said instead; None: as usual. A fault is asked about each
command until it has said something. What ends with HANGS_UP ends the connection."""
HANGS_UP = b"\0hangs up"


@dataclass
class Letter:
    uid: int
    content: bytes
    flags: str = ""
    more: str = ""
    """Further attributes, as X-GM-LABELS."""


@dataclass
class Folder:
    letters: list[Letter]
    validity: int = 1
    uses: str = "\\HasNoChildren"


@dataclass
class FakeImap:
    """Use it with `with`. users: who gets in; capabilities: besides IMAP4rev1; asked: every command but its tag."""

    folders: dict[str, Folder] = field(default_factory=dict)
    users: tuple[str, ...] = ("ann",)
    capabilities: str = "AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER"
    context: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    is_good: Callable[[str], bool] = lambda token: False
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> FakeImap:
        fake = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                session = _Session(fake, self)
                with suppress(OSError, ValueError):
                    session.run()
                with suppress(OSError):
                    session.wire.close()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def once(self, pattern: str, said: bytes, after: Callable[[], None] = lambda: None) -> None:
        """The next command that fits the pattern hears this; after: what happens then. A {tag} in it is the command's."""
        done = False

        def fault(command: str) -> bytes | None:
            nonlocal done
            if done or not re.search(pattern, command):
                return None
            done = True
            after()
            return said

        self.faults.append(fault)

    def fetches(self) -> list[str]:
        return [command for command in self.asked if command.startswith("UID FETCH")]


class _Session:
    def __init__(self, fake: FakeImap, handler: socketserver.StreamRequestHandler) -> None:
        self.fake = fake
        self.wire = handler.connection
        self.folder: Folder | None = None

    def say(self, text: str | bytes) -> None:
        self.wire.sendall((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def secure(self, context: ssl.SSLContext) -> None:
        self.wire = context.wrap_socket(self.wire, server_side=True, do_handshake_on_connect=False)
        self.wire.do_handshake()
        self.lines = self.wire.makefile("rb")

    def run(self) -> None:
        self.lines = self.wire.makefile("rb")
        if self.fake.context is not None:
            self.secure(self.fake.context)
        self.say("* OK ready")
        while line := self.lines.readline().decode().rstrip("\r\n"):
            tag, _, command = line.partition(" ")
            self.fake.asked.append(command)
            for fault in self.fake.faults:
                if (said := fault(command)) is not None:
                    break
            else:
                if self.usual(tag, command):
                    return
                continue
            self.wire.sendall(said.removesuffix(HANGS_UP).replace(b"{tag}", tag.encode()))
            if said.endswith(HANGS_UP):
                self.wire.shutdown(socket.SHUT_RDWR)
                return

    def usual(self, tag: str, command: str) -> bool:
        """Whether it is over."""
        word = command.split(" ")[0].upper()
        if word == "CAPABILITY":
            tls = " STARTTLS" if self.fake.starttls and not isinstance(self.wire, ssl.SSLSocket) else ""
            self.say(f"* CAPABILITY IMAP4rev1 {self.fake.capabilities}{tls}")
        elif word == "STARTTLS" and self.fake.starttls:
            self.say(f"{tag} OK begin")
            self.secure(self.fake.starttls)
            return False
        elif word in ("LOGIN", "AUTHENTICATE") and not self.is_in(tag, command):
            return False
        elif word == "LIST":
            for name, folder in self.fake.folders.items():
                self.say(f'* LIST ({folder.uses}) "/" "{name}"')
        elif word == "EXAMINE":
            self.folder = self.fake.folders[command.split(" ", 1)[1].strip('"')]
            self.say(f"* {len(self.folder.letters)} EXISTS\r\n* OK [UIDVALIDITY {self.folder.validity}] valid")
        elif word == "FETCH":
            first, last = map(int, re.findall(r"\d+", command)[:2])
            self.fetched(list(enumerate(self.folder.letters if self.folder else [], 1))[first - 1 : last], headers=True)
        elif command.startswith("UID FETCH"):
            wanted = set()
            for run in command.split(" ")[2].split(","):
                a, _, z = run.partition(":")
                wanted |= set(range(int(a), int(z or a) + 1))
            letters = list(enumerate(self.folder.letters if self.folder else [], 1))
            self.fetched([(n, letter) for n, letter in letters if letter.uid in wanted], headers=False)
        elif word == "LOGOUT":
            self.say(f"* BYE\r\n{tag} OK")
            return True
        self.say(f"{tag} OK [READ-ONLY] done" if word == "EXAMINE" else f"{tag} OK done")
        return False

    def is_in(self, tag: str, command: str) -> bool:
        words = command.split(" ")
        if words[0].upper() == "LOGIN":
            good = words[1].strip('"').split("*")[0] in self.fake.users
        else:
            self.say("+ ")
            said = base64.b64decode(self.lines.readline()).decode()
            if words[1] == "PLAIN":
                good = said.split("\0")[0] in self.fake.users
            else:
                good = self.fake.is_good(said.partition("auth=Bearer ")[2].partition("\1")[0])
                if not good:
                    self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
                    self.lines.readline()
        if not good:
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] no")
        return good

    def fetched(self, letters: list[tuple[int, Letter]], *, headers: bool) -> None:
        for number, letter in letters:
            if headers:
                found = re.search(rb"(?im)^message-id:[^\n]*\n", letter.content)
                literal = (found[0] if found else b"") + b"\r\n"
                begin = f"UID {letter.uid} FLAGS ({letter.flags}) RFC822.SIZE {len(letter.content)} {letter.more}"
                begin += ' INTERNALDATE " 1-Feb-2021 10:00:00 +0100" BODY[HEADER.FIELDS (MESSAGE-ID)]'
            else:
                begin, literal = f"UID {letter.uid} BODY[]", letter.content
            self.wire.sendall(f"* {number} FETCH ({begin} {{{len(literal)}}}\r\n".encode() + literal + b")\r\n")
