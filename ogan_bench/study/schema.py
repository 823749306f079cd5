"""JSON schema of a study file, for completion and checks in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ogan_bench.study.file_shape import StudyFile
from ogan_bench.study.settings import Settings
from ogan_bench.study.yaml_errors import Tree


def json_schema() -> Tree:
    """JSON schema of a study file, for completion and checks in editors.

    A file with ``plugins`` may name parts of its own: there a part with a name that is not shipped
    may have any parameters.
    """
    schema = StudyFile.model_json_schema()
    definitions = schema["$defs"]
    settings = Settings.model_json_schema()
    definitions.update(settings.pop("$defs"))
    definitions["Margin"] = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    definitions["Settings"] = settings
    definitions["Diff"] = _optional(settings, definitions)
    definitions["OpenDiff"] = _opened(definitions["Diff"], "#/$defs/Diff")
    definitions["OpenSettings"] = {
        "allOf": [{"$ref": "#/$defs/OpenDiff"}, {"required": settings["required"]}]
    }
    shapes = {name: definitions.pop(name) for name in ("Arm", "Scale")}
    for kind in ("", "Open"):
        diff = {"$ref": f"#/$defs/{kind}Diff"}
        definitions[f"{kind}Arm"] = _arm(shapes["Arm"], settings, diff)
        definitions[f"{kind}Scale"] = _scale(shapes["Scale"], diff)
    for name in ("base", "arms", "scales"):
        schema["properties"][name] = {"type": "object"}
    schema["properties"]["arms"]["minProperties"] = 1
    schema["if"] = {"properties": {"plugins": {"minItems": 1}}, "required": ["plugins"]}
    schema["then"], schema["else"] = _places("Open"), _places("")
    return schema


def _places(kind: str) -> Tree:
    """Where a file has settings: in full in its base, as diffs in its arms and scales."""
    return {
        "properties": {
            "base": {"$ref": f"#/$defs/{kind}Settings"},
            "arms": _each({"$ref": f"#/$defs/{kind}Arm"}),
            "scales": {
                "type": "object",
                "additionalProperties": {"$ref": f"#/$defs/{kind}Scale"},
            },
        }
    }


def _arm(shape: Tree, settings: Tree, diff: Tree) -> Tree:
    """An arm of the file: a diff, and a title beside it."""
    shared = {
        name: {"$ref": f"{diff['$ref']}/properties/{name}"} for name in settings["properties"]
    }
    return {
        **shape,
        "additionalProperties": False,
        "properties": {**shape["properties"], **shared},
    }


def _scale(shape: Tree, diff: Tree) -> Tree:
    of_scale = shape["properties"]
    return {
        **shape,
        "properties": {**of_scale, "base": diff, "arms": {**of_scale["arms"], **_each(diff)}},
    }


def _each(entry: Tree) -> Tree:
    """A mapping of arms, whose entries may be null."""
    return {"type": "object", "additionalProperties": {"anyOf": [entry, {"type": "null"}]}}


def _optional(schema: Any, definitions: Tree) -> Any:
    """The same schema with every reference inlined and no key required.

    Not even the name of a part is, so a diff may fit several parts and has to fit at least one.
    """
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return _optional(definitions[str(schema["$ref"]).rsplit("/", 1)[-1]], definitions)
        dropped = ("required", "discriminator", "default")
        return {
            "anyOf" if key == "oneOf" else key: _optional(value, definitions)
            for key, value in schema.items()
            if key not in dropped
        }
    if isinstance(schema, list):
        return [_optional(item, definitions) for item in schema]
    return schema


def _opened(schema: Any, place: str) -> Tree:
    """The same schema, in which a part may have a name that is not shipped.

    What holds no choice among parts is a reference to where it already is.

    Args:
        schema: A schema without references, as of :func:`_optional`.
        place: Its JSON pointer.
    """
    if not _holds_choice(schema):
        return {"$ref": place}
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {
            name: _opened(entry, f"{place}/properties/{name}")
            for name, entry in schema["properties"].items()
        }
    if "anyOf" in schema:
        branches = [_opened(each, f"{place}/anyOf/{i}") for i, each in enumerate(schema["anyOf"])]
        found["anyOf"] = branches + (_further(schema) if _is_choice(schema) else [])
    return found


def _further(schema: Tree) -> list[Tree]:
    """What fits a part that is not shipped: its name, or its name and parameters.

    A diff may leave the name out, which would let every mistake through where a part holds others;
    there, a name is asked for.
    """
    parts = _parts(schema)
    names = {
        "type": "string",
        "not": {"enum": [part["properties"]["name"]["const"] for part in parts]},
    }
    entry: Tree = {"type": "object", "properties": {"name": names}}
    return [names, {**entry, "required": ["name"]} if any(map(_holds_choice, parts)) else entry]


def _is_choice(schema: Tree) -> bool:
    """Whether a schema is the choice among all parts of a kind, short forms included."""
    return any("anyOf" in branch for branch in schema.get("anyOf", ())) and bool(_parts(schema))


def _parts(schema: Tree) -> list[Tree]:
    """The parts in a choice."""
    entries = [entry for branch in schema["anyOf"] for entry in branch.get("anyOf", ())]
    return [entry for entry in entries if "const" in entry.get("properties", {}).get("name", {})]


def _holds_choice(schema: Tree) -> bool:
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    return _is_choice(schema) or any(map(_holds_choice, inner))
