"""Commands of acts (city/pages/act.py): options are made from the input, and the form of the page checks them."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer

from civicmail.city.guard.errors import Unusable
from civicmail.city.pages import inputs
from civicmail.city.pages.act import Act, Command, Parameter
from civicmail.city.pages.inputs import Field
from civicmail.front.cli import actors, options, output, verbs
from civicmail.front.cli.groups import set_parameters

_PERSON = inputs.PersonName | inputs.OptionalPerson


def add(app: typer.Typer, act: Act[Any, Any, Any]) -> None:
    """Adds the command of an act to the commands of its group."""
    definition = act.command
    assert definition is not None, act.name
    verbs.VERBS[definition.verb] = verbs.Line(act=act.permission)

    def command(sign_in: options.OptionalSignIn, json: bool = False, **given: Any) -> None:
        opened = actors.signed_in if definition.personal else actors.office
        desk = opened(definition.verb, sign_in, tables=definition.tables)
        from civicmail.city.pages.act_pages import carry_out, form_of

        row = act.find(**{name: given[name] for name in definition.row}, actor=desk.actor, now=desk.now) if act.has_row else None
        typed = {name: given[name] for name in act.input.fields if given.get(name) is not None}
        values = {name: _text(act.input.fields[name], value) for name, value in act.from_command(typed).items()}
        seen = {name: act.state(row) for name, field in act.input.fields.items() if isinstance(field, inputs.Seen)}
        form = form_of(act, row, desk.actor, {**act.implied(row, values, desk.now), **values, **seen})
        done = carry_out(act, row, _checked(form, definition), desk.actor, desk.now)
        if json:
            output.emit(act.as_json(done))
            return
        if note := act.note(row, done):
            output.words(note)
        output.show(act.line(row, done))

    parameters = [*(row_parameter(name, p) for name, p in definition.row.items()), *_given(act, definition)]
    set_parameters(command, [*parameters, *common_parameters(personal=definition.personal, json=definition.json)])
    app.command(definition.verb.split()[-1], help=act.summary)(command)


def _text(field: Field[Any], value: Any) -> Any:
    """A value as the form takes it. People are known by their sign-in names here, too. Raises UsageError for what is
    no day, Unusable for nobody."""
    if isinstance(field, _PERSON) and value:
        return _person(value)
    if isinstance(field, inputs.People):
        return "\n".join(map(_person, value))
    if isinstance(field, inputs.Day | inputs.OptionalDay) and value:
        return options.day(value)
    return "\n".join(value) if isinstance(field, inputs.Lines) else value


def _person(text: str) -> str:
    """Somebody's number; an address as it is. Raises Unusable for nobody."""
    from civicmail.city.identity.queries.signin import find_person

    return text if find_person(text) is None and "@" in text else actors.named(text).uid


def _checked(form: Any, definition: Command) -> Any:
    if not form.is_valid():
        fields = {name: " ".join(str(error) for error in errors) for name, errors in form.errors.items()}
        raise Unusable("; ".join(f"{_shown_name(name, definition)}: {words}" for name, words in fields.items()), fields)
    return form


def _given(act: Act[Any, Any, Any], definition: Command) -> list[inspect.Parameter]:
    taken = {name: field for name, field in act.input.fields.items() if not isinstance(field, inputs.Seen)}
    first = [_argument(name, taken[name]) for name in definition.positions]
    return first + [_option(name, field, definition) for name, field in taken.items() if name not in definition.positions]


def _argument(name: str, field: Field[Any]) -> inspect.Parameter:
    return _keyword(name, Annotated[str, typer.Argument(metavar=name.upper(), help=_help(field))])


def _flag(name: str, definition: Command) -> str:
    return definition.options.get(name, f"--{name.replace('_', '-')}")


def _shown_name(name: str, definition: Command) -> str:
    return name.upper() if name in definition.positions else _flag(name, definition)


def _option(name: str, field: Field[Any], definition: Command) -> inspect.Parameter:
    flag = _flag(name, definition)
    match field:
        case inputs.Flag():
            return _keyword(name, Annotated[bool, typer.Option(flag, help=_help(field))], False)
        case inputs.Several() | inputs.Lines() | inputs.People():
            return _keyword(name, Annotated[list[str], typer.Option(flag, metavar=_metavar(field), help=_help(field))], [])
        case inputs.Number() | inputs.OptionalNumber():
            kind: Any = int
        case _:
            kind = str
    option = typer.Option(flag, metavar=definition.metavars.get(name) or _metavar(field), help=_help(field))
    if name in definition.defaults:
        return _keyword(name, Annotated[kind, option], definition.defaults[name])
    if field.default not in (None, ""):
        return _keyword(name, Annotated[kind, option], field.default)
    if field.required and not field.implied:
        return _keyword(name, Annotated[kind, option])
    return _keyword(name, Annotated[kind | None, option], None)


def common_parameters(*, personal: bool, json: bool) -> list[inspect.Parameter]:
    """Those of each command of people's side. personal: `--as` is required; json: it has `--json`."""
    sign_in = _keyword("sign_in", options.SignIn if personal else options.OptionalSignIn)
    return [sign_in, *([_keyword("json", options.Json, False)] if json else [])]


def row_parameter(name: str, parameter: Parameter) -> inspect.Parameter:
    """An argument or option that names a row."""
    if parameter.option:
        option = typer.Option(parameter.option, metavar=parameter.metavar, help=parameter.help)
        return _keyword(name, Annotated[str, option], *(() if parameter.default is None else (parameter.default,)))
    return _keyword(name, Annotated[str, typer.Argument(metavar=parameter.metavar, help=parameter.help)])


def _keyword(name: str, annotation: Any, *default: Any) -> inspect.Parameter:
    given = {"default": default[0]} if default else {}
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, **given)


def _metavar(field: Field[Any]) -> str:
    match field:
        case inputs.Day() | inputs.OptionalDay():
            return "DAY"
        case inputs.PersonName() | inputs.OptionalPerson():
            return "PERSON"
        case inputs.Number() | inputs.OptionalNumber():
            return "N"
        case _:
            return "TEXT"


def _help(field: Field[Any]) -> str:
    words = [field.description]
    if choices := [str(value) for value, _ in getattr(field, "choices", ()) if value]:
        words.append(f"One of {', '.join(choices)}.")
    if isinstance(field, _PERSON):
        words.append("A sign-in name will do.")
    return " ".join(words)
