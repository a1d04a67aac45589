"""Whose key a key is: user ids that are in force name their addresses (RFC 9580 5.11)."""

from __future__ import annotations

import pytest

from civicmail.mail.courier.openpgp import named

LISTING = """\
pub:u:255:22:5DFB2BB28F5BEC22:1764355200:::u:::scESC:::::ed25519:::0:
uid:u::::1764355200::A1::Pat Heron <Pat@Agency.example>::::::::::0:
uid:r::::1764355200::A2::Pat <old@agency.example>::::::::::0:
uid:e::::1764355200::A3::Pat <expired@agency.example>::::::::::0:
uid:-::::1764355200::A4::plain@agency.example::::::::::0:
sub:u:255:18:200E17602F59C20E:1764355200::::::e:::::cv25519::
"""


@pytest.mark.rule("P-19", "An OpenPGP key belongs to the addresses of its user ids that are in force.")
def test_only_user_ids_in_force_name_the_owner_of_a_key() -> None:
    assert named(LISTING) == ("pat@agency.example", "plain@agency.example")
    assert named("") == ()
