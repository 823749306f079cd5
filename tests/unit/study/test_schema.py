"""The JSON schema of study files."""

from __future__ import annotations

import json

from ogan_bench.study.schema import json_schema


def test_schema_knows_every_part_and_its_parameters() -> None:
    schema = json.dumps(json_schema())
    for word in ("pearson", "mse_mean", "quadratic_potential", "alternating", "encoder_steps"):
        assert f'"{word}"' in schema
