"""A plug-in is the equal of a shipped part: a copy under another name gives the same results.

For every part of every kind the plug-in holds a function of the same parameters that hands on what
the shipped one returns. A trial with the copy gives the rows, the log and the outcome of the trial
with the original, so nothing in the package goes by the name of a part.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.data.base import Dataset
from ogan_bench.errors import UserError
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store import outcomes
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study import catalogue, plugins, settings
from ogan_bench.study.parts import build, component_of
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial

COPY = "copy_of_"

PARTS = [(kind, name) for kind in catalogue.KINDS for name in catalogue.names(kind)]

ON_IMAGES = {("models", "dcgan"), ("models", "resnet"), ("augmentations", "diff_augment")}
"""What cannot be tried on points of the plane."""

REQUIRED: dict[str, dict[str, Any]] = {
    "composed": {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "quadratic_potential",
    },
    "constant": {"weight": 0.5},
    "warm_up": {"weight": 0.5},
    "off_at_end": {"weight": 0.5},
    "image_folder": {"path": "nowhere", "resolution": 16},
    "parquet": {"path": "nowhere", "resolution": 16},
    "fashion_mnist": {"resolution": 28},
}
"""Parameters without a default, or with one that takes long."""

SMALL = {"width": 4, "z_dim": 6, "hidden": 8}
"""What makes nets small, where a part has a parameter of this name."""


DATA = '''
import dataclasses
from ogan_bench.data.base import Split

def few(dataset, labelled):
    def some(split, count):
        return Split(split.images[:count], split.labels[:count] if labelled else None)
    classes = dataset.classes if labelled else ()
    train, test = some(dataset.train, 400), some(dataset.test, 40)
    return dataclasses.replace(dataset, train=train, test=test, classes=classes)

def few_points():
    """Some points of the ring."""
    return few(catalogue.function("datasets", "ring")(), True)

def few_images():
    """Some digits, without the labels of which a classifier would have to be trained."""
    return few(catalogue.function("datasets", "digits")(resolution=16), False)

'''
"""Datasets small enough for trials of a fraction of a second."""


def source_of_copies() -> str:
    """A plug-in with a copy of every shipped part."""
    lines = ["from __future__ import annotations", "", "from ogan_bench.study import catalogue", ""]
    for kind, (_, variable) in catalogue.KINDS.items():
        for name, part in catalogue.parts(kind).items():
            inputs = [
                parameter.name
                for parameter in inspect.signature(
                    catalogue.function(kind, name)
                ).parameters.values()
                if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
            ]
            settable = [
                f"{p.name}: {p.annotation}"
                + ("" if p.default is inspect.Parameter.empty else f" = {p.default!r}")
                for p in part.parameters
            ]
            parameters = [*inputs, *(["*", *settable] if settable else [])]
            arguments = [*inputs, *(f"{p.name}={p.name}" for p in part.parameters)]
            lines += [
                f"def {COPY}{kind}_{name}({', '.join(parameters)}):",
                '    """A copy."""',
                f"    original = catalogue.function({kind!r}, {name!r})",
                f"    return original({', '.join(arguments)})",
                "",
            ]
        copies = [f"{COPY + name!r}: {COPY}{kind}_{name}" for name in catalogue.names(kind)]
        if kind == "datasets":
            lines.append(DATA)
            copies += ["'few_points': few_points", "'few_images': few_images"]
        lines += [f"{variable} = {{{', '.join(copies)}}}", ""]
    return "\n".join(lines)


@pytest.fixture(scope="module", autouse=True)
def _copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    file = tmp_path_factory.mktemp("plugin") / "copies.py"
    file.write_text(source_of_copies(), encoding="utf-8")
    plugins.add_plugins([file])
    yield
    catalogue.unregister_plugins()
    settings.rebuild_models()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


def component(kind: str, name: str) -> dict[str, Any]:
    """A part as a study file writes it, at toy size."""
    settable = {parameter.name for parameter in catalogue.parts(kind)[name].parameters}
    small = {key: value for key, value in SMALL.items() if key in settable}
    return {"name": name, **small, **REQUIRED.get(name.removeprefix(COPY), {})}


def settings_with(kind: str, name: str) -> Settings:
    """Settings of the smallest trial in which a part does something."""
    chosen = component(kind, name)
    original = name.removeprefix(COPY)
    on_images = (kind, original) in ON_IMAGES
    objective = component("objectives", "composed")
    training: dict[str, Any] = {"steps": 3, "batch_size": 8, "log_every": 1, "optimizer": "adam"}
    data = "few_images" if on_images else "few_points"
    model = component("models", "dcgan" if on_images else "mlp")
    part_of_objective = {
        "adversarial": "adversarial",
        "readouts": "readout",
        "consistency": "consistency",
        "penalties": "penalty",
        "schedules": "consistency_weight",
    }
    part_of_training = {
        "optimizers": "optimizer",
        "updates": "updates",
        "augmentations": "augmentation",
    }
    if kind in part_of_objective:
        objective[part_of_objective[kind]] = chosen
    elif kind in part_of_training:
        training[part_of_training[kind]] = chosen
    elif kind == "objectives":
        objective = chosen
    else:
        model = chosen
    return Settings.model_validate(
        {
            "data": data,
            "model": model,
            "objective": objective,
            "training": training,
            "evaluation": {"samples": 20, "probe_images": 0, "groups": ["codes"]},
        }
    )


@cache
def ran(results: Path, arm: str, chosen: str) -> TrialFolder:
    """The folder of a trial, which is run once for all copies that it is compared with."""
    trial = Trial("copies", arm, 0, Settings.model_validate_json(chosen))
    report = run_trial(trial, Options(results), "cpu")
    assert report.status == "finished", report.message
    return TrialStore(results).trial(trial)


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def found(folder: TrialFolder, chosen: Settings) -> dict[str, Any]:
    """What is stored of a trial, apart from times and identity."""
    result = folder.read("result.json") or {}
    at_the_bound = [{"step": 1, "encoder_adversarial": 0.0}]
    times = ("seconds", "images_per_second")
    return {
        "metrics": result["metrics"],
        "outcome": result["outcome"],
        "facts": result["facts"],
        "training": {k: v for k, v in result["training"].items() if k not in times},
        "outcome of a log at the bound": outcomes.outcome(
            {**result, "metrics": []}, chosen.model_dump(mode="json"), lambda: at_the_bound
        ),
        "log": [
            {key: value for key, value in line.items() if key not in times}
            for line in folder.log.read()
        ],
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(*part, id="-".join(part)) for part in PARTS if part[0] != "datasets"],
)
def test_a_copy_gives_what_the_shipped_part_gives(kind: str, name: str, results: Path) -> None:
    original, copy = settings_with(kind, name), settings_with(kind, COPY + name)
    text = original.model_dump_json()
    expected = found(ran(results, fingerprint(text), text), original)
    copied = ran(results, f"{kind}-{COPY}{name}", copy.model_dump_json())
    assert found(copied, copy) == expected
    assert len(expected["log"]) == 3


def offline(*arguments: object, **more: object) -> None:
    raise OSError("offline")


def outcome_of(name: str) -> Dataset | str:
    """A dataset, or why it cannot be had here."""
    try:
        dataset: Dataset = build("datasets", component_of("datasets", component("datasets", name)))
    except UserError as error:
        return str(error)
    return dataset


@pytest.mark.parametrize("name", catalogue.names("datasets"))
def test_a_copy_of_a_dataset_holds_the_same_images(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without its files, and nothing is downloaded here, a dataset gives the same message."""
    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", offline)
    original, copy = outcome_of(name), outcome_of(COPY + name)
    if isinstance(original, str):
        assert copy == original
        return
    assert isinstance(copy, Dataset)
    assert (copy.name, copy.shape, copy.classes) == (
        original.name,
        original.shape,
        original.classes,
    )
    assert torch.equal(copy.train.images, original.train.images)


def test_trials_differ_by_name_and_hash_of_the_plugin_alone() -> None:
    original = settings_with("consistency", "pearson").model_dump(mode="json")
    copy = settings_with("consistency", COPY + "pearson").model_dump(mode="json")
    text = json.dumps(copy).replace(COPY, "")
    assert json.loads(text) == original
