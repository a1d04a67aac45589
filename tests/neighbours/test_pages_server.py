"""The file for nginx before the pages is one that nginx takes (P-23). tests/long/test_install.py reaches the pages through it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from neighbours.authority import Authority
from neighbours.process import program
from neighbours.shipped import shipped


@pytest.mark.neighbour("nginx", "root")
def test_nginx_takes_the_shipped_file(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("mail.city.example")
    changes = {"/etc/civicmail/mail.pem": str(certificate), "/etc/civicmail/mail.key": str(key)}
    (tmp_path / "civicmail.conf").write_text(shipped("nginx/civicmail.conf", changes))
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\ninclude {tmp_path}/civicmail.conf;\n}}\n"
    )
    done = subprocess.run([program("nginx"), "-t", "-q", "-c", whole], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
