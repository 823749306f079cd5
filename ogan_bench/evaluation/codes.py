"""What codes are worth: z through G and E and back, and real codes beside z."""

from __future__ import annotations

from ogan_bench.evaluation.latent_coverage import latent_coverage_rows
from ogan_bench.evaluation.round_trip import round_trip_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.sampling.context import Subject


def code_rows(subject: Subject) -> list[Row]:
    """All metrics of the group ``codes``."""
    return round_trip_rows(subject) + latent_coverage_rows(subject)
