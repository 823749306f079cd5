"""What the project publishes is what the tool makes of the stored trials."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ogan_bench.analysis.analyse import analyse_stored, survey
from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.tuning import choices
from ogan_bench.analysis.verdicts import Verdict
from ogan_bench.report.claim_pages import write_claim_pages
from ogan_bench.report.report import write_report
from ogan_bench.store.journal import read_file
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.candidates import candidates, study_of_candidates
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import StudySettings
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import trials
from tests.published_trial import with_defaults_of_its_time
from website.gallery import shown

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "results" / "reference"
PUBLISHED = sorted(path.parent.name for path in REFERENCE.glob("*/study.json"))
FINDINGS = "docs/findings.md"
TUNING = "_tuning"
"""Ending of the name of a study of candidates."""


def test_something_is_published() -> None:
    assert "mse_vs_pearson" in PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_report_is_made_of_the_stored_trials(name: str, tmp_path: Path) -> None:
    """Text, verdicts and numbers; figures differ between versions of the drawing library."""
    here, published = tmp_path / name, REFERENCE / name
    shutil.copytree(published, here)
    for file in ("report.md", "table.csv"):
        (here / file).unlink()
    analysis = analyse_stored(tmp_path, name)
    write_report(analysis)
    text = (here / "report.md").read_text()
    assert text == (published / "report.md").read_text()
    quoted = re.findall(r"^- \*\*(\w+)\*\*:.*\n.*, (.*?)\)\.", text, re.MULTILINE)
    assert [(word, name.replace("\\", "")) for word, name in quoted] == [
        (verdict.decision, verdict.hypothesis.id) for verdict in analysis.verdicts
    ]
    # Full precision: the last digit depends on the version of scipy.
    made, stored = (pd.read_csv(folder / "table.csv") for folder in (here, published))
    pd.testing.assert_frame_equal(made, stored, rtol=1e-12)
    apart = [verdict.hypothesis.id for verdict in analysis.verdicts if parts(verdict)]
    assert apart == []  # docs/verdicts.md says that they could, and that none does


def parts(verdict: Verdict) -> bool:
    """Whether the interval of a comparison tells another story than its test, before Holm's."""
    found = verdict.finding
    if verdict.hypothesis.test in {"association", "trend", "failure_rate"} or math.isnan(
        found.estimate.low
    ):
        return False
    low, high = found.region
    inside = low < found.estimate.low and found.estimate.high < high
    return inside != (found.significance.claim < 0.05)


def stated(name: str) -> StudySettings:
    """The shipped study of a published folder, or the study of its candidates."""
    shipped, _, scale = name.removesuffix(TUNING).partition("-")
    study = load_study(shipped_studies()[shipped], scale=scale or None)
    return study_of_candidates(study, candidates(study)) if name.endswith(TUNING) else study


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_trials_are_those_of_the_shipped_study(name: str) -> None:
    """With today's defaults, or with those of their time."""
    store = TrialStore(REFERENCE)
    for trial in trials(stated(name)):
        run = store.trial(trial).read("run.json")
        assert run is not None, trial.id
        known = (trial.config_hash, with_defaults_of_its_time(trial).config_hash)
        assert run["config_hash"] in known, trial.id
        assert run["provenance"]["git_dirty"] is False
        assert store.trial(trial).state() == "finished"


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name.endswith(TUNING)])
def test_tuned_arms_have_the_values_that_their_published_tuning_chose(name: str) -> None:
    shipped, _, scale = name.removesuffix(TUNING).partition("-")
    study = load_study(shipped_studies()[shipped], scale=scale or None)
    made = choices(candidates(study), load_results(REFERENCE, name))
    assert [choice.arm for choice in made if choice.chosen is None] == []
    for choice in made:
        assert choice.chosen is not None
        assert choice.chosen.candidate.settings == study.arms[choice.arm], choice.arm


@pytest.mark.parametrize("tuning", [name for name in PUBLISHED if name.endswith(TUNING)])
def test_a_published_tuning_is_older_than_what_it_tuned(tuning: str) -> None:
    """Values may not be chosen by the results that they lead to."""
    store = TrialStore(REFERENCE)
    tuned = tuning.removesuffix(TUNING)
    starts = {
        name: [
            attempt["started"]
            for folder in store.folders(name)
            for attempt in (folder.read("run.json") or {})["attempts"]
        ]
        for name in (tuning, tuned)
    }
    assert max(starts[tuning]) < min(starts[tuned])


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_logs_are_those_that_the_results_were_made_with(name: str) -> None:
    """Each result names the SHA-256 of its logs."""
    for folder in TrialStore(REFERENCE).folders(name):
        result = folder.read("result.json")
        assert result is not None
        assert "train.jsonl" in result["sha256"]
        for file, known in result["sha256"].items():
            content = read_file(folder.path / file)
            assert content is not None
            assert hashlib.sha256(content).hexdigest() == known


