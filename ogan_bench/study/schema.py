"""JSON schema of a study file, for completion and checks in editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ogan_bench.study.file_shape import StudyFile
from ogan_bench.study.parts import IMPLIED_OBJECTIVE
from ogan_bench.study.settings import Settings
from ogan_bench.study.yaml_errors import Tree


@dataclass(frozen=True)
class Place:
    """Where settings stand in a file, which decides how much of them has to be there.

    Args:
        diff: In an arm or a scale, which give what differs from the base: no key is required, not
            even the name of a part.
        open: In a file with ``plugins``, which may name parts of its own: a part with a name that
            is not shipped may have any parameters.
    """

    diff: bool
    open: bool

    def __str__(self) -> str:
        """What the names of its definitions end with."""
        return f"{'Open' if self.open else ''}{'Diff' if self.diff else ''}"


PLACES = tuple(Place(diff, open_) for diff in (False, True) for open_ in (False, True))


def json_schema() -> Tree:
    """JSON schema of a study file, for completion and checks in editors.

    A part is checked by its name, so that an editor's message is about that part and no other.
    """
    schema = StudyFile.model_json_schema()
    definitions = schema["$defs"]
    definitions["Margin"] = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    shapes = {name: definitions.pop(name) for name in ("Arm", "Scale")}
    settings = Settings.model_json_schema()
    shared = {"Settings": settings, **settings.pop("$defs")}
    choices = {_kind(choice, shared): choice for choice in _choices(shared)}
    for place in PLACES:
        for name, definition in shared.items():
            definitions[f"{name}{place}"] = _at(place, definition, shared)
        for kind, choice in choices.items():
            definitions[f"{kind}{place}"] = _part(place, _named(choice, shared), shared)
    for place in (place for place in PLACES if place.diff):
        definitions[f"Arm{place}"] = _arm(shapes["Arm"], settings, place)
        definitions[f"Scale{place}"] = _scale(shapes["Scale"], place)
    for name in ("base", "arms", "scales"):
        schema["properties"][name] = {"type": "object"}
    schema["properties"]["arms"]["minProperties"] = 1
    schema["if"] = {"properties": {"plugins": {"minItems": 1}}, "required": ["plugins"]}
    schema["then"], schema["else"] = _settings(open_=True), _settings(open_=False)
    return schema


def _settings(*, open_: bool) -> Tree:
    """Where a file has settings: in full in its base, as diffs in its arms and scales."""
    base, diff = Place(diff=False, open=open_), Place(diff=True, open=open_)
    scales = {"type": "object", "additionalProperties": _defined("Scale", diff)}
    arms = _each(_defined("Arm", diff))
    return {"properties": {"base": _defined("Settings", base), "arms": arms, "scales": scales}}


def _arm(shape: Tree, settings: Tree, place: Place) -> Tree:
    """An arm of the file: a diff, and a title beside it."""
    diff = _defined("Settings", place)["$ref"]
    shared = {name: {"$ref": f"{diff}/properties/{name}"} for name in settings["properties"]}
    return {
        **shape,
        "additionalProperties": False,
        "properties": {**shape["properties"], **shared},
    }


def _scale(shape: Tree, place: Place) -> Tree:
    of_scale, diff = shape["properties"], _defined("Settings", place)
    return {
        **shape,
        "properties": {**of_scale, "base": diff, "arms": {**of_scale["arms"], **_each(diff)}},
    }


def _each(entry: Tree) -> Tree:
    """A mapping of arms, whose entries may be null."""
    return {"type": "object", "additionalProperties": {"anyOf": [entry, {"type": "null"}]}}


def _defined(name: str, place: Place) -> Tree:
    return {"$ref": f"#/$defs/{name}{place}"}


def _at(place: Place, schema: Any, definitions: Tree) -> Any:
    """A schema of settings as it is at a place.

    Args:
        place: Where.
        schema: The schema, or a part of it, whose references are to ``definitions``.
        definitions: Those of settings in full.
    """
    if isinstance(schema, list):
        return [_at(place, item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": f"{schema['$ref']}{place}"}
    if _is_choice(schema):
        return _choice(place, schema, definitions)
    dropped = ("required", "default") if place.diff else ()
    return {
        key: _at(place, value, definitions) for key, value in schema.items() if key not in dropped
    }


def _choice(place: Place, schema: Tree, definitions: Tree) -> Tree:
    """A choice among the parts of a kind: a mapping with a name and parameters, or a short form.

    Editors look for what they offer under ``anyOf``, and not under ``if``.
    """
    told: Tree = {key: schema[key] for key in ("title", "description") if key in schema}
    short = [branch for branch in schema["anyOf"] if "discriminator" not in branch]
    if place.open:
        short.append({"type": "string"})
    part = _defined(_kind(schema, definitions), place)
    mapping = {"type": "object"}
    return {**told, "anyOf": [*short, mapping], "if": mapping, "then": part}


def _choices(schema: Any) -> Iterator[Tree]:
    """Every choice among parts in a schema."""
    if isinstance(schema, dict):
        if _is_choice(schema):
            yield schema
        else:
            for item in schema.values():
                yield from _choices(item)


def _is_choice(schema: Tree) -> bool:
    return any("discriminator" in branch for branch in schema.get("anyOf", ()))


def _named(choice: Tree, definitions: Tree) -> dict[str, str]:
    """Names of the parts in a choice, and of their definitions."""
    (tagged,) = (branch for branch in choice["anyOf"] if "discriminator" in branch)
    names = [entry["$ref"].rpartition("/")[2] for entry in tagged["oneOf"]]
    return {definitions[name]["properties"]["name"]["const"]: name for name in names}


def _kind(choice: Tree, definitions: Tree) -> str:
    """The kind of the parts in a choice, after which its own definition is called."""
    first = next(iter(_named(choice, definitions).values()))
    return str(definitions[first]["title"]).partition(".")[0]


def _part(place: Place, parts: Mapping[str, str], definitions: Tree) -> Tree:
    """What a mapping has to be that stands for one of some parts."""
    checks: list[Tree] = [
        {
            "if": {"properties": {"name": {"const": name}}, "required": ["name"]},
            "then": _defined(definition, place),
        }
        for name, definition in parts.items()
    ]
    if not place.open:
        checks.append({"properties": {"name": {"enum": list(parts)}}})
    return {"allOf": [*checks, _without_name(place, parts, definitions)]}


def _without_name(place: Place, parts: Mapping[str, str], definitions: Tree) -> Tree:
    """What a mapping has to be that names no part.

    A diff fits any of the parts. Beside plug-ins it may be one of theirs; that would let every
    mistake through where a part holds others, so there it has to fit one that is shipped.
    """
    unnamed: Tree = {"not": {"required": ["name"]}}
    if not place.diff:
        if IMPLIED_OBJECTIVE in parts:
            return {"if": unnamed, "then": _defined(parts[IMPLIED_OBJECTIVE], place)}
        return {"required": ["name"]}
    holding = any(any(_choices(definitions[name])) for name in parts.values())
    if place.open and not holding:
        return {}
    return {"if": unnamed, "then": {"anyOf": [_defined(name, place) for name in parts.values()]}}
