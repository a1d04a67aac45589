"""What is too long for every change: `make city` plays it, and says so with CIVICMAIL_LONG=1."""

from __future__ import annotations

import os

if os.environ.get("CIVICMAIL_LONG") != "1":
    collect_ignore_glob = ["*"]
