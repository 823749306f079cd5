"""A headless Chromium, and a made-up page that has every section a report can have."""

from __future__ import annotations

import functools
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.study_answer import Answer
from ogan_bench.analysis.verdicts import DECISIONS
from ogan_bench.report.means_table import means_table
from ogan_bench.report.rendering import Picture, data_uri, templates
from ogan_bench.statistics import Interval

NAMES = ("chromium", "chromium-browser", "google-chrome")
SCRIPT = "<script>document.title = 'taken'</script>"
IMAGE = '"><img src=x onerror="document.title = \'taken\'">'
EXPRESSION = "{{7*7}} ${7*7} &lt;b&gt;"
ARMS = ("none", "pearson_2", "pearson_10", SCRIPT, IMAGE, EXPRESSION)
METRICS = ("reconstruction_mse", "fd_classifier", "probe_accuracy")
STEPS = (0, 500, 1500)
NAN = float("nan")

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.exit(
            "no Chromium was found, and the tests marked `browser` need one: "
            "`apt-get install chromium` (or put google-chrome on the PATH)",
            returncode=1,
        )
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a file; in the end no page may have complained or asked for anything but itself."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    wanted: list[str] = []
    given: list[str] = []

    def opened(path: Path, width: int = 1280, *, watched: bool = True, **settings: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        given.append(path.resolve().as_uri())
        if watched:
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: wanted.append(request.url))
        page.goto(given[-1])
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in wanted if url not in given and not url.startswith("data:")] == []


def drawing(number: int) -> str:
    """A small SVG picture as a data URI."""
    text = f'<text x="4" y="24">{number}</text><style>text {{ fill: navy }}</style>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 32" width="96">{text}</svg>'
    return data_uri(svg.encode(), "svg+xml")


def picture(title: str, number: int = 0) -> Picture:
    return Picture(title, f"{title}, drawn", drawing(number), f"figures/{number}.png")


def estimates(arm: int, metric: int) -> dict[str, Any]:
    """A row of the summary; the last arm but one has no value of the first metric."""
    lacks = (arm, metric) == (len(ARMS) - 2, 0)
    mean = NAN if lacks else [7, 3, 11, 2, 5, 0.013][arm] * (-1.0) ** metric
    change = NAN if lacks or not arm else mean - 7 * (-1.0) ** metric
    return {
        "metric": METRICS[metric], "arm": ARMS[arm], "n": 0 if lacks else 5,
        "failed": 5 if lacks else 0, "mean": mean, "low": mean - 0.3, "high": mean + 0.3, "sd": 0.2,
        "difference": change, "difference_low": change - 0.4, "difference_high": change + 0.4,
        "correlation": 0.31, "paired_n": 5, "best": arm == 3, "floor": 0.1, "n_samples": 2000,
        "error": 0.01, "members_sd": math.nan, "degenerate": None,
        "extractor": IMAGE, "split": "test", "protocol": "1", "notes": "", "better": arm > 3,
    }  # fmt: skip


def verdict(decision: str, claim: str, rests_on: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        hypothesis=SimpleNamespace(id=f"is_{decision}", claim=claim, test="non_inferiority"),
        finding=SimpleNamespace(
            n=(5, 4), effect=Interval(-1.25, -2.5, 0.1), better_pairs=8.5, pairs=20
        ),
        decision=decision, sensitivity=rests_on and SimpleNamespace(words=rests_on),
        reason=f"Because {claim}",
    )  # fmt: skip


