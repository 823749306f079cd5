"""The model card of an exported encoder, in Markdown."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from ogan_bench.files import Record, json_text
from ogan_bench.metrics import METRICS
from ogan_bench.sampling.autoencoder import chosen_projection
from ogan_bench.sampling.stored_pair import StoredPair

CARD = """---
library_name: ogan_bench
tags:
- gan
- o-gan
- autoencoder
- representation-learning
---

# {title}

Encoder E and generator G of one trial of ogan_bench: seed {seed} of the arm `{arm}` of the study
`{study}`, after {step:,} training steps. {outcome}

## Use

```python
import ogan_bench as ob

enc = ob.load_encoder("FOLDER")  # this folder
codes = enc(images)  # (n, {z_dim})
again = enc.decode(codes)
```

{images}

Codes are {codes}; `enc(images, projected=False)` gives E(x).
{programs}
## Data

{dataset}; hash of the images `{data_hash}`. Licence of the data: {licence}.

## Results

{results}

## Verdicts

{verdicts}

## Provenance

| | |
|---|---|
{provenance}

## Settings

```json
{settings}
```
"""

PROGRAMS = """
Without ogan_bench, as {names}: from `images` ({taken}, {shape}) to `codes` (float32, (n, {z_dim}))
and back{labels}. n is any number.
"""

PROJECTED = {
    "standardise": "N(E(x)), each standardised over its dimensions",
    "centre": "E(x) less its average over the dimensions",
    "sphere": "E(x), scaled to the length √d",
    "none": "E(x)",
}
PROVENANCE = ("ogan_bench", "git_commit", "git_dirty", "torch", "python", "device", "cpu")


def model_card(
    facts: Record,
    run: Record,
    result: Record,
    stored: StoredPair,
    outcome: tuple[str, str | None] | None,
    programs: Sequence[str] = (),
    verdicts: Record | None = None,
) -> str:
    """The card, with the results and the provenance as the trial has them.

    Args:
        facts: ``nets.json``.
        run: ``run.json``; empty if it is not known.
        result: ``result.json``; empty if it is not known.
        stored: The nets and their settings.
        outcome: How reports judge the trial, and why; ``None`` without a result.
        programs: Names of the files that are programs.
        verdicts: What the study has decided about the arm: ``standing``, ``verdicts`` and ``none``
            of :func:`~ogan_bench.analysis.arm_verdicts.arm_verdicts`; ``None`` if it is not known.
    """
    pair, evaluation, images = stored.autoencoder, stored.settings.evaluation, stored.images
    codes = PROJECTED[chosen_projection(pair.objective, evaluation)]
    if evaluation.temperature != 1:
        codes += f", times {evaluation.temperature:g}"
    c, h, w = images.shape
    data = stored.settings.data.parameters()
    sizes = "larger ones" if data.get("small") == "refuse" else "other sizes"
    provenance: Record = run["provenance"] if "provenance" in run else facts["tool"]
    return CARD.format(
        title=f"{facts['study']}: {facts['arm']}, seed {facts['seed']}",
        study=facts["study"],
        arm=facts["arm"],
        seed=facts["seed"],
        step=facts["step"],
        outcome=_outcome(outcome),
        z_dim=pair.z_dim,
        images="Points are floats, shape (n, 2), in the units of the training data."
        if images.are_points
        else f"Images are {h} x {w} pixels, {'grey' if c == 1 else 'RGB'}; {sizes} are resized."
        " Bytes in [0, 255], or floats in [0, 1].",
        codes=codes,
        programs=_programs(programs, stored) if programs else "",
        dataset=f"`{images.dataset}`",
        data_hash=facts["images"]["data_hash"],
        licence=images.licence or "unknown",
        results=_results(result.get("metrics", [])),
        verdicts=_verdicts(facts, verdicts),
        provenance="\n".join(
            f"| {name} | {provenance[name]} |" for name in PROVENANCE if name in provenance
        ),
        settings=json_text(facts["config"]),
    )


def _programs(names: Sequence[str], stored: StoredPair) -> str:
    shape = ", ".join(map(str, ("n", *stored.images.shape)))
    return PROGRAMS.format(
        names=", ".join(f"`{name}`" for name in names),
        taken="float32" if stored.images.are_points else "uint8",
        shape=f"({shape})",
        z_dim=stored.autoencoder.z_dim,
        labels=" with `labels` (int64, (n))" if stored.autoencoder.generator.conditional else "",
    )


def _outcome(judged: tuple[str, str | None] | None) -> str:
    if judged is None:
        return "Its result is not at hand."
    outcome, reason = judged
    return f"Outcome of the trial: {outcome}{f' ({reason})' if reason else ''}."


def _verdicts(facts: Record, known: Record | None) -> str:
    """The verdicts in words; where there are none, why."""
    if known is None:
        return "None are at hand: the nets were exported without the results of their study."
    study = f"the study `{facts['study']}`"
    if known["none"]:
        return f"None by {study}: {html.escape(known['none'], quote=False)}."
    lines = [
        f"What {study} says of this arm, over all its seeds, of which this trial is one. Standing: "
        f"{known['standing']}.",
        "",
    ]
    for verdict in known["verdicts"]:
        n = ", ".join(map(str, verdict["n"]))
        rests = f"; {verdict['rests_on']}" if verdict["rests_on"] else ""
        said = html.escape(f"{verdict['claim']} {verdict['reason']}", quote=False)
        lines.append(f"- **{verdict['decision']}**: {' '.join(said.split())}. n = {n}{rests}.")
    return "\n".join(lines)


def _results(rows: list[dict[str, Any]]) -> str:
    known = [row for row in rows if row["value"] is not None]
    if not known:
        return "None are at hand."
    lines = ["| metric | value | standard error | n | note |", "|---|---|---|---|---|"]
    for row in known:
        metric = METRICS.get(row["metric"])
        title, form = (row["metric"], ".4g") if metric is None else (metric.title, metric.format)
        error = "" if row.get("error") is None else f"{row['error']:.2g}"
        note = str(row.get("note") or "").replace("|", "/")
        lines.append(f"| {title} | {row['value']:{form}} | {error} | {row['n_samples']} | {note} |")
    return "\n".join(lines)
