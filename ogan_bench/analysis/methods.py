"""What a paper says about how a study was made: method, settings, compute and limits, from data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogan_bench.analysis.ablation import SECTIONS, compact
from ogan_bench.analysis.bibliography import references
from ogan_bench.analysis.formatting import join_words, pluralise
from ogan_bench.analysis.objective_formula import Formula, formula
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.tuning import tuning_in_words
from ogan_bench.files import Record
from ogan_bench.store.outcomes import FAILURES
from ogan_bench.study.procedure import PROCEDURE

TESTS = (
    "Each hypothesis, stated in the study, is decided by a test over training seeds, and over "
    "classifiers where its metric was measured in several, paired where arms share seeds, with "
    "Holm's adjustment over all hypotheses of the study; docs/verdicts.md of "
    f"ogan_bench describes the procedure, version {PROCEDURE}."
)


SAID = ("Question", "Cost")
"""Labels in the header of a study file that a report says itself, of what was run."""


@dataclass(frozen=True)
class Methods:
    """How a study was made, in words.

    Args:
        header: What the comments of the study file say, by label, of what a report does not say
            itself; empty where they are not stored.
        setup: Name to value of the control's data, nets and training.
        formula: The control's objective.
        sentences: Data, nets, objective, training, seeds, evaluation and tests, for a paper.
        further: Those of the sentences that are neither in the setup nor in the formula.
        compute: Device and device-hours of all trials.
        limitations: What the numbers cannot show, one sentence each.
        settings: One row per arm: ``arm`` and ``sections``, section to all of its settings as text;
            of arms other than the control only the sections that differ from the control's.
        bibliography: BibTeX entries of metrics and parts.
    """

    header: dict[str, str]
    setup: dict[str, str]
    formula: Formula
    sentences: list[str]
    further: list[str]
    compute: str
    limitations: list[str]
    settings: list[Record]
    bibliography: list[str]


def methods(results: StudyResults) -> Methods:
    """The methods of a stored study."""
    control = results.record["arms"][results.control]
    stated = results.record.get("header", {})
    setup, further = _setup(results), _further(results)
    return Methods(
        header={label: text for label, text in stated.items() if label not in SAID},
        setup=setup,
        formula=formula(
            control.get("objective") or {},
            [arm.get("objective") or {} for arm in results.record["arms"].values()],
        ),
        sentences=[*_sentences(results), *further],
        further=further,
        compute=_compute(results),
        limitations=_limitations(results),
        settings=_settings(results),
        bibliography=references(results),
    )


def _sentences(results: StudyResults) -> list[str]:
    control = results.record["arms"][results.control]
    title = results.arm_title(results.control)
    training = control.get("training", {})
    found = [
        _about("The data are", _data(results)),
        _about(f"The nets of {title} are", [control.get("model")], _parameters(results)),
        _about("Its objective is", [control.get("objective")]),
    ]
    if training:
        optimizer = training.get("optimizer")
        parts = [
            f"{training['steps']:,} steps" if "steps" in training else "",
            f"batches of {training['batch_size']}" if "batch_size" in training else "",
            f"the optimiser {compact(optimizer)}" if optimizer else "",
        ]
        found.append(f"It is trained with {join_words([part for part in parts if part])}.")
    found.append("The other arms differ from it in what the ablation states.")
    return [sentence for sentence in found if sentence]


def _further(results: StudyResults) -> list[str]:
    """Test images, tuning, seeds, evaluation and tests."""
    control = results.record["arms"][results.control]
    seeds = results.record["seeds"]
    found = [_test_images(results), *tuning_in_words(results)]
    found.append(
        f"Every arm is trained with {pluralise(len(seeds), 'seed')} "
        f"({', '.join(map(str, seeds))}); trials of a seed share initial weights, the order of the "
        "images and z."
    )
    found.append(_evaluation(results, control.get("evaluation", {})))
    if results.record["hypotheses"]:
        found.append(TESTS)
    return [sentence for sentence in found if sentence]


def _data(results: StudyResults) -> list[Any]:
    return [arm.get("data") for arm in results.record["arms"].values()]


def _setup(results: StudyResults) -> dict[str, str]:
    """What the control is trained on, with what, and for how long; only what is stored."""
    control = results.record["arms"][results.control]
    training = control.get("training", {})
    count = _parameters(results).removeprefix(", with ")
    nets = [compact(control["model"])] if control.get("model") else []
    rows = {
        "data": join_words(list(dict.fromkeys(compact(data) for data in _data(results) if data))),
        "nets": "; ".join([*nets, count] if count else nets),
        "steps": f"{training['steps']:,}" if "steps" in training else "",
        "batch": str(training.get("batch_size", "")),
        "optimiser": compact(training["optimizer"]) if training.get("optimizer") else "",
    }
    if training.get("generator_optimizer"):
        rows["optimiser of G"] = compact(training["generator_optimizer"])
    return {name: text for name, text in rows.items() if text}


def _about(what: str, values: Iterable[Any], remark: str = "") -> str:
    texts = list(dict.fromkeys(compact(value) for value in values if value))
    return f"{what} {join_words(texts)}{remark}." if texts else ""


def _test_images(results: StudyResults) -> str:
    sizes = results.metrics.loc[results.metrics["split"] == "test", "n_samples"].dropna()
    if sizes.empty:
        return ""
    return f"Metrics of test images are measured on {sizes.max():,} that no net was trained on."


def _parameters(results: StudyResults) -> str:
    rows = [row for row in results.planned if row["arm"] == results.control]
    counts = [
        next((row[name] for row in rows if not math.isnan(row[name])), math.nan)
        for name in ("encoder_parameters", "generator_parameters")
    ]
    if any(map(math.isnan, counts)):
        return ""
    return f", with {counts[0]:,.0f} parameters in E and {counts[1]:,.0f} in G"


def _evaluation(results: StudyResults, stated: Mapping[str, Any]) -> str:
    parts = []
    if "samples" in stated:
        parts.append(f"{stated['samples']:,} samples of each trial are drawn")
    spaces = sorted({name for name in results.metrics["extractor"] if isinstance(name, str)})
    if spaces:
        parts.append(f"features are those of {join_words(spaces)}")
    if stated.get("probe_images"):
        parts.append(f"probes are fitted on at most {stated['probe_images']:,} images")
    if "encoder_statistics" in stated:
        parts.append(f"the batch norm of E uses {stated['encoder_statistics']} statistics")
    text = join_words(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


def _compute(results: StudyResults) -> str:
    """Hours of all trials that stored them, whatever their outcome, and the devices."""
    timed = [row for row in results.planned if not math.isnan(row["seconds"])]
    training = sum(row["seconds"] for row in timed)
    known = (row["evaluation_seconds"] for row in timed)
    evaluation = sum(seconds for seconds in known if not math.isnan(seconds))
    hours = [f"{seconds / 3600:.3g}" for seconds in (training + evaluation, training, evaluation)]
    text = (
        f"{pluralise(len(timed), 'trial')}, failed and stopped ones included, took {hours[0]} "
        f"device-hours by the clock: {hours[1]} of training and {hours[2]} of evaluation"
    )
    devices = Counter(_device(facts) for facts in results.provenance.values())
    if devices:
        text += f", on {join_words([name for name, _ in devices.most_common()])}"
    started = [row for row in results.planned if row["outcome"] != "missing"]
    untimed = len(started) - len(timed)
    return text + (f"; {pluralise(untimed, 'started trial')} stored no time." if untimed else ".")


def _device(facts: Mapping[str, str]) -> str:
    device = next((facts[key] for key in ("device.name", "device") if key in facts), "unknown")
    if device != "cpu" or "cpu" not in facts:
        return device
    if "threads" not in facts:
        return facts["cpu"]
    return f"{facts['cpu']} ({pluralise(int(facts['threads']), 'thread')} per trial)"


def _limitations(results: StudyResults) -> list[str]:
    arms, seeds = results.record["arms"], results.record["seeds"]
    data = [settings["data"] for settings in arms.values() if settings.get("data")]
    names = list(dict.fromkeys(entry["name"] for entry in data))
    sizes = sorted({entry["resolution"] for entry in data if "resolution" in entry})
    found = []
    if len(names) == 1:
        found.append(f"One dataset, {names[0]}; other datasets may give other results.")
    elif names:
        found.append(f"The datasets are {join_words(names)}; others may give other results.")
    if len(sizes) == 1:
        found.append(f"One resolution, {sizes[0]} pixels.")
    found.append(f"{pluralise(len(seeds), 'training seed')} per arm.")
    if results.standing.registered is None:
        found.append("The study was not registered before its first trial.")
    if results.standing.deviations:
        changes = pluralise(len(results.standing.deviations), "change")
        found.append(f"The study deviates from its registration: {changes}.")
    unfinished = Counter(
        row["outcome"] for row in results.planned if row["outcome"] not in ("ok", *FAILURES)
    )
    if unfinished:
        counts = [f"{count} {outcome}" for outcome, count in unfinished.items()]
        found.append(f"Incomplete: of {len(results.planned)} trials, {join_words(counts)}.")
    failed = Counter(
        (row["arm"], row["outcome"]) for row in results.planned if row["outcome"] in FAILURES
    )
    if failed:
        counts = [
            f"{results.arm_title(arm)} ({outcome} {count} of {len(seeds)})"
            for (arm, outcome), count in failed.items()
        ]
        found.append(f"Arms with failed trials: {join_words(counts)}.")
    found += _degenerate(results)
    return found


def _degenerate(results: StudyResults) -> list[str]:
    """Values at chance or at the floor; those of collapsed trials are stated with the trials."""
    asked = results.metrics["metric"].isin(results.record["metrics"])
    rows = results.metrics[asked & results.metrics["value"].notna()]
    counts = rows["degenerate"].value_counts()
    places = {"chance": "no better than chance", "floor": "at the floor of finite samples"}
    return [
        f"{counts[kind]} of {len(rows)} values are {text}."
        for kind, text in places.items()
        if kind in counts
    ]


def _settings(results: StudyResults) -> list[Record]:
    arms = results.record["arms"]
    control = _sections(arms[results.control])
    order: Sequence[str] = [
        results.control, *(arm for arm in results.arms if arm != results.control)
    ]  # fmt: skip
    return [
        {
            "arm": arm,
            "sections": {
                section: text
                for section, text in _sections(arms[arm]).items()
                if arm == results.control or control.get(section) != text
            },
        }
        for arm in order
    ]


def _sections(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: compact(settings[name]) for name in SECTIONS if settings.get(name)}