@pytest.fixture(scope="session")
def context() -> dict[str, Any]:
    """What a report is made of, with text that would like to be more in every place."""
    summary = [estimates(arm, metric) for metric in range(3) for arm in range(len(ARMS))]
    figures = ("seeds-a", "seeds-b", "level-a", "course-a", "curve-rho", "curve-codes", "plane-a")
    named = SimpleNamespace(
        arm_title=lambda arm: arm, marked_title=lambda arm: arm,
        name="demo", control="none", problems=(IMAGE, SCRIPT), provenance=("a", "b"),
    )  # fmt: skip
    table = [{"arm": arm, "planned": 5, "ok": 4, "diverged": 1} for arm in ARMS]
    return {
        "results": named,
        "shown": f"Arms shown: {SCRIPT}.",
        "transposed": False,
        "laid_out": functools.partial(means_table, cast(StudyResults, named)),
        "record": {
            "name": "demo", "scale": "smoke", "question": f"Does {SCRIPT} help?", "source": IMAGE,
            "alpha": 0.05, "metrics": list(METRICS), "seeds": [0, 1, 2, 3, 4],
            "study_file_sha256": "0" * 64,
            "command": f"ogan-bench run studies/{SCRIPT}.yaml --results {'long/' * 30}",
        },
        "answer": Answer(
            f"On {SCRIPT}, all hold.", (("Holds", (SCRIPT,)), ("Fails", (IMAGE, EXPRESSION)))
        ),
        "verdicts": [
            verdict("supported", SCRIPT, "robust"), verdict("refuted", IMAGE, "rests on seed 3"),
            verdict("equivalent", SCRIPT, "robust"), verdict("inconclusive", EXPRESSION, None),
            verdict("uninformative", IMAGE, None),
        ],
        "overview": SimpleNamespace(
            counts=dict.fromkeys(DECISIONS, 1), finished=29, planned=30,
            standing=Standing("0" * 64, (f"seeds: 5 instead of 8 {IMAGE}", SCRIPT), complete=False),
        ),
        "left_out": 3,
        "open_trials": [{"arm": SCRIPT, "seed": 4, "outcome": "missing"}],
        "metrics": {name: metric_info(name) for name in METRICS},
        "rows": [
            {"arm": arm, "is_control": not index,
             "cells": [estimates(index, metric) for metric in range(3)]}
            for index, arm in enumerate(ARMS)
        ],
        "further": [
            [
                {"arm": arm, "is_control": not index, "cells": [estimates(index, 1)]}
                for index, arm in enumerate(ARMS)
            ]
        ],
        "control_text": f"The control is {SCRIPT}.",
        "summary": summary,
        "pictures": {
            "forest": picture("Differences"),
            **{name: picture(f"{name} {SCRIPT}", index) for index, name in enumerate(figures)},
        },
        "ranked_metrics": list(METRICS),
        "ranks": [
            {"arm": arm, "mean_rank": 1.0 + index, "cells": [index + 1, None, index + 0.5]}
            for index, arm in enumerate(ARMS)
        ],
        "ablation": {
            "control": "none",
            "rows": [
                {"arm": arm, "changes": [f"objective.consistency.name: none → {arm}"],
                 "cells": [estimates(index, metric) for metric in range(3)]}
                for index, arm in enumerate(ARMS) if index
            ],
        },
        "methods": SimpleNamespace(
            header={"Expected": SCRIPT}, setup={"data": IMAGE, "steps": "1,500"},
            formula=SimpleNamespace(
                lines=["E: min f(s(x))"], symbols={"f, g, h": SCRIPT}, others={"c = mse": IMAGE}
            ),
            further=[f"The data are {SCRIPT}.", IMAGE], compute=EXPRESSION,
            limitations=[f"One dataset, {SCRIPT}."],
            settings=[
                {"arm": arm, "sections": {"model": f"dcgan(name={IMAGE}, {'long' * 30})"}}
                for arm in ARMS
            ],
            bibliography=[f"@misc{{key, title = {{{SCRIPT} {'long ' * 60}}}}}"],
        ),
        "contact": [
            {"title": title, "rows": [
                {"arm": arm, "seed": index, "which": which, "picture": picture(f"{title} {arm}")}
                for arm in ARMS for index, which in enumerate(("median", "worst"))
            ]}
            for title in ("Samples", "Reconstructions")
        ],
        "steps": {
            "steps": list(STEPS),
            "arms": [
                {"arm": arm, "seed": 1,
                 "pictures": [picture(f"{arm} at step {step}", step) for step in STEPS]}
                for arm in ARMS
            ],
        },
        "variance": [
            {"metric": METRICS[0], "arm": arm, "training_sd": 0.3, "sampling_sd": 0.1,
             "share": 0.9, "n": 5}
            for arm in ARMS
        ],
        "rules": {"collapsed": SCRIPT},
        "health": [row | {"E(x) mean": SCRIPT} for row in table],
        "notes": [f"pearson_2/seed-1 failed: {SCRIPT}"],
        "rerun": {
            "lines": [SCRIPT, "ogan-bench run studies/demo.yaml"],
            "environment": SCRIPT,
            "arms": [
                {"arm": arm, "command": f"ogan-bench run studies/demo.yaml --only {arm}"}
                for arm in ARMS
            ],
            "metrics": list(METRICS[:1]),
            "expected": [{"arm": arm, "cells": ["0.1 ± 0.01"]} for arm in ARMS],
            "rule": EXPRESSION,
        },
        "published": [
            {"source": SCRIPT, "differs": IMAGE, "titles": ["FD"],
             "rows": [{"system": EXPRESSION, "cells": [17.2]}]},
        ],
        "comparison": None,
        "course": [
            {"metric": METRICS[0], "arm": arm, "n": 5, "on": "test", "best": 0.1,
             "best_step": 1200, "last": 0.2, "end": 0.15, "end_sd": 0.01}
            for arm in ARMS
        ],
        "last_evaluations": 5,
        "cost": [
            {"arm": arm, "n": 5, "seconds": 61.0, "images_per_second": 5000.0,
             "evaluation_seconds": 3.0, "encoder_parameters": 1e6, "generator_parameters": 2e6,
             "times": dict.fromkeys(("a", "b", "c", "d"), 1.0)}
            for arm in ARMS
        ],
        "counted": True,
        "floors": [summary[0] | {"kind": "noise floor", "extractor": SCRIPT}],
        "provenance": [
            {"key": "device", "values": {SCRIPT: ["a"], "cpu": ["b"]}, "agrees": False},
        ],
    }  # fmt: skip


@pytest.fixture(scope="session")
def made_up(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the made-up study."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    text = templates().get_template("report.html.j2").render(context)
    path.write_text(text, encoding="utf-8")
    return path
