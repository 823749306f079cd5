"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import math
import runpy
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.yaml_errors import read_yaml

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
SCRIPT = Path(__file__).parent.parent.parent / "benchmarks" / "report.py"


def test_update_step_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "update_step.py"))
    script["SETTINGS"][1:] = []
    monkeypatch.setattr(sys, "argv", ["update_step.py", "--rounds", "1"])
    script["main"]()
    assert "| 16, 16, 32, 1 |" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # in Dynamo
def test_compiled_step_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "compiled_step.py"))
    script["SETTINGS"][1:] = []
    command = ["compiled_step.py", "--rounds", "1", "--backend", "eager"]
    monkeypatch.setattr(sys, "argv", command)
    script["main"]()
    assert "| 16, 16, 32, 1 |" in capsys.readouterr().out


PEER = """
from torch import nn

class Net(nn.Linear):
    def train_step(self, real_batch, log_data, device, global_step, netG=None, optD=None,
                   netD=None, optG=None):
        assert len(real_batch[0]) and (netG or netD) and (optD or optG)

def SNGANGenerator32(nz, ngf): return Net(nz, ngf)
def SNGANDiscriminator32(ndf): return Net(ndf, 1)
"""


def test_peer_step_prints_its_table(tmp_path: Path) -> None:
    """With a hollow peer, in a process of its own since it makes the peer importable."""
    for folder in ("nets/sngan", "training"):
        (tmp_path / "torch_mimicry" / folder).mkdir(parents=True)
    (tmp_path / "torch_mimicry/nets/sngan/sngan_32.py").write_text(PEER, encoding="utf-8")
    log = tmp_path / "torch_mimicry/training/metric_log.py"
    log.write_text("class MetricLog: pass", encoding="utf-8")
    command = [sys.executable, str(BENCHMARKS / "peer_step.py"), str(tmp_path)]
    settings = ["--rounds", "1", "--width", "1"]
    done = subprocess.run([*command, *settings], capture_output=True, text=True, check=False)
    printed = done.stdout
    assert done.returncode == 0, done.stderr
    assert "of torch-mimicry: G 516, D 3; of ours" in printed
    assert "| simultaneous |" in printed


def test_fidelity_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "fidelity.py"))
    script["FEATURES"][1:] = []
    monkeypatch.setattr(sys, "argv", ["fidelity.py", "--rounds", "1"])
    script["main"]()
    assert "| 64 |" in capsys.readouterr().out


def test_extractors_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    monkeypatch.setenv("OGAN_BENCH_CLIP", str(tmp_path / "nothing"))
    script = runpy.run_path(str(BENCHMARKS / "extractors.py"))
    script["RESOLUTIONS"][1:] = []
    spaces = ["classifier", "efficientnet_lite0", "clip"]
    command = ["extractors.py", "--rounds", "1", "--images", "2", "--spaces", *spaces]
    monkeypatch.setattr(sys, "argv", command)
    script["main"]()
    table = capsys.readouterr().out
    assert "| `classifier` |" in table
    assert "`efficientnet-lite0:bilinear128@57934424`" in table
    assert "| `clip` | | no CLIP weights" in table


def test_data_preparation_prints_its_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "data_preparation.py"))
    script["SETTINGS"][:] = [(70, 16, 8)]
    monkeypatch.setattr(sys, "argv", ["data_preparation.py", "--rounds", "1"])
    script["main"]()
    printed = capsys.readouterr().out
    assert "70 files of 16 x 16 pixels to 8:" in printed
    assert "| plain |" in printed
    assert "| memory |" in printed


def test_evaluation_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "evaluation.py"))
    arguments = ["--samples", "80", "--groups", "diversity"]
    monkeypatch.setattr(sys, "argv", ["evaluation.py", *arguments])
    script["main"]()
    printed = capsys.readouterr().out
    assert "| group diversity |" in printed
    assert "times sampling and features" in printed


def test_evaluation_memory_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "evaluation_memory.py"))

    class HereInsteadOfInAProcess:
        def __enter__(self) -> HereInsteadOfInAProcess:
            return self

        def __exit__(self, *_: object) -> None: ...

        def apply(self, part: Callable[..., float], arguments: tuple[object, ...]) -> float:
            return part(*arguments)

    context = types.SimpleNamespace(Pool=lambda _: HereInsteadOfInAProcess())
    monkeypatch.setattr("multiprocessing.get_context", lambda _: context)
    arguments = ["--points", "120", "--features", "4", "--few", "110"]
    monkeypatch.setattr(sys, "argv", ["evaluation_memory.py", *arguments])
    script["main"]()
    printed = capsys.readouterr().out
    assert "120 points of 4 features take" in printed
    for name in (*script["LINEAR"], *script["PAIRS"]):
        assert f"| {name} | 1" in printed


