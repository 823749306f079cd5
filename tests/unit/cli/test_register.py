"""``ogan-bench register``: a study is stated before its first trial, once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.runner.machine_speed import MachineSpeed, NetSpeed, write_speed
from ogan_bench.runner.measure_speed import this_machine
from ogan_bench.runner.study import store_study
from ogan_bench.store.preregistration import register, registration
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import find_study
from ogan_bench.study.trial import trials
from tests.unit.cli.asking import ask

STUDY = Path("mse_vs_pearson")
REFERENCE = Path(__file__).parents[3] / "results" / "reference"
FOLDER = "mse_vs_pearson-smoke"


@pytest.fixture(autouse=True)
def nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No measurement of this machine is in the cache."""
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "cache"))


def registered(root: Path, *arguments: str) -> str:
    return ask("register", str(STUDY), "--scale", "smoke", "--results", str(root), *arguments)


def first_run(root: Path) -> None:
    """What the first run stores before it trains."""
    study = load_study(find_study(STUDY), scale="smoke")
    store_study(TrialStore(root), study, trials(study, ["none"], [0]), STUDY, "smoke", ())


def test_the_protocol_states_the_hash_that_a_first_run_registers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    facts = json.loads(registered(here, "--json"))
    first_run(elsewhere)
    known = (registration(TrialStore(elsewhere), FOLDER) or {})["sha256"]
    assert facts["sha256"] == known
    assert facts["protocol"] == str(here / FOLDER / "protocol.md")
    assert facts["trials"] == 10
    assert facts["training_seconds"] is None
    text = Path(facts["protocol"]).read_text()
    assert known in text
    assert "No power was computed." in text
    before = Path(facts["registered"]).read_bytes()
    first_run(here)
    assert Path(facts["registered"]).read_bytes() == before
    assert capsys.readouterr().err == ""


def test_a_registered_study_is_preliminary_until_it_is_run(tmp_path: Path) -> None:
    registered(tmp_path)
    text = ask("status", str(STUDY), "--scale", "smoke", "--results", str(tmp_path))
    assert text.startswith(f"{FOLDER}: preliminary; registered\n")


def test_seeds_of_the_run_can_be_registered(tmp_path: Path) -> None:
    registered(tmp_path, "--seeds", "0-4")
    assert (registration(TrialStore(tmp_path), FOLDER) or {})["seeds"] == [0, 1, 2, 3, 4]


def test_the_power_is_stated_with_what_it_assumes(tmp_path: Path) -> None:
    out = tmp_path / "protocol.md"
    registered(tmp_path, "--spread", "0.1", "--effect", "0.2", "--out", str(out))
    text = out.read_text()
    assert "The chance of a verdict with 2 seeds per arm" in text
    assert "standard deviation over seeds 10 % of the mean" in text
    rows = json.loads(
        ask("power", str(STUDY), "--scale", "smoke", "--spread", "0.1", "--effect", "0.2",
            "--seeds", "2", "--json")
    )  # fmt: skip
    assert f"| encoder\\_works | {100 * rows[0]['chances']['2']:.0f} % |" in text


def test_the_power_may_come_from_a_pilot(tmp_path: Path) -> None:
    registered(tmp_path, "--pilot", str(REFERENCE / "mse_vs_pearson"))
    text = (tmp_path / FOLDER / "protocol.md").read_text()
    assert "the estimates of the pilot mse\\_vs\\_pearson are taken as the truth" in text
    assert re.search(r"\| encoder\\_works \| \d+ % \|", text)


def test_the_cost_is_that_of_the_plan_where_this_machine_was_measured(tmp_path: Path) -> None:
    nets = (NetSpeed("dcgan", 16, 64, 10**9, 0.5),)
    machine = this_machine("cpu")
    write_speed(tmp_path / "cache", MachineSpeed(machine, "2026-01-01", nets, {1: 2.0}))
    facts = json.loads(registered(tmp_path, "--device", "cpu", "--json"))
    plan = ("plan", str(STUDY), "--scale", "smoke", "--device", "cpu", "--workers", "1", "--json")
    expected = json.loads(ask(*plan))["training_seconds"]
    assert facts["training_seconds"] == pytest.approx(expected)
    assert "one after another takes about" in Path(facts["protocol"]).read_text()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    registered(tmp_path)
    path = tmp_path / FOLDER / "registered.json"
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"registered before, SHA-256 [0-9a-f]{64}"):
        registered(tmp_path, "--out", str(tmp_path / "other.md"))
    assert path.read_bytes() == before
    assert not (tmp_path / "other.md").exists()
    mine = tmp_path / "mine.md"
    mine.write_text("mine")
    with pytest.raises(UserError, match=r"mine\.md: exists already"):
        registered(tmp_path / "new", "--out", str(mine))
    assert mine.read_text() == "mine"
    assert not (tmp_path / "new" / FOLDER).exists()


def test_a_study_with_trials_is_not_registered_afterwards(tmp_path: Path) -> None:
    run = tmp_path / FOLDER / "none" / "seed-0" / "run.json"
    run.parent.mkdir(parents=True)
    run.write_text("{}")
    with pytest.raises(UserError, match="has trials, such as seed-0 of none"):
        registered(tmp_path)
    assert not (tmp_path / FOLDER / "registered.json").exists()


def test_a_registration_by_another_process_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(store: TrialStore, study: str, record: dict[str, object]) -> str | None:
        register(store, study, {**record, "alpha": 0.01})
        return register(store, study, record)

    monkeypatch.setattr("ogan_bench.store.preregistration.register", late)
    with pytest.raises(UserError, match="by another process meanwhile"):
        registered(tmp_path)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["registered.json"]
