"""A private Dovecot 2.4 with the file of deploy/dovecot: LMTP in, IMAP out; own folder and sockets, needs root."""

from __future__ import annotations

import imaplib
import shutil
from dataclasses import dataclass
from pathlib import Path

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder
from neighbours.shipped import shipped

PASSWORD = "scratch"
_LISTED = """\
userdb passwd-file {
  passwd_file_path = /etc/dovecot/users
}
"""
_ANYBODY = "userdb static {\n}\n"
_PASSWORDS = """\
passdb passwd-file {
  passwd_file_path = /etc/dovecot/users
}
"""
_ANY_PASSWORD = f"passdb static {{\n  password = {PASSWORD}\n}}\n"
_BY_TOKEN = """
auth_mechanisms = xoauth2 oauthbearer
oauth2 {{
  introspection_mode = post
  introspection_url = {url}
  username_attribute = user
  active_attribute = active
  active_value = true
}}
passdb oauth2 {{
}}
"""
_SCRATCH = """\
instance_name = {folder.name}
auth_allow_cleartext = yes
auth_failure_delay = 0
service imap-login {{
  restart_request_count = unlimited
}}
service lmtp {{
  restart_request_count = unlimited
}}
"""
"""A process for many connections: stories sign in hundreds of times."""


@dataclass(frozen=True)
class Asks:
    """People sign in against our pages there, as deploy/dovecot/civicmail.conf has it. secret: what doors.key holds."""

    url: str
    secret: str
    key: str = "doveadm-scratch"


class Dovecot:
    """One instance of deploy/dovecot; use it with `with`. lmtp, imap: its ports. only: the addresses it knows, None: all; full:
    those of them whose mailbox has room for 1 KiB. asks: nobody is in a file; api is the port of its HTTP door then. master: the
    password with which civicmail opens every mailbox; key_file holds it. introspection: the URL at which it asks whether a token is
    good (OAuth 2.0), instead of passwords."""

    def __init__(
        self,
        only: list[str] | None = None,
        full: tuple[str, ...] = (),
        asks: Asks | None = None,
        master: str = "",
        introspection: str = "",
    ) -> None:
        self.folder = scratch_folder("dovecot")
        self.lmtp, self.imap, self.api = free_ports(3)
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "mail", "nobody", "nogroup")
        small = "userdb_quota/user/storage_size=1k"
        (self.folder / "users").write_text("".join(f"{a}:::::::{small if a in full else ''}\n" for a in only or ()))
        conf = self.folder / "dovecot.conf"
        text = self._conf(anybody=only is None, asks=asks) + (self._mastered(master) if master else "")
        if introspection:
            text = text.replace(_ANY_PASSWORD, "") + _BY_TOKEN.format(url=introspection)
        conf.write_text(text)
        self._command = [program("dovecot"), "-F", "-c", str(conf)]
        self.start()

    def _asking(self, asks: Asks) -> str:
        """deploy/dovecot/civicmail.conf for this instance, with its script and secret."""
        (self.folder / "doors.key").write_text(f"{asks.secret}\n")
        (self.folder / "civicmail.lua").write_text(shipped("dovecot/civicmail.lua"))
        changes = {
            "/etc/dovecot/": f"{self.folder}/",
            "http://127.0.0.1:8025": asks.url,
            "port = 8080": f"port = {self.api}",
            "doveadm_api_key = KEY": f"doveadm_api_key = {asks.key}",
        }
        return shipped("dovecot/civicmail.conf", changes)

    def _mastered(self, password: str) -> str:
        """deploy/dovecot/pullback.conf for this instance."""
        (self.folder / "masters").write_text(f"civicmail:{{PLAIN}}{password}::::::allow_nets=127.0.0.0/8,::1\n")
        self.key_file.write_text(f"{password}\n")
        return shipped("dovecot/pullback.conf", {"/etc/dovecot/masters": f"{self.folder}/masters"})

    @property
    def key_file(self) -> Path:
        return self.folder / "master.key"

    def _conf(self, *, anybody: bool, asks: Asks | None) -> str:
        """deploy/dovecot/dovecot.conf with the places, ports and people of this instance."""
        folder = str(self.folder)
        changes = {
            "base_dir = /run/dovecot": f"base_dir = {folder}/run",
            "/var/lib/dovecot": f"{folder}/state",
            "/var/log/dovecot.log": f"{folder}/dovecot.log",
            "mail_uid = vmail": "mail_uid = nobody",
            "mail_gid = vmail": "mail_gid = nogroup",
            "/srv/mail": f"{folder}/mail",
            "listen = *": "listen = 127.0.0.1",
            "port = 143": f"port = {self.imap}",
            "port = 993": "port = 0",
            "port = 24\n": f"port = {self.lmtp}\n",
            "ssl = required": "ssl = no",
            "ssl_server_cert_file = /etc/civicmail/imap.pem\n": "",
            "ssl_server_key_file = /etc/civicmail/imap.key\n": "",
            _PASSWORDS: _ANY_PASSWORD,
        }
        more = ""
        if asks is not None:
            changes |= {_PASSWORDS: "", _LISTED: ""}
            more = self._asking(asks)
        elif anybody:
            changes[_LISTED] = _ANYBODY
        else:
            changes["/etc/dovecot/users"] = f"{folder}/users"
        return shipped("dovecot/dovecot.conf", changes) + more + _SCRATCH.format(folder=self.folder)

    def start(self) -> None:
        self.process = Process(self._command, self.folder)
        self.process.wait_for(self.imap, b"* OK")
        self.process.wait_for(self.lmtp, b"220 ")

    def stop(self) -> None:
        """Gone, with the mail kept; start brings it back."""
        self.process.close(seconds=5)

    def __enter__(self) -> Dovecot:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fetch(self, user: str) -> list[bytes]:
        """All messages of a person's inbox, by IMAP."""
        wire = imaplib.IMAP4("127.0.0.1", self.imap)
        try:
            wire.login(user, PASSWORD)
            wire.select("INBOX", readonly=True)
            (found,) = wire.search(None, "ALL")[1]
            return [wire.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in found.split()]
        finally:
            wire.logout()

    def log(self) -> str:
        path: Path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""