def test_stacked_trials_are_those_trained_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "stacked.py"))
    script["TRIALS"][1:] = []
    monkeypatch.setattr(sys, "argv", ["stacked.py", "--rounds", "1"])
    script["main"]()
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 2 |")]
    *_, operations, apart, _ = (cell.strip() for cell in row.split("|"))
    separate, stacked = map(int, operations.split(" and "))
    assert stacked < separate
    assert float(apart) < 1e-4


def test_shapes_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "shapes.py"))
    script["RESOLUTIONS"][1:] = []
    monkeypatch.setattr(sys, "argv", ["shapes.py", "--rounds", "1", "--images", "2"])
    script["main"]()
    assert "| 32 |" in capsys.readouterr().out


def test_report_prints_its_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(SCRIPT))
    monkeypatch.setattr(sys, "argv", ["report.py", "--trials", "40", "--lines", "3"])
    script["main"]()
    printed = capsys.readouterr().out
    assert "| one study |" in printed
    assert "| 1 studies of 25 trials |" in printed
    assert "| the whole report |" in printed


def test_growth_prints_a_table_for_each_part_and_draws_them(tmp_path: Path) -> None:
    """In a process of its own: it forks."""
    parts = ("--part", "resolution", "--part", "trials", "--most", "32")
    published = BENCHMARKS.parent / "results/reference/mse_vs_pearson/pearson/seed-120"
    chosen = ("--command", "plan", "--command", "doctor", "--rounds", "2")
    files = ("--trial", str(published), "--figure", str(tmp_path / "growth.svg"))
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "growth.py", *parts, *chosen, *files],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "| resolution | step, s | GFLOPs |" in done.stdout
    assert "| 32 |" in done.stdout
    assert "| trials | plan, s | plan, MiB | plan, spread | doctor, s |" in done.stdout
    assert done.stdout.count("| exponent |") == 2
    assert (tmp_path / "growth.svg").exists()


def test_growth_fits_the_exponent_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))  # as for a script that is run by its name
    slope = runpy.run_path(str(BENCHMARKS / "growth.py"))["slope"]
    curve = {1: {"s": 5.0}, 10: {"s": 1.0}, 100: {"s": 100.0}}
    assert slope(curve, "s") == pytest.approx(2)
    assert math.isnan(slope({10: {"s": 1.0}}, "s"))
    assert math.isnan(slope({1: {"s": 1.0}, 10: {"s": 0.0}}, "s"))


def test_the_table_of_costs_has_every_study() -> None:
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8").partition("## `cost.py`")[2]
    table = text.partition("\n| study |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    files = shipped_studies().items()
    assert rows == [name for name, file in files if "paper" in read_yaml(file)["scales"]]


def test_gpu_keeps_its_results_and_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its processes are left out: tried in full with ``--device cpu --smoke``."""
    script = runpy.run_path(str(BENCHMARKS / "gpu.py"))
    measured: list[str] = []

    def measure(call: object, name: str, seconds: float) -> dict[str, object]:
        measured.append(name)
        if name == "study, any_gan":
            return {"trials": 4, "finished": measured.count(name), "unfinished": True}
        if name == "packing, 2":
            return {"failed": "exit code 1, see errors.txt"}
        if name.startswith("packing"):
            return {"trials": 4, "trials per hour": 100.0}
        if name == "step, dcgan 64":
            return script["step_rates"](call, "dcgan 64")  # type: ignore[no-any-return]
        return {"summary": "24 passed"}

    script["run_jobs"].__globals__["in_process"] = measure
    command = ["gpu.py", "--out", str(tmp_path), "--device", "cpu", "--smoke", "--piece"]
    monkeypatch.setattr(sys, "argv", command)
    script["main"]()
    script["main"]()
    assert measured.count("study, any_gan") == 2
    assert measured.count("tests") == 1
    printed = capsys.readouterr().out
    assert "Tests: 24 passed" in printed
    assert "| dcgan 64 | plain loop |" in printed
    assert "| dcgan 64 | captured, bf16 |" in printed
    assert "| dcgan 64 | captured, tf32 | failed: UserError: training.precision tf32" in printed
    assert "| 2 | failed: exit code 1, see errors.txt |" in printed
    assert "| any_gan | 2 | 4 |" in printed


def test_gpu_ends_a_job_that_takes_too_long(tmp_path: Path) -> None:
    script = runpy.run_path(str(BENCHMARKS / "gpu.py"))
    names = script["in_process"].__globals__
    names["__file__"] = str(tmp_path / "endless.py")
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    call = script["Call"](tmp_path, "cpu", True, None)
    found = script["in_process"](call, "tests", names["SECONDS_TO_STOP"] + 0.1)
    assert found["unfinished"]
    assert "exit code" in found["failed"]
