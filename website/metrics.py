"""A page for each question of the metrics, from the definitions that `describe` shows."""

from __future__ import annotations

import re
from pathlib import Path

from ogan_bench.metrics import METRICS, Metric, caution_for, formula_for, primary_for
from ogan_bench.metrics.conditional import CONDITIONAL
from ogan_bench.metrics.coverage import COVERAGE
from ogan_bench.metrics.factors import FACTORS
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.metrics.fidelity import FIDELITY
from ogan_bench.metrics.formulas import NOTATION, quantity_for
from ogan_bench.metrics.interpolation import INTERPOLATION
from ogan_bench.metrics.inversion import INVERSION
from ogan_bench.metrics.latent import LATENT
from ogan_bench.metrics.mechanism import MECHANISM
from ogan_bench.metrics.reconstruction import RECONSTRUCTION
from ogan_bench.metrics.separability import SEPARABILITY
from ogan_bench.metrics.training_cost import TRAINING
from website.markdown import code, heading, markdown, table
from website.vectors import MODULE, Vector, reasons, vectors
from website.verified import Verified, verified

QUESTIONS = {
    "reconstruction": ("Reconstruction", RECONSTRUCTION),
    "latent": ("Codes and the latent round trip", LATENT),
    "interpolation": ("Interpolation", INTERPOLATION),
    "inversion": ("Inversion", INVERSION),
    "separability": ("Separability of the codes", SEPARABILITY),
    "factors": ("Ground-truth factors", FACTORS),
    "fidelity": ("Fidelity and diversity", FIDELITY),
    "coverage": ("Coverage of modes", COVERAGE),
    "conditional": ("Conditioning on classes", CONDITIONAL),
    "mechanism": ("Mechanism", MECHANISM),
    "training_cost": ("Cost of training", TRAINING),
}
"""Name of the page, and of the file that defines the metrics: title and metrics."""

BETTER = {
    "lower": "lower is better",
    "higher": "higher is better",
    None: "neither direction is better: a baseline or a diagnostic",
}


def metric_pages(root: Path) -> dict[str, str]:
    """Paths on the site and texts."""
    found = verified((root / "docs" / "verification.md").read_text(encoding="utf-8"))
    return {
        f"metrics/{name}.md": heading(1, title)
        + "Definitions and formulas as `ogan-bench describe metric NAME` shows them.\n\n"
        + f"In the formulas: {markdown(NOTATION)}\n\n"
        + "A test vector is a small input, its value as the tool computes it, and the same value "
        "by hand, in Python's arithmetic.\n\n"
        + "".join(_entry(names, found) for names in entries(metrics))
        for name, (title, metrics) in QUESTIONS.items()
    }


def entries(metrics: dict[str, Metric]) -> list[list[str]]:
    """Names of metrics, those together that differ in their feature space alone."""
    together: dict[object, list[str]] = {}
    for name in metrics:
        metric = METRICS[name]
        together.setdefault((_generic(metric), metric.better, metric.source), []).append(name)
    return list(together.values())


def _generic(metric: Metric) -> str:
    """The definition in any feature space, without the remark that only some spaces have."""
    text = metric.definition
    if metric.extractor:
        text = text.replace(SPACES[metric.extractor].description, "a feature space")
        text = re.sub(r" Not an? [^.]+\.$", "", text)
    return text


def _title(metric: Metric) -> str:
    """The title without the feature space."""
    space = f" ({SPACES[metric.extractor].title})" if metric.extractor else ""
    return metric.title.replace(space, "", 1) if space else metric.title


def _entry(names: list[str], found: dict[str, Verified]) -> str:
    metric = METRICS[names[0]]
    one = len(names) == 1
    title = _title(metric)
    page = heading(2, markdown(title)) + markdown(metric.definition if one else _generic(metric))
    if (formula := formula_for(names[0])) is not None:
        page += f"\n\n{code(formula)}"
    page += f"\n\n* {BETTER[metric.better]}\n"
    if one and metric.extractor is None:
        page += f"* name: {code(names[0])}, {_when(metric)}, protocol {metric.protocol}\n"
    for name in names:
        if question := primary_for(name):
            page += f"* {code(name)} is primary for: {question}\n"
    page += f"* source: {markdown(metric.source)}\n"
    if caution := next(filter(None, map(caution_for, names)), None):
        page += f"* caution: {markdown(caution)}\n"
    page += _missed(found.get(title)) + _vector(quantity_for(names[0]))
    if one and metric.extractor is None:
        return page + "\n"
    rows = [
        (
            code(name),
            SPACES[space].title if (space := METRICS[name].extractor) else "none",
            _when(METRICS[name]),
            METRICS[name].protocol,
        )
        for name in names
    ]
    return page + "\n" + table(("metric", "feature space", "measured", "protocol"), rows)


def _vector(quantity: str | None) -> str:
    """The test vector of a quantity, or why it has none."""
    if quantity in reasons():
        return f"* no test vector: {markdown(reasons()[quantity])}\n"
    return "".join(_worked(vector) for vector in vectors() if quantity in vector.metrics)


def _worked(vector: Vector) -> str:
    value = f"{vector.computed():.6g}"
    return (
        f"* test vector, in the names of {code(MODULE.format(vector.module))}: "
        f"{markdown(vector.why)}\n\n"
        f"  ```python\n  {vector.code}  # {value}\n  {vector.by_hand}  # by hand\n  ```\n"
    )


def _when(metric: Metric) -> str:
    """When a metric is measured."""
    return f"in the group {code(metric.group)}" if metric.group else "always measured"


def _missed(found: Verified | None) -> str:
    """What the quantity missed where the truth is known, if it was put to the test."""
    if found is None:
        return ""
    passed = found.defects - len(found.missed)
    page = f"* verification: it passes {passed} of {found.defects} [checks](../verification.md) "
    page += "with known defects" + (", and fails\n" if found.missed else "\n")
    return page + "".join(f"  * {markdown(missed)}\n" for missed in found.missed)
