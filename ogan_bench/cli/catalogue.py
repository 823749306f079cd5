"""``list``, ``describe`` and ``schema``: what a study file may name."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import Json, Plugins
from ogan_bench.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from ogan_bench.study.syntax_tree import Part


class Listed(StrEnum):
    """What can be listed and described."""

    OBJECTIVES = "objectives"
    READOUTS = "readouts"
    CONSISTENCY = "consistency"
    ADVERSARIAL = "adversarial"
    PENALTIES = "penalties"
    SCHEDULES = "schedules"
    OPTIMIZERS = "optimizers"
    UPDATES = "updates"
    AUGMENTATIONS = "augmentations"
    MODELS = "models"
    DATASETS = "datasets"
    METRICS = "metrics"
    STUDIES = "studies"

    @property
    def singular(self) -> str:
        """As one of them is called."""
        return {"penalties": "penalty", "studies": "study"}.get(self, self.removesuffix("s"))


def list_(
    what: Annotated[Listed, typer.Argument(help="What to list.")],
    plugins: Plugins = None,
    as_json: Json = False,
) -> None:
    """List what a study file may name.

    \b
    Examples:
      ogan-bench list consistency
      ogan-bench list metrics --json
    """
    from ogan_bench.study.plugins import add_plugins

    add_plugins(plugins or ())
    entries = _entries(what)
    if as_json:
        print_json(entries)
        return
    rows = []
    for entry in entries:
        needs = [f"{key} {entry[key]}" for key in ("extractor", "group") if entry.get(key)]
        needed = f" (needs {' and '.join(needs)})" if needs else ""
        asked = f" Primary for {entry['primary_for']}." if entry.get("primary_for") else ""
        rows.append([entry["name"], f"{entry['summary']}{needed}{asked}"])
        for parameter in entry.get("parameters", []):
            default = f" = {parameter['default']}" if "default" in parameter else ""
            rows.append(["", f"  {parameter['name']}{default}"])
    print_table(None, rows)


def describe(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            autocompletion=completion.kinds,
            help="model, objective, metric, study, ...; may be left out where the name says it.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            autocompletion=completion.described, help="Name of the part, metric or study."
        ),
    ] = None,
    resolution: Annotated[int, typer.Option(help="Models: height and width in pixels.")] = 128,
    channels: Annotated[int, typer.Option(help="Models: channels of the images.")] = 3,
    z_dim: Annotated[int, typer.Option(help="Models: dimensions of z.")] = 128,
    override: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Models: a parameter."),
    ] = None,
    plugins: Plugins = None,
    as_json: Json = False,
) -> None:
    """Show what a part, a metric or a study is.

    Formula, source and parameters of a part; layers and sizes of a model; definition, formula,
    direction and protocol of a metric; question, arms and hypotheses of a study.

    \b
    Examples:
      ogan-bench describe objective bigan_qp
      ogan-bench describe metric fd_classifier
      ogan-bench describe model dcgan --resolution 64 --set width=32
      ogan-bench describe pearson
    """
    from ogan_bench.errors import UserError, did_you_mean
    from ogan_bench.study.plugins import add_plugins

    add_plugins(plugins or ())
    kind, name = _meant(what, name)
    if kind is Listed.MODELS:
        _describe_model(name or "dcgan", resolution, channels, z_dim, override or [], as_json)
        return
    entries = {entry["name"]: entry for entry in _entries(kind)}
    if name is None:
        raise UserError(f"describe {what}: name one of {', '.join(entries)}")
    if name not in entries:
        raise UserError(f"describe {what}: unknown name {name!r}.{did_you_mean(name, entries)}")
    entry = entries[name] | (_of_study(name) if kind is Listed.STUDIES else {})
    if as_json:
        print_json(entry)
        return
    print_text(f"{kind}: {name}\n\n{entry.get('description', entry['summary'])}")
    if facts := _FACTS.get(kind):
        print_text("")
        print_table(None, [[label, _shown(entry[key])] for key, label in facts.items()])
    if kind is Listed.METRICS and entry["formula"] is not None:
        from ogan_bench.metrics.formulas import NOTATION

        print_text(f"\nIn the formula: {NOTATION}")
    if entry.get("parameters"):
        print_text("")
        print_table(
            ("parameter", "type", "default"),
            [[p["name"], p["type"], p.get("default", "(required)")] for p in entry["parameters"]],
        )


_FACTS = {
    Listed.METRICS: {
        "title": "title",
        "formula": "formula",
        "better": "better if",
        "source": "source",
        "protocol": "protocol",
        "group": "group",
        "extractor": "feature space",
        "primary_for": "primary for",
        "caution": "caution",
    },
    Listed.STUDIES: {
        "file": "file",
        "scales": "scales",
        "arms": "arms",
        "seeds": "seeds",
        "metrics": "metrics",
        "hypotheses": "hypotheses",
    },
}
"""What is shown below a description: key of an entry to its label."""


def schema() -> None:
    """Print the JSON schema of study files, for completion and checks in editors.

    \b
    Example:
      ogan-bench schema > study.schema.json
    """
    from ogan_bench.study.schema import json_schema

    print_json(json_schema())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


def kind_called(what: str) -> Listed | None:
    """The kind with this name, in the singular or the plural."""
    return next((kind for kind in Listed if what in (kind, kind.singular)), None)


def names(kind: Listed) -> list[str]:
    """Names of all that there is of a kind."""
    from ogan_bench.metrics import METRICS
    from ogan_bench.study import catalogue
    from ogan_bench.study.shipped import shipped_studies

    if kind is Listed.METRICS:
        return list(METRICS)
    if kind is Listed.STUDIES:
        return list(shipped_studies())
    return catalogue.names(kind.value)


def _meant(what: str, name: str | None) -> tuple[Listed, str | None]:
    """A kind and a name, from a kind and perhaps a name, or from a name that one thing alone has.

    Raises:
        UserError: There is no such kind; or no such name, or more than one thing that has it.
    """
    from ogan_bench.errors import UserError, did_you_mean

    if kind := kind_called(what):
        return kind, name
    kinds = [kind.value for kind in Listed]
    if name is not None:
        raise UserError(f"describe: unknown kind {what!r}.{did_you_mean(what, kinds)}")
    known = {kind: names(kind) for kind in Listed}
    having = [kind for kind in Listed if what in known[kind]]
    if not having:
        near = did_you_mean(what, [*kinds, *chain.from_iterable(known.values())])
        raise UserError(f"describe: {what!r} is neither a kind nor a name.{near}")
    if len(having) > 1:
        commands = ", ".join(f"`ogan-bench describe {kind.singular} {what}`" for kind in having)
        raise UserError(f"describe: there is more than one {what!r}; one of {commands}")
    return having[0], what


def _of_study(name: str) -> dict[str, Any]:
    """What a shipped study compares, and the claims that it decides."""
    from ogan_bench.study.load import load_study
    from ogan_bench.study.shipped import shipped_studies
    from ogan_bench.study.yaml_errors import read_yaml

    path = shipped_studies()[name]
    study = load_study(path)
    return {
        "scales": list(read_yaml(path).get("scales", {})),
        "arms": list(study.arms),
        "seeds": list(study.seeds),
        "metrics": list(study.metrics),
        "hypotheses": [hypothesis.id for hypothesis in study.hypotheses],
    }


def _describe_model(
    name: str, resolution: int, channels: int, z_dim: int, override: list[str], as_json: bool
) -> None:
    from ogan_bench.models.description import describe_model
    from ogan_bench.study.arguments import parse_component

    model = parse_component("models", name, [f"z_dim={z_dim}", *override])
    facts = describe_model(model, channels, resolution)
    if as_json:
        print_json(facts)
        return
    for net in ("encoder", "generator"):
        print_text(f"{net}: {facts[net]['parameters']:,} parameters")
        print_table(
            ("layer", "output", "parameters"),
            [
                [layer["layer"], " x ".join(map(str, layer["output"])), f"{layer['parameters']:,}"]
                for layer in facts[net]["layers"]
            ],
        )


def _entries(what: Listed) -> list[dict[str, Any]]:
    from ogan_bench.metrics import METRICS, caution_for, formula_for, primary_for
    from ogan_bench.study import catalogue
    from ogan_bench.study.shipped import read_question, shipped_studies

    if what is Listed.METRICS:
        return [
            {
                "name": name,
                "title": metric.title,
                "summary": metric.definition,
                "formula": formula_for(name),
                "better": metric.better,
                "source": metric.source,
                "protocol": metric.protocol,
                "extractor": metric.extractor,
                "group": metric.group,
                "primary_for": primary_for(name),
                "caution": caution_for(name),
            }
            for name, metric in METRICS.items()
        ]
    if what is Listed.STUDIES:
        return [
            {"name": name, "summary": read_question(path), "file": path.name}
            for name, path in shipped_studies().items()
        ]
    return [_entry(part) for part in catalogue.parts(what.value).values()]


def _entry(part: Part) -> dict[str, Any]:
    """A part as plain data."""
    return {
        "name": part.name,
        "summary": part.summary,
        "description": part.doc,
        "parameters": [parameter.record() for parameter in part.parameters],
        **({"plugin": str(part.plugin.path)} if part.plugin else {}),
    }
