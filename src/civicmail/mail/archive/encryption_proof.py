"""One line on how a copy was encrypted in transit, for traces (docs/formats.md, "Proof of encryption"; P-19). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SHOWN = ("how", "server", "name", "version", "cipher", "certificate", "serial", "until", "key", "box")


def line(proof: Mapping[str, Any]) -> str:
    """Method and evidence, and why stronger methods were not used. No address of a reader."""
    if not proof:
        return ""
    facts = " ".join(f"{name}={str(proof[name])[:64]}" for name in _SHOWN if proof.get(name))
    not_by = "; ".join(f"no {method}: {why}" for method, why in sorted(proof.get("not_by", {}).items()))
    return f"{proof.get('method', '')} {facts}".strip() + (f" ({not_by})" if not_by else "")
