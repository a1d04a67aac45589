"""Who types a command: the user of the operating system, as it stays in records."""

from __future__ import annotations

import os
import pwd


def name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
