"""`civicmail agency`: agencies, their contracts, and suspension of all their people (P-09)."""

from __future__ import annotations

from civicmail.city.identity.acts import agencies
from civicmail.city.identity.lists.agencies import AGENCIES
from civicmail.front.cli import act_commands, list_commands
from civicmail.front.cli.groups import group

app = group("Companies and bodies outside of the city whose people work for it.")


list_commands.add(app, AGENCIES)
for act in agencies.ACTS:
    if act.command is not None:
        act_commands.add(app, act)
