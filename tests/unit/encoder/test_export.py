"""Exported encoders: the same codes, nothing to unpickle, and a card that says what they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from ogan_bench.encoder.export import export
from ogan_bench.encoder.load import load_encoder
from ogan_bench.errors import UserError
from ogan_bench.runner.trained import EvaluatedPair
from ogan_bench.store.trial_folder import TrialFolder
from tests.contracts.small_trials import few_images, small_trial
from tests.unit.encoder.stored_encoders import store

RESULT = {
    "outcome": "stopped",
    "reason": "stopped after 3 of 9 steps",
    "metrics": [
        {"metric": "reconstruction_mse", "value": 0.125, "error": 0.0031, "n_samples": 360},
        {"metric": "latent_rho", "value": None, "error": None, "n_samples": 0},
        {"metric": "mine", "value": 2.0, "n_samples": 5, "note": "a | b"},
    ],
}


def test_an_exported_encoder_is_the_same_and_says_what_it_is(tmp_path: Path) -> None:
    trial, out = tmp_path / "trial", tmp_path / "exported"
    store(trial, small_trial(), few_images())
    (trial / "result.json").write_text(json.dumps(RESULT))
    provenance = {"git_commit": "abc123", "torch": "2.15.0", "cores": 2}
    (trial / "run.json").write_text(json.dumps({"provenance": provenance}))
    (trial / "checkpoint.pt").write_bytes(b"not to be handed on")
    assert {path.name for path in export(trial, out)} == {
        "README.md", "nets.json", "nets.safetensors", "result.json", "run.json",
    }  # fmt: skip
    images = few_images().test.images
    assert (load_encoder(out)(images) == load_encoder(trial)(images)).all()
    card = (out / "README.md").read_text(encoding="utf-8")
    for said in (
        "arm `a` of the study\n`t`, after 0 training steps",
        "stopped (stopped after 3 of 9 steps)",
        "| reconstruction MSE | 0.125",
        "| 0.0031 | 360 |",
        "| mine | 2 |  | 5 | a / b |",
        "| git_commit | abc123 |",
        "16 x 16 pixels, grey",
        "N(E(x))",
        "Licence of the data: unknown",
        '"z_dim": 6',
    ):
        assert said in card, said
    assert "cores" not in card
    assert "ρ" not in card  # without a value there is no row
    with pytest.raises(UserError, match="not an empty folder"):
        export(trial, out)
    export(out, tmp_path / "once_more")
    assert (tmp_path / "once_more" / "README.md").read_text(encoding="utf-8") == card


def test_nets_alone_have_a_card_without_results(tmp_path: Path) -> None:
    store(tmp_path / "trial", small_trial(), few_images())
    export(tmp_path / "trial", tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Its result is not at hand." in card
    assert "None are at hand." in card
    assert "None are at hand: the nets were exported without the results of their study." in card


def test_the_card_judges_the_trial_as_reports_do(tmp_path: Path) -> None:
    trial = tmp_path / "trial"
    store(trial, small_trial(), few_images())
    row = {"metric": "modes_kl_classifier", "value": 2.3, "n_samples": 100}
    (trial / "result.json").write_text(json.dumps({"outcome": "ok", "metrics": [row]}))
    export(trial, tmp_path / "collapsed")
    card = (tmp_path / "collapsed" / "README.md").read_text(encoding="utf-8")
    assert "Outcome of the trial: collapsed (spread over 10% of the modes)." in card
    bounded = {"outcome": "ok", "metrics": [], "training": {"adversarial_lower_bound": 0.0}}
    (trial / "result.json").write_text(json.dumps(bounded))
    for step in range(20):
        TrialFolder(trial).log.append({"step": step, "encoder_adversarial": 0.0})
    export(trial, tmp_path / "saturated")
    card = (tmp_path / "saturated" / "README.md").read_text(encoding="utf-8")
    assert "Outcome of the trial: saturated (the adversarial loss of E is 0 at the end)." in card
    export(tmp_path / "saturated", tmp_path / "without_log")
    card = (tmp_path / "without_log" / "README.md").read_text(encoding="utf-8")
    assert "ok (whether it was saturated is not known: the training log is not at hand)" in card


VERDICTS = {
    "standing": "preliminary; not registered",
    "verdicts": [
        {"claim": "It is\n<b>.", "decision": "refuted", "reason": "0.5 against 0.4", "n": [4, 5],
         "rests_on": "rests on seed 3"},
        {"claim": "Or so.", "decision": "inconclusive", "reason": "p = 0.5", "n": [5],
         "rests_on": ""},
    ],
    "none": "",
}  # fmt: skip


def test_the_card_states_verdicts_or_why_there_are_none(tmp_path: Path) -> None:
    store(tmp_path / "trial", small_trial(), few_images())
    export(tmp_path / "trial", tmp_path / "out", verdicts=VERDICTS)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for said in (
        "Standing: preliminary; not registered.",
        "- **refuted**: It is &lt;b&gt;. 0.5 against 0.4. n = 4, 5; rests on seed 3.\n",
        "- **inconclusive**: Or so. p = 0.5. n = 5.\n",
    ):
        assert said in card, said
    export(tmp_path / "out", tmp_path / "again")  # which no study is beside
    assert (tmp_path / "again" / "README.md").read_text(encoding="utf-8") == card
    none = {"standing": "registered", "verdicts": [], "none": "it states no hypotheses"}
    export(tmp_path / "trial", tmp_path / "without", verdicts=none)
    card = (tmp_path / "without" / "README.md").read_text(encoding="utf-8")
    assert "None by the study `t`: it states no hypotheses." in card


def test_a_trial_of_an_earlier_version_loads_its_data_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, images = small_trial(), few_images()
    pair = store(tmp_path / "now", trial, images)
    loaded = []

    def load(folder: Path, *, plugins: Sequence[Path] = ()) -> EvaluatedPair:
        loaded.append(folder)
        return EvaluatedPair(pair, trial, images, 0)

    monkeypatch.setattr("ogan_bench.encoder.export.load_evaluated", load)
    monkeypatch.setattr("ogan_bench.encoder.load.load_evaluated", load)
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    export(earlier, tmp_path / "out")
    assert loaded == [earlier]
    shown = images.test.images
    assert (load_encoder(tmp_path / "out")(shown) == load_encoder(tmp_path / "now")(shown)).all()


def test_damaged_weights_are_not_handed_on(tmp_path: Path) -> None:
    store(tmp_path / "trial", small_trial(), few_images())
    (tmp_path / "trial" / "nets.safetensors").write_bytes(b"cut off")
    with pytest.raises(UserError, match="damaged"):
        export(tmp_path / "trial", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_programs_lie_beside_the_weights_and_the_card_says_how_to_use_them(tmp_path: Path) -> None:
    store(tmp_path / "trial", small_trial(), few_images())
    written = export(tmp_path / "trial", tmp_path / "out", forms=["onnx"])
    names = {path.name for path in written}
    assert {"encoder.onnx", "generator.onnx", "nets.safetensors"} <= names
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "as `encoder.onnx`, `generator.onnx`" in card
    assert "`images` (uint8, (n, 1, 16, 16))" in card
    assert ModelCard(card).data.get("library_name") == "ogan_bench"
