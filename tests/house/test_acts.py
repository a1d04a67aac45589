"""An act that is defined once (city/access/act.py) has the doors of its definition, and no other."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import resolve, reverse

from civicmail.city.access.act import Act
from civicmail.city.access.permissions import PERMISSIONS
from civicmail.front.cli import verbs
from civicmail.front.web.api.document import OPERATIONS
from house.sources import PACKAGE, tree


def defined() -> Iterator[Act[Any, Any, Any]]:
    for path in sorted(PACKAGE.glob("*/*/acts/*.py")):
        module = importlib.import_module(".".join(("civicmail", *path.relative_to(PACKAGE).with_suffix("").parts)))
        yield from {id(act): act for act in vars(module).values() if isinstance(act, Act)}.values()


ACTS = list(defined())


def test_each_act_has_a_name_of_its_own_and_a_permission_of_the_table() -> None:
    names = [act.name for act in ACTS]
    assert len(names) == len(set(names)) and len(names) > 10
    assert [act.name for act in ACTS if act.permission not in PERMISSIONS] == []


@pytest.mark.rule("house", "Page, operation and command of an act are made from its definition.")
def test_the_doors_of_an_act_are_those_of_its_definition() -> None:
    for act in ACTS:
        if act.operation is not None:
            made = OPERATIONS[act.name]
            assert (made.method, made.path, made.act) == (act.operation.method, act.operation.path, act.permission), act.name
        if act.page is not None:
            keys = {name: kind for kind, name in _converters(act.page.route)}
            url = reverse(act.page.name, kwargs={name: "1" if kind != "uuid" else "0" * 32 for name, kind in keys.items()})
            view: Any = resolve(url).func
            assert getattr(view, "act", act.permission) == act.permission, act.name
        if act.command is not None:
            group = act.command.verb.split()[0]
            importlib.import_module(f"civicmail.front.cli.{group}")
            assert verbs.VERBS[act.command.verb].act == act.permission, act.name


@pytest.mark.rule("house", "Modules of acts, inputs and the kit of acts import no Django, so that commands stay fast.")
def test_modules_of_acts_import_no_django() -> None:
    for path in [*PACKAGE.glob("*/*/acts/*.py"), PACKAGE / "city/access/act.py", PACKAGE / "city/access/inputs.py"]:
        for node in tree(path).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] in ("django", "ninja", "pydantic") for name in names), path


BY_HAND: dict[str, str] = {}
"""Acts that do not fit the definition, by the name of their operation, and why."""

NOT_YET = set(
    """
    add_address add_draft_file add_evidence add_outside_door add_person add_to_list agree_to_be_asked allow_personal_use
    amend_mandate answer_approval answer_bar_end answer_held_back answer_incident answer_invitation answer_leaver
    answer_my_violation answer_policy apply_feed ask_access ask_bar_end ask_department ask_department_no_more ask_grant
    ask_mandate ask_next_head ask_pull ask_reported authorise_position begin_round call_off_campaign call_off_ending
    change_draft change_outside_door change_person change_reviewed_access close_list close_mailbox close_mandate
    close_outside_door confirm_outside_ending count_account count_emergency decide_change decide_closure decide_emergency
    decide_mandate decide_request decide_rule decide_violation discard_draft draft_rule edit_rule end_access end_address
    end_away end_outside_account end_personal_use end_reviewed_access end_right end_standing extend_access find_violation
    forecast_mail give_outside give_undertaking go_on_export hand_on_row hasten_mail hear_appeal invite_files keep_access
    keep_mail keep_rest let_stand_in lock_contained make_emergency make_label make_list make_mailbox mark_essential
    mark_viewing move_person name_violation note_training order_export place_hold propose_rule publish_policy put_up_files
    ratify_mandate read_personnel_list record_appeal record_look record_paper record_response record_undertaking
    record_violation rehire_person reject_feed release_contained release_locked release_mail release_together remind_campaign
    remove_draft_file remove_label rename_label renew_mailbox replay_rule report_danger report_mail report_violation
    resume_access retry_row reverse_record revoke_picked_up seal_mandate second_pull second_violation send_draft send_mail
    set_away set_overlap sign_statement start_campaign start_campaign_early stop_emergency stop_export stop_mandate stop_replay
    suspend_access take_answer_back take_mail take_out_of_list take_rule_out tell_accident test_rule try_queue undo_mail
    undo_pull unmark_essential unseal_mandate verify_sender withdraw_approval withdraw_mandate withdraw_release
    withdraw_request withdraw_rule write_draft write_profile write_signature
    """.split()
)
"""Acts that have not been defined once so far. This set only shrinks."""


@pytest.mark.rule("house", "Each writing operation is made from the definition of its act, or listed with the reason.")
def test_each_writing_operation_is_defined_once_or_listed() -> None:
    by_definition = {act.name for act in ACTS if act.operation is not None}
    writing = {name for name, operation in OPERATIONS.items() if operation.method != "GET"}
    assert (writing - by_definition) == (set(BY_HAND) | NOT_YET)
    assert not set(BY_HAND) & NOT_YET


def _converters(route: str) -> list[tuple[str, str]]:
    parts = [part.rstrip(">") for part in route.split("<")[1:]]
    return [tuple(part.partition(">")[0].split(":")) for part in parts]  # type: ignore[misc]
