"""A private spamd without network tests, with the rules that its package brings."""

from __future__ import annotations

import os
import shutil

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder


class Spamd:
    """Use it with `with`. address: as settings.screening.spamd has it."""

    def __init__(self) -> None:
        self.folder = scratch_folder("spamd")
        (self.port,) = free_ports(1)
        self.address = f"127.0.0.1:{self.port}"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        where = ["--listen", "127.0.0.1", "--port", str(self.port), "--allowed-ips", "127.0.0.1"]
        children = ["--min-children", "1", "--max-children", "1", "--max-spare", "1"]
        alone = ["--local", "--nouser-config", "--helper-home-dir", str(self.folder), "--syslog", "stderr"]
        user = ["--username", "nobody"] if os.geteuid() == 0 else []
        self.process = Process([program("spamd"), *where, *children, *alone, *user], self.folder)
        self.process.wait_for(self.port)

    def __enter__(self) -> Spamd:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
