"""States of a sender verification: whether the person at a known address sent a message. Pure."""

from __future__ import annotations

from civicmail.city.pages.states import labels

WORDS = labels(asked="pending", yes="legitimate", no="forged", lapsed="unanswered")
