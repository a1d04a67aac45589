"""Check that the files named in the settings can be read and that listeners can start with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Listener, Settings
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.gateway.certificates import Certificate
from civicmail.mail.gateway.endpoints import make_endpoint

CHECK = "settings"
FILES = frozenset({
    "certificate", "key", "client_ca", "ca", "tls_ca", "secret_file", "password_file", "kick_key_file", "imap_key_file",
    "smart_host_log", "standby_certificate", "standby_key", "standby_ca",
})  # fmt: skip
"""The settings that name a file of this machine."""


def configured_files(p: Installation) -> Iterator[Finding]:
    """Whether what the settings name is there."""
    faults = unusable_files(p.settings, p.data)
    for text in faults:
        yield Finding(CHECK, "problem", text, "Correct civicmail.toml, or the file that it names: civicmail config check")
    if not faults:
        yield Finding(CHECK, "ok", "Every file that the settings name can be read.")


def unusable_files(settings: Settings, data: Path) -> list[str]:
    """A sentence for each thing that is not there or cannot be used, though the settings are well formed."""
    problems = [text for key, path in _files(settings, "") if (text := _unreadable(key, path))]
    for listener in settings.gateway.listener:
        if any(_unreadable("", path) for path in (listener.certificate, listener.key, listener.client_ca) if path):
            continue  # said already
        try:
            make_endpoint(listener, settings)
        except ConfigError as error:
            problems.append(str(error))
    numbers = settings.metrics
    if numbers.certificate and not any(_unreadable("", path) for path in (numbers.certificate, numbers.key) if path):
        try:
            Certificate(Listener(port=numbers.port, certificate=numbers.certificate, key=numbers.key))
        except ConfigError as error:
            problems.append(str(error))
    standby = settings.archive.standby
    if standby.startswith("/") and Path(standby).resolve().is_relative_to(data.resolve()):
        problems.append(
            f"archive.standby {standby} lies in the data folder, so both are lost together: name another disk or machine."
        )
    return problems


def _files(part: Any, at: str) -> Iterator[tuple[str, str]]:
    """(setting, path) of each file that is named."""
    for each in fields(part):
        value, key = getattr(part, each.name), f"{at}.{each.name}".lstrip(".")
        if is_dataclass(value):
            yield from _files(value, key)
        elif isinstance(value, list):
            for item in value:
                if is_dataclass(item):
                    yield from _files(item, key)
        elif each.name in FILES and value:
            yield key, value


def _unreadable(key: str, path: str) -> str:
    if not path.startswith("/"):
        return f"{key} {path} must be a whole path, one that begins with /."
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        return f"{key} {path} cannot be read: {error.strerror}."
    try:
        return f"{key} {path} is a folder, not a file." if Path(path).is_dir() else ""
    finally:
        os.close(fd)
