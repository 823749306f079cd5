"""JSON schema of a study file, for completion and checks in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ogan_bench.study.file_shape import StudyFile
from ogan_bench.study.settings import Settings
from ogan_bench.study.yaml_errors import Tree


def json_schema() -> Tree:
    """JSON schema of a study file, for completion and checks in editors."""
    schema = StudyFile.model_json_schema()
    definitions = schema["$defs"]
    settings = Settings.model_json_schema()
    definitions.update(settings.pop("$defs"))
    definitions["Margin"] = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    definitions["Settings"] = settings
    definitions["Diff"] = _optional(settings, definitions)
    diff = {"$ref": "#/$defs/Diff"}
    shared = {name: {"$ref": f"#/$defs/Diff/properties/{name}"} for name in settings["properties"]}
    definitions["Arm"] = {
        **definitions["Diff"],
        "title": "Arm",
        "description": definitions["Arm"]["description"],
        "properties": {**definitions["Arm"]["properties"], **shared},
    }
    schema["properties"]["base"] = {"$ref": "#/$defs/Settings"}
    schema["properties"]["arms"] = {**_each({"$ref": "#/$defs/Arm"}), "minProperties": 1}
    of_scale = definitions["Scale"]["properties"]
    of_scale["base"] = diff
    of_scale["arms"] |= _each(diff)
    return schema


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
