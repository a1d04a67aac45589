"""Check the webhooks that report the end of a person's access to external systems (P-08)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.notices.webhook import Hook
from civicmail.core.config.errors import ConfigError
from civicmail.front.checkup.findings import Finding, Installation


def external_systems(p: Installation) -> Iterator[Finding]:
    """Check each address of the settings; sends nothing."""
    names = [hook.name for hook in p.settings.outside.hook]
    for hook in p.settings.outside.hook:
        check = f"other door {hook.name}"
        try:
            Hook.of(hook.url, hook.secret_file)
        except ConfigError as error:
            yield Finding(check, "problem", str(error), "Until then nobody is told, and ends of access there become late.")
            continue
        if names.count(hook.name) > 1:
            yield Finding(check, "problem", "Two addresses have this name.", "Give each [[outside.hook]] a name of its own.")
            continue
        yield Finding(check, "ok", "It can be told when access ends.")
