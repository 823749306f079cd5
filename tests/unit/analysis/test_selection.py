"""A selection changes what is shown, never what was computed."""

from __future__ import annotations

import pytest

from ogan_bench.analysis.analyse import Analysis, analyse
from ogan_bench.analysis.selection import selected
from ogan_bench.errors import UserError
from tests.unit.analysis.study_with_many import METRICS, many_arms


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return analyse(many_arms(tmp_path_factory.mktemp("many")))


def test_arms_and_metrics_come_in_the_order_asked_for(analysis: Analysis) -> None:
    part = selected(analysis, ["arm_3", "arm_1", "arm_3"], ["latent_rho", "probe_accuracy"])
    assert [row["arm"] for row in part.rows] == ["arm_3", "arm_1"]
    for row in part.rows:
        assert [cell["metric"] for cell in row["cells"]] == ["latent_rho", "probe_accuracy"]
    assert part.further == []
    keys = [("latent_rho", "arm_3"), ("latent_rho", "arm_1")]
    keys += [("probe_accuracy", "arm_3"), ("probe_accuracy", "arm_1")]
    assert [(row["metric"], row["arm"]) for row in part.summary] == keys
    assert list(zip(part.estimates["metric"], part.estimates["arm"], strict=True)) == keys
    assert [row["arm"] for row in part.ablation.rows] == ["arm_3", "arm_1"]
    assert [cell["metric"] for cell in part.ablation.rows[0]["cells"]] == [
        "latent_rho", "probe_accuracy",
    ]  # fmt: skip
    assert (part.arms, part.drawn_metrics) == (["arm_3", "arm_1"], ["latent_rho", "probe_accuracy"])
    assert part.shown.startswith("Shown: 2 of 21 arms and 2 of 16 metrics of the study.")


def test_a_metric_beyond_the_main_table_can_be_asked_for(analysis: Analysis) -> None:
    name = METRICS[-1]
    assert name not in {cell["metric"] for cell in analysis.rows[0]["cells"]}
    (row,) = selected(analysis, ["arm_2"], [name]).rows
    assert [cell["metric"] for cell in row["cells"]] == [name]


def test_bold_means_better_than_every_arm_of_the_study(analysis: Analysis) -> None:
    """``arm_1`` is far better than ``arm_2``, and ``arm_0`` is better than both."""
    metric = "reconstruction_mse"

    def bold(arms: list[str] | None) -> list[str]:
        rows = selected(analysis, arms, [metric]).rows
        return [row["arm"] for row in rows if row["cells"][0]["best"]]

    assert bold(None) == ["arm_0"]
    assert bold(["arm_2", "arm_1"]) == []
    assert bold(["arm_2", "arm_0"]) == ["arm_0"]


def test_no_verdict_estimate_or_mark_depends_on_the_selection(analysis: Analysis) -> None:
    part = selected(analysis, ["arm_5"], ["fd_classifier"])
    assert part.verdicts == analysis.verdicts
    assert part.answer == analysis.answer
    (row,) = part.summary
    whole = next(
        row for row in analysis.summary if (row["metric"], row["arm"]) == ("fd_classifier", "arm_5")
    )
    assert str(row) == str(whole)  # nan included
    marks = {row["arm"]: row["cells"] for row in analysis.ablation.rows}["arm_5"]
    of_metric = next(cell for cell in marks if cell["metric"] == "fd_classifier")
    assert str(part.ablation.rows[0]["cells"]) == str([of_metric])


def test_without_a_selection_everything_is_shown(analysis: Analysis) -> None:
    assert selected(analysis) is analysis
    assert selected(analysis, analysis.results.arms).shown == ""
    reordered = selected(analysis, analysis.results.arms[::-1])
    assert [len(row["cells"]) for rows in reordered.further for row in rows[:1]] == [7, 2]


def test_unknown_names_are_refused_together(analysis: Analysis) -> None:
    with pytest.raises(UserError) as refused:
        selected(analysis, ["arm_1", "arm1", "?"], ["latent_roh"])
    arms, metrics = str(refused.value).splitlines()
    assert arms.startswith("many: no arm 'arm1', '?'. Did you mean 'arm_1'? Known: arm_0, arm_1,")
    assert "no metric 'latent_roh'. Did you mean 'latent_rho'? Known: probe_accuracy, " in metrics
    assert all(name in metrics for name in METRICS)
