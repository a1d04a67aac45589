"""A private Dovecot 2.4: LMTP in, IMAP out, any user of any domain; own folder and sockets, needs root."""

from __future__ import annotations

import imaplib
import shutil
import subprocess
from pathlib import Path

import pytest

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder

PASSWORD = "scratch"
_CONF = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = {folder.name}
log_path = {folder}/dovecot.log
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
mail_driver = maildir
mail_home = {folder}/mail/%{{user}}
mail_path = %{{home}}/Maildir
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
auth_allow_cleartext = yes
auth_failure_delay = 0
lmtp_user_concurrency_limit = 50
lmtp_rcpt_check_quota = yes
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
passdb static {{
  password = {password}
}}
{users}
"""
_ANYBODY = """\
userdb static {
}
"""
_LISTED = """\
userdb passwd-file {{
  passwd_file_path = {folder}/users
}}
"""


class Dovecot:
    """One instance; use it with `with`. lmtp, imap: its ports. only: the addresses it knows; None: all."""

    def __init__(self, only: list[str] | None = None) -> None:
        version = subprocess.run([program("dovecot"), "--version"], capture_output=True, text=True, check=True).stdout
        if version.startswith(("2.2", "2.3")):
            pytest.skip(f"Dovecot {version.strip()} reads another configuration; these tests want 2.4")
        self.folder = scratch_folder("dovecot")
        self.lmtp, self.imap = free_ports(2)
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "mail", "nobody", "nogroup")
        users = _ANYBODY
        if only is not None:
            (self.folder / "users").write_text("".join(f"{a}:::::::\n" for a in only))
            users = _LISTED.format(folder=self.folder)
        conf = self.folder / "dovecot.conf"
        conf.write_text(_CONF.format(folder=self.folder, imap=self.imap, lmtp=self.lmtp, password=PASSWORD, users=users))
        self._command = [program("dovecot"), "-F", "-c", str(conf)]
        self.start()

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
