"""A study as a whole: its metrics, and what a scale leaves of its arms and hypotheses."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.study.load import load_study, study_record
from tests.unit.study.written_study import STUDY, problems


def test_metrics_need_their_feature_space(tmp_path: Path) -> None:
    wants_fid = STUDY.replace("metrics: [", "metrics: [fid, ")
    assert problems(tmp_path, wants_fid) == [
        "bad.yaml:19:11: metrics.0: fid needs 'inception' in evaluation.extractors of "
        "none, pearson, adam"
    ]
    (tmp_path / "good.yaml").write_text(wants_fid, encoding="utf-8")
    load_study(tmp_path / "good.yaml", overrides=["evaluation.extractors=[classifier, inception]"])


def test_a_metric_that_its_space_cannot_have_names_the_spaces_that_have_it(tmp_path: Path) -> None:
    wants = STUDY.replace("metrics: [", "metrics: [path_energy_dinov2, ")
    (line,) = problems(tmp_path, wants)
    assert line.endswith(
        "no metric 'path_energy_dinov2'. In other spaces: 'path_energy_classifier'."
    )


@pytest.mark.parametrize("name", ["classifiers", "mirrors", "slurm"])
def test_a_name_of_a_folder_of_the_results_is_taken(tmp_path: Path, name: str) -> None:
    (line,) = problems(tmp_path, re.sub(r"(?m)^name: .*", f"name: {name}", STUDY))
    assert line.endswith(f"the results have a folder {name!r} that is no study; rename it")


def test_a_name_of_a_folder_of_the_study_is_taken(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, STUDY.replace("arms:\n", "arms:\n  figures: {}\n"))
    assert line.endswith("a study has a folder 'figures' that is no arm; rename it")


def test_a_scale_replaces_metrics(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    text = STUDY.replace(
        "metrics: [reconstruction_mse]", "metrics: [reconstruction_mse, fd_classifier]"
    )
    hypothesis = (
        "  - {id: q, claim: c, metric: fd_classifier, arm: pearson, control: none, "
        "test: superiority}\nscales:"
    )
    scale = (
        "\n  paper:\n    base: {evaluation: {extractors: [inception]}}\n"
        "    metrics: {fd_classifier: fid, reconstruction_mse: null}\n"
    )
    path.write_text(text.replace("scales:", hypothesis).rstrip() + scale, encoding="utf-8")
    study = load_study(path, scale="paper")
    assert study.metrics == ["fid"]
    assert [(h.id, h.metric) for h in study.hypotheses] == [("q", "fid")]
    path.write_text(path.read_text().replace("fd_classifier: fid", "fd_clasifier: fid"))
    with pytest.raises(StudyError, match="no metric 'fd_clasifier' among those of the study"):
        load_study(path, scale="paper")


def test_a_scale_drops_arms_and_the_hypotheses_that_name_them(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    hypothesis = (
        "  - {id: q, claim: c, metric: reconstruction_mse, arm: adam, control: none, "
        "test: superiority}\nscales:"
    )
    text = STUDY.replace("scales:", hypothesis).rstrip() + "\n  few:\n    arms: {pearson: null}\n"
    path.write_text(text, encoding="utf-8")
    study = load_study(path, scale="few")
    assert list(study.arms) == ["none", "adam"]
    assert [h.id for h in study.hypotheses] == ["q"]
    assert list(load_study(path).arms) == ["none", "pearson", "adam"]
    assert [h.id for h in load_study(path).hypotheses] == ["ok", "q"]

    path.write_text(text.replace("pearson: null", "none: null, pearson: null, adam: null"))
    with pytest.raises(StudyError, match=r"s.yaml:29:5: scales.few.arms: drops every arm"):
        load_study(path, scale="few")


def test_a_missing_plugin_is_a_problem_of_the_study(plugin_study: Path) -> None:
    (plugin_study.parent / "my_terms.py").unlink()
    with pytest.raises(StudyError, match=r"mine\.yaml:3:11: plugins\.0: .*my_terms\.py: cannot be"):
        load_study(plugin_study)


def test_titles_are_stored_for_the_arms_that_a_scale_keeps(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(STUDY + "  few:\n    arms: {adam: null}\n", encoding="utf-8")
    assert "arm_titles" not in study_record(load_study(path), [0], "run")
    text = path.read_text().replace("none: {", "none: {title: no term, ")
    path.write_text(text.replace("adam: {", "adam: {title: Adam, "), encoding="utf-8")
    for scale, titles in (
        (None, {"none": "no term", "adam": "Adam"}),
        ("few", {"none": "no term"}),
    ):
        record = study_record(load_study(path, scale=scale), [0], "run")
        assert record["arm_titles"] == titles


def test_the_record_has_the_hash_of_what_was_read(tmp_path: Path) -> None:
    """The file may be edited between the two."""
    path = tmp_path / "s.yaml"
    path.write_bytes(STUDY.replace("\n", "\r\n").encode())
    read = hashlib.sha256(path.read_bytes()).hexdigest()
    study = load_study(path)
    path.write_text(STUDY + "# edited\n", encoding="utf-8")
    assert study_record(study, study.seeds, "run")["study_file_sha256"] == read
    assert study.arms == load_study(path).arms
