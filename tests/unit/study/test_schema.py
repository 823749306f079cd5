"""The JSON schema of study files."""

from __future__ import annotations

import json

from ogan_bench.study.schema import json_schema


def test_schema_knows_every_part_and_its_parameters() -> None:
    schema = json.dumps(json_schema())
    for word in ("pearson", "mse_mean", "quadratic_potential", "alternating", "encoder_steps"):
        assert f'"{word}"' in schema


def test_a_diff_may_fit_several_parts() -> None:
    """``model: {width: 4}`` fits every architecture, so exactly one must not be asked for."""
    assert "oneOf" not in json.dumps(json_schema()["$defs"])


def test_only_arms_of_the_file_itself_have_a_title() -> None:
    schema = json_schema()
    for branch, kind in (("else", "Diff"), ("then", "OpenDiff")):
        arms = schema[branch]["properties"]["arms"]["additionalProperties"]["anyOf"]
        assert arms[0] == {"$ref": f"#/$defs/Arm{kind}"}
        assert set(schema["$defs"][f"Arm{kind}"]["properties"]) == {
            "title",
            *schema["$defs"][f"Settings{kind}"]["properties"],
        }
        scale = schema["$defs"][f"Scale{kind}"]["properties"]
        settings = {"$ref": f"#/$defs/Settings{kind}"}
        assert scale["arms"]["additionalProperties"]["anyOf"][0] == settings