def test_published_results_are_small_and_hold_no_weights() -> None:
    files = [path for path in REFERENCE.rglob("*") if path.is_file()]
    kinds = {".json", ".parquet", ".csv", ".md", ".svg", ".png"}
    assert {path.suffix for path in files} <= kinds
    assert len(files) <= 20 * len(PUBLISHED)
    assert sum(path.stat().st_size for path in files) <= 1e6 * len(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_pictures_are_those_that_are_shown(name: str) -> None:
    """Every link of a report leads to a file, and every picture is on a page or in the gallery."""
    folder = REFERENCE / name
    report = (folder / "report.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)\s]+\.\w+)\)", report))
    assert [link for link in links if not (folder / link).exists()] == []
    pages = "".join(
        page.read_text(encoding="utf-8")
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    )
    gallery = shown(REFERENCE, name)
    pictures = [path for path in folder.rglob("*") if path.suffix in (".svg", ".png")]
    assert [
        path
        for path in pictures
        if path.relative_to(folder).as_posix() not in links
        and f"{path.relative_to(ROOT).as_posix()})" not in pages
        and path not in gallery
    ] == []


def test_claim_pages_are_made_of_the_stored_trials(tmp_path: Path) -> None:
    """Links apart, which depend on where a page lies."""
    published = ROOT / "docs" / "findings"
    claims = survey(REFERENCE).claims
    made = write_claim_pages(REFERENCE, claims, tmp_path)
    assert {path.name for path in made} == {path.name for path in published.iterdir()}
    for page in made:
        here, there = (
            re.sub(r"\]\([^)]*/reference/", "](", path.read_text("utf-8"))
            for path in (page, published / page.name)
        )
        assert here == there
    findings = (ROOT / "docs" / "findings.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for claim in claims:
        assert f"(findings/{claim.slug}.md)<br>{claim.answer}\n" in findings
        assert f"[{claim.claim}](docs/findings/{claim.slug}.md)" in readme


WORDS = ("supported", "refuted", "equivalent", "inconclusive", "uninformative")


def test_both_pages_count_the_same_settings_of_every_claim() -> None:
    """Before, the README counted deviated studies, which the answers leave out."""
    readme, findings = ((ROOT / page).read_text("utf-8") for page in ("README.md", FINDINGS))
    rows = re.findall(r"^\| \[.*?\]\(docs/(findings/\S+)\) \| (.*) \| (.*) \|$", readme, re.M)
    answers = dict(re.findall(r"^\* \[.*?\]\((findings/\S+)\)<br>(.*)$", findings, re.M))
    assert [page for page, *_ in rows] == list(answers)
    for page, verdicts, robust in rows:
        answer = answers[page]
        for word in WORDS:
            stated = re.search(rf"{word.capitalize()}: (.*?\))\.", answer)
            there = 0 if stated is None else sum(map(int, re.findall(r"(\d+) on ", stated[1])))
            here = sum(map(int, re.findall(rf"(\d+) {word}", verdicts)))
            assert here == there, (page, word)
        aside = r"(\d+) (?:settings? )?preliminary or deviated, not counted"
        assert re.findall(aside, verdicts) == re.findall(aside, answer), page
        assert f"Robust: {robust}." in answer or robust == "–", page


@pytest.mark.parametrize(
    ("block", "study", "count"),
    [
        ("readings", "kind_or_pull", 6),
        ("best", "best_against_best", 5),
        ("linear", "linear_codes", 4),
        ("linear_fashion", "linear_codes-fashion", 4),
        ("sharing", "sharing", 6),
        ("readouts", "readout_alone", 8),
        ("classes", "class_conditions", 5),
        ("modes", "learned_modes", 1),
        ("rivals", "equal_rivals", 12),
        ("hosts", "modern_hosts", 14),
        ("older", "any_gan", 18),
        ("weights", "lambda_sweep", 7),
        ("spare", "degrees_of_freedom", 5),
        ("fisher", "fisher_vectors", 2),
        ("fisher_fashion", "fisher_vectors-fashion", 2),
        ("packs", "packing", 1),
        ("finished", "finished_gan", 10),
    ],
)
def test_findings_quote_the_estimates_of_published_verdicts(
    block: str, study: str, count: int
) -> None:
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    text = findings.partition(f"<!-- {block}:begin")[2].partition(f"<!-- {block}:end -->")[0]
    pairs = re.findall(r"(\d+\.\d+)\s+against\s+(\d+\.\d+)", text)
    assert len(pairs) == count
    report = (REFERENCE / study / "report.md").read_text(encoding="utf-8")
    titles = sorted(stated(study).arm_titles.values(), key=len, reverse=True)
    for title in titles:  # some have numbers in them
        report = report.replace(title, "")
    means = r": .*? (\d+\.\d+), .*? (\d+\.\d+); (?:difference|pseudo-median)"
    values = [set(pair) for pair in re.findall(means, report)]
    assert [pair for pair in pairs if set(pair) not in values] == []


@pytest.mark.parametrize(
    ("study", "arm", "metric", "words"),
    [
        ("best_against_best", "pearson_samples", "fd_classifier", "with FD {:.3f} beside"),
        ("best_against_best", "none", "fd_classifier", "beside {:.3f} without a term"),
        ("learned_modes", "none", "modes_classifier", "Without the term {:.0f} modes"),
        ("learned_modes", "none", "modes_classifier", "Without the term {:.0f} modes are made"),
        ("learned_modes", "pearson", "modes_classifier", "with it {:.0f} are made"),
        ("learned_modes", "pearson", "fd_classifier", "the lower FD, {:.2f} beside"),
        ("learned_modes", "none", "fd_classifier", "FD, 1.43 beside {:.2f}, which"),
        ("equal_rivals", "vae", "autoencoding_mse", "best of all, MSE {:.4f}, with"),
        ("equal_rivals", "vae", "fd_classifier", "with an FD of {:.2f}; the introspective"),
        ("equal_rivals", "intro_vae", "autoencoding_mse", "close to it, {:.4f}, with"),
        ("equal_rivals", "soft_intro_vae", "autoencoding_mse", "close to it, {:.4f}, with"),
        ("equal_rivals", "intro_vae", "fd_classifier", "an FD of {:.2f}, near"),
        ("equal_rivals", "soft_intro_vae", "fd_classifier", "an FD of {:.2f}, near"),
        ("equal_rivals", "vae", "probe_accuracy", "separate better again ({:.3f} against"),
        ("equal_rivals", "ogan", "probe_accuracy", "better again (0.975 against {:.3f})"),
        ("linear_codes", "pearson", "probe_accuracy_pixels", "pixels themselves reaches {:.3f}"),
        ("linear_codes", "pearson", "probe_trunk", "before the code {:.3f}"),
        ("linear_codes", "pearson", "probe_trunk_untrained", "and {:.3f} before any training"),
        ("linear_codes", "pearson", "midpoint_ratio_classifier", "lie {:.3f} times as far"),
        ("linear_codes", "pearson", "midpoint_ratio_classifier_pixels", "lie {:.2f} times as far"),
        ("linear_codes-fashion", "pearson", "midpoint_ratio_classifier", "images lie {:.3f} times"),
        ("linear_codes-fashion", "pearson", "probe_accuracy_untrained", "reaches {:.3f}, one on"),
        ("linear_codes-fashion", "pearson", "probe_accuracy_pixels", "the pixels {:.3f} and one"),
        ("linear_codes-fashion", "pearson", "probe_accuracy_pca", "has numbers {:.3f}. None"),
        ("mse_vs_pearson", "mse_mean", "fd_classifier", "better samples, FD {:.2f} against"),
        ("mse_vs_pearson", "pearson", "fd_classifier", "FD 0.42 against {:.2f}, which rests"),
        ("lambda_sweep", "mse_mean_4", "fd_classifier", "lowest FD there is {:.1f}. Of"),
        ("lambda_sweep", "mse_mean_1", "autoencoding_mse", "reconstructs best, MSE {:.5f} with"),
        ("lambda_sweep", "mse_mean_1", "fd_classifier", "with an FD of {:.2f}. Neither is"),
        ("degrees_of_freedom", "middle_0", "fd_classifier", "the FD is {:.1f} without and"),
        ("degrees_of_freedom", "middle_32", "fd_classifier", "8.7 without and {:.1f} with 32"),
        ("fisher_vectors", "plain", "probe_fisher_1000_untrained", "do it as well, {:.4f}. So on"),
        ("fisher_vectors-fashion", "plain", "probe_fisher_1000_untrained", "reach {:.4f} and the"),
        ("fisher_vectors-fashion", "plain", "probe_accuracy_1000_pixels", "themselves {:.3f}, so"),
        ("packing", "stacked_pac2", "modes_classifier", "make fewer modes, {:.0f} of 1,000"),
        ("packing", "stacked_none", "modes_classifier", "the plain GAN makes {:.0f}, which"),
        ("packing", "stacked_ogan", "modes_classifier", "O-GAN makes {:.0f}, and"),
        ("training_cost", "pearson", "images_per_second", "{:,.0f} images a second with the term"),
        ("training_cost", "none", "images_per_second", "and {:,.0f} without it"),
        ("training_cost", "separate", "images_per_second", "separate encoder, {:,.0f} images"),
        ("training_cost", "bigan_qp", "images_per_second", "BiGAN-QP, {:,.0f}, and"),
        ("training_cost", "alternating", "images_per_second", "alternating updates, {:,.0f}. On"),
    ],
)
def test_findings_quote_published_means(study: str, arm: str, metric: str, words: str) -> None:
    table = pd.read_csv(REFERENCE / study / "table.csv").set_index(["arm", "metric"])
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert words.format(table.loc[(arm, metric), "mean"]) in " ".join(findings.split())


def test_no_rival_does_better_in_both_as_findings_say() -> None:
    table = pd.read_csv(REFERENCE / "equal_rivals" / "table.csv").set_index(["metric", "arm"])[
        "mean"
    ]
    codes, samples = table["autoencoding_mse"], table["fd_classifier"]
    codes_better, samples_better = codes < codes["ogan"], samples < samples["ogan"]
    assert codes_better.any()
    assert samples_better.any()
    assert not (codes_better & samples_better).any()


def test_findings_name_the_best_arms_of_the_sweep() -> None:
    """The lowest FD at strengths of 4 and more, and the lowest reconstruction error of all arms."""
    table = pd.read_csv(REFERENCE / "lambda_sweep" / "table.csv").pivot(
        index="arm", columns="metric", values="mean"
    )
    strong = table[table.index.str.endswith(("_4", "_16"))]
    assert strong["fd_classifier"].idxmin() == "mse_mean_4"
    assert table["autoencoding_mse"].idxmin() == "mse_mean_1"


def test_findings_quote_the_cost_in_the_best_host() -> None:
    report = (REFERENCE / "modern_hosts" / "report.md").read_text(encoding="utf-8")
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    _, _, after = report.partition(r"quality\_in\_r3gan).")
    found = re.search(r"difference \+(\d+) \\\[\+(\d+), \+(\d+)\\\] %", after)
    assert found is not None
    words = "their FD is {} % higher, with an interval from {} to {} %".format(*found.groups())
    assert words in " ".join(findings.split())


def test_findings_say_how_many_studies_were_not_registered() -> None:
    studies = [name for name in PUBLISHED if not name.endswith(TUNING)]
    late = [name for name in studies if not (REFERENCE / name / "registered.json").exists()]
    verb, whose = ("was", "its") if len(late) == 1 else ("were", "their")
    said = (
        f"Of the {len(studies)} published studies, {len(late)} {verb} not registered before {whose}"
        " trials."
        if late
        else f"All {len(studies)} published studies were registered before their trials"
    )
    for page in ("README.md", "docs/findings.md"):
        assert said in " ".join((ROOT / page).read_text(encoding="utf-8").split())


ANEW = {
    "any_gan",
    "degrees_of_freedom",
    "lambda_annealing",
    "lambda_sweep",
    "mode_collapse",
    "mse_vs_pearson",
    "normalisation_at_reconstruction",
    "optimizers",
    "packing",
    "pixel_reconstruction",
    "score_readouts",
    "self_modulation_and_ema",
    "small_data",
    "training_cost",
}
"""Published studies on the seeds 120 to 129, which were written down in one commit."""


def test_findings_name_the_registered_studies_that_share_trainings() -> None:
    studies: dict[str, set[str]] = {}
    store = TrialStore(REFERENCE)
    for name in PUBLISHED:
        if not (REFERENCE / name / "registered.json").exists():
            continue
        for folder in store.folders(name):
            config = (folder.read("run.json") or {})["config"]
            training = {key: config[key] for key in config if key != "evaluation"}
            studies.setdefault(json.dumps(training, sort_keys=True), set()).add(name)
    shared = {frozenset(names) for names in studies.values() if len(names) > 1}
    together = {names for names in shared if names & ANEW}
    assert all(names <= ANEW for names in together)
    assert shared - together == {
        frozenset({"linear_codes", "class_conditions", "sharing"}),
        frozenset({"linear_codes", "sharing"}),
        frozenset({"mse_vs_pearson-fashion", "score_readouts-fashion"}),
    }
    findings = " ".join((ROOT / "docs" / "findings.md").read_text(encoding="utf-8").split())
    assert "in `linear_codes`, then in `class_conditions` and `sharing`; its GAN" in findings
    assert "before the first of them was run" in findings


def test_findings_quote_the_published_report() -> None:
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    quoted = re.search(r"<!-- result:begin .*?-->\n(.*?)<!-- result:end -->", findings, re.DOTALL)
    assert quoted is not None
    report = (REFERENCE / "mse_vs_pearson" / "report.md").read_text(encoding="utf-8")
    verdicts, _, table = quoted[1].partition("\n| |")
    assert verdicts.strip()
    assert verdicts.strip() in report
    assert f"| |{table}".strip() in report
