"""Everything that has to be measured on a GPU, in one program for the day there is one.

``python benchmarks/gpu.py --out gpu`` takes 25 minutes at most: the tests marked ``gpu``; images
per second of a training step next to a plain loop, and to torch-mimicry's own step if its checkout
is given; trials per hour for 1 to 16 workers on one GPU; and the shipped studies at their scale
``fashion`` for as long as time is left. The goals: at least 2 times the images per second of the
plain loop, and at least 3 times the trials per hour of one worker.

With ``--piece`` a call ends after 8 minutes, and the next one with the same ``--out`` goes on. That
folder holds the state and the results (``gpu.json``) and their tables (``gpu.md``). Every job runs
in a process of its own, so one that fails costs nothing but its own row.

``--device cpu --smoke`` tries all of it with tiny settings; such numbers mean nothing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.files import write_json
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial, trials
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.setup import build_nets, build_training

ROOT = Path(__file__).resolve().parent.parent
TOTAL_SECONDS = 25 * 60
PIECE_SECONDS = 8 * 60
SECONDS_TO_STOP = 45
"""What an interrupted study may take to save its trials."""

WORKERS = (1, 2, 4, 8, 16)
BATCH = 64
Z_DIM = 128
IMAGES = 2048
NETS: dict[str, dict[str, Any]] = {
    "dcgan 64": {"name": "dcgan"},
    "dcgan 128": {"name": "dcgan"},
    "resnet 32": {"name": "resnet"},
    "resnet 128": {"name": "resnet"},
}
"""Architecture and resolution: its settings besides the width."""

VARIANTS: dict[str, dict[str, Any]] = {
    "plain steps": {"capture": "off"},
    "captured": {},
    "plain steps, tf32": {"capture": "off", "precision": "tf32"},
    "captured, tf32": {"precision": "tf32"},
    "captured, bf16": {"precision": "bf16"},
}
"""Name of each of our variants to its settings of training."""


@dataclass(frozen=True)
class Call:
    """What the command line says.

    Args:
        out: Folder of the state and the results.
        device: Torch device.
        smoke: Whether everything is tiny.
        mimicry: Checkout of torch-mimicry.
    """

    out: Path
    device: str
    smoke: bool
    mimicry: Path | None

    @property
    def arguments(self) -> list[str]:
        """The same for the process of a job."""
        chosen = ["--out", str(self.out), "--device", self.device]
        chosen += ["--smoke"] if self.smoke else []
        return [*chosen, "--mimicry", str(self.mimicry)] if self.mimicry else chosen


@dataclass(frozen=True)
class Job:
    """Something to measure.

    Args:
        measure: Measures it, and returns what ``gpu.json`` keeps.
        resumes: Whether a call that was interrupted goes on instead of starting again.
    """

    measure: Callable[[Call], dict[str, Any]]
    resumes: bool = False


def jobs(call: Call) -> dict[str, Job]:
    """All jobs by name, in the order in which they run."""
    found = {"tests": Job(gpu_tests)}
    for name in list(NETS)[:: 2 if call.smoke else 1]:
        found[f"step, {name}"] = Job(lambda call, name=name: step_rates(call, name))
    for workers in WORKERS[: 2 if call.smoke else None]:
        found[f"packing, {workers}"] = Job(lambda call, n=workers: packed_trials(call, n))
    for path in sorted((ROOT / "studies").glob("*.yaml"))[: 1 if call.smoke else None]:
        found[f"study, {path.stem}"] = Job(
            lambda call, path=path: run_study(call, path), resumes=True
        )
    return found


# The tests


def gpu_tests(call: Call) -> dict[str, Any]:
    """The tests that need a GPU; on a CPU they are collected and skipped."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "tests/e2e/test_gpu.py"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (call.out / "tests.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    return {"exit code": done.returncode, "summary": done.stdout.strip().splitlines()[-1]}


# A training step

Step = Callable[[int], None]


def step_rates(call: Call, name: str) -> dict[str, Any]:
    """Images per second of every variant, by rounds in which all of them take their turn."""
    device, resolution = torch.device(call.device), int(name.split()[1])
    images = torch.randint(
        256, (IMAGES, 3, resolution, resolution), generator=torch.Generator().manual_seed(0)
    ).to(torch.uint8)
    dataset = Dataset("noise", Split(images, None), Split(images, None), (), "").to(device)
    made: dict[str, Callable[[], Step]] = {
        "plain loop": lambda: plain_loop(step_trial(call, name, {}), dataset, device)
    }
    if call.mimicry is not None:
        made["torch-mimicry"] = lambda: mimicry_loop(call, name, dataset, device)
    for variant, training in VARIANTS.items():
        made[variant] = lambda training=training: ours(
            step_trial(call, name, training), dataset, device
        )
    steps: dict[str, Step] = {}
    failed: dict[str, str] = {}
    for variant, make in made.items():
        try:
            steps[variant] = make()
            for index in range(1 if call.smoke else 20):  # kernels are chosen, graphs recorded
                steps[variant](index)
        except Exception as error:  # the other variants are still measured
            steps.pop(variant, None)
            failed[variant] = f"{type(error).__name__}: {error}".splitlines()[0]
    rounds, block = (1, 1) if call.smoke else (7, 40)
    rates: dict[str, list[float]] = {variant: [] for variant in steps}
    for turn in range(rounds):
        for variant, step in steps.items():
            synchronize(device)
            started = time.perf_counter()
            for index in range(block):
                step(100 + turn * block + index)
            synchronize(device)
            rates[variant].append(block * BATCH / (time.perf_counter() - started))
    return {"images per second": rates, "failed": failed}


def step_trial(call: Call, name: str, training: dict[str, Any]) -> Trial:
    """A GAN without a consistency term, with the hinge loss: what the other loops train too."""
    objective = {
        "adversarial": "hinge",
        "readout": "avg",
        "consistency": "none",
        "penalty": "none",
    }
    width = {"width": 4} if call.smoke else {}
    settings = {
        "data": "shapes",  # stands for the noise that it is trained on
        "model": {**NETS[name], **width, "z_dim": Z_DIM},
        "objective": objective,
        "training": {
            "steps": 10_000,
            "batch_size": BATCH,
            "optimizer": "adam",
            "updates": "alternating",
            **training,
        },
    }
    return Trial("gpu", "step", 0, Settings.model_validate(settings))


def ours(trial: Trial, dataset: Dataset, device: torch.device) -> Step:
    """A step as the training loop takes it, with its means for the log."""
    setup, window = build_training(trial, dataset, device), RunningMeans()

    def step(index: int) -> None:
        window.add(setup.update(setup.draw(index)))

    return step


def plain_loop(trial: Trial, dataset: Dataset, device: torch.device) -> Step:
    """The step of a plain training script on the same nets: two losses, read in every step.

    Torch's defaults hold, so on a GPU its convolutions are in TF32, as in our variants ``tf32``.
    """
    nets = build_nets(trial, dataset)
    D, G = nets.encoder.to(device), nets.generator.to(device)
    for_d, for_g = (torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (D, G))

    def step(index: int) -> None:
        x = real_images(dataset, index)
        D.zero_grad()
        fake = G(torch.randn(BATCH, Z_DIM, device=device)).detach()
        loss_d = (relu(1 + D(x).mean(dim=1)) + relu(1 - D(fake).mean(dim=1))).mean()
        loss_d.backward()
        for_d.step()
        G.zero_grad()
        loss_g = D(G(torch.randn(BATCH, Z_DIM, device=device))).mean()
        loss_g.backward()
        for_g.step()
        loss_d.item(), loss_g.item()

    return step


def mimicry_loop(call: Call, name: str, dataset: Dataset, device: torch.device) -> Step:
    """torch-mimicry's own training steps on the same nets."""
    assert call.mimicry is not None
    add_mimicry(call.mimicry)
    from torch_mimicry.nets.gan import gan

    nets = build_nets(step_trial(call, name, {}), dataset)

    class Generator(gan.BaseGenerator):
        def __init__(self, net: nn.Module) -> None:
            super().__init__(nz=Z_DIM, ngf=0, bottom_width=4, loss_type="hinge")
            self.net = net

        def forward(self, z: Tensor) -> Tensor:
            images: Tensor = self.net(z)
            return images

    class Discriminator(gan.BaseDiscriminator):
        def __init__(self, net: nn.Module) -> None:
            super().__init__(ndf=0, loss_type="hinge")
            self.net = net

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = -self.net(x).mean(dim=1, keepdim=True)
            return logits

    D, G = Discriminator(nets.encoder).to(device), Generator(nets.generator).to(device)
    return mimicry_step(D, G, dataset, device)


def mimicry_step(D: Any, G: Any, dataset: Dataset, device: torch.device) -> Step:
    """torch-mimicry's step of a discriminator and a generator of its own classes."""
    from torch_mimicry.training.metric_log import MetricLog

    for_d, for_g = (torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (D, G))

    def step(index: int) -> None:
        log, batch = MetricLog(), (real_images(dataset, index), None)
        D.train_step(
            real_batch=batch, netG=G, optD=for_d, log_data=log, device=device, global_step=index
        )
        G.train_step(
            real_batch=batch, netD=D, optG=for_g, log_data=log, device=device, global_step=index
        )

    return step


def add_mimicry(folder: Path) -> None:
    """Make torch-mimicry importable, without what it imports for its metrics only."""
    importlib.import_module("torch._dynamo")  # looks for TensorFlow, and a hollow one breaks it
    sys.path.insert(0, str(folder))
    for hollow in ("tensorflow", "tensorboard.compat.notf", "torch._six"):
        sys.modules.setdefault(hollow, types.ModuleType(hollow))
    vars(sys.modules["torch._six"])["PY3"] = True  # asked for by the last release


def real_images(dataset: Dataset, index: int) -> Tensor:
    """A batch for the other loops, which read no order of epochs."""
    start = index * BATCH % (len(dataset.train) - BATCH + 1)
    return to_float(dataset.train.images[start : start + BATCH])


def synchronize(device: torch.device) -> None:
    """Wait for a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


# Trials and studies


def packed_trials(call: Call, workers: int) -> dict[str, Any]:
    """Small trials on digits with so many workers on one device, from their start to their end.

    The count starts with the first trial, when all processes have loaded torch.
    """
    results = call.out / "packing" / str(workers)
    seeds = 1 if call.smoke else 4
    steps = ["--scale", "smoke"] if call.smoke else ["--set", "training.steps=600"]
    arms = ["--arms", "pearson,none,mse,mse_mean"]
    command = [
        *tool("run", "studies/mse_vs_pearson.yaml"),
        *steps,
        *arms,
        "--results",
        str(results),
    ]
    subprocess.run(
        [*command, "--seeds", f"0-{seeds - 1}", "--workers", str(workers), "--device", call.device],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ends = [path.stat().st_mtime for path in results.rglob("result.json")]
    begins = [path.stat().st_mtime for path in results.rglob("run.json")]
    return {"trials": len(ends), "trials per hour": 3600 * len(ends) / (max(ends) - min(begins))}


def run_study(call: Call, path: Path) -> dict[str, Any]:
    """A shipped study at its scale ``fashion``; finished trials are skipped."""
    scale, results = "smoke" if call.smoke else "fashion", call.out / "results"
    wanted = trials(load_study(path, scale=scale))
    command = tool("run", str(path), "--scale", scale, "--results", str(results))
    started = subprocess.Popen(
        [*command, "--device", call.device, "--workers", str(2 if call.smoke else WORKERS[-2])],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = started.communicate()[1]
    folder = results / wanted[0].study
    finished = len(list(folder.rglob("result.json")))
    found = {"trials": len(wanted), "finished": finished}
    return found if started.returncode == 0 else {**found, "failed": said.strip()[-300:]}


def tool(*arguments: str) -> list[str]:
    """A command of the tool."""
    return [sys.executable, "-m", "ogan_bench", *arguments]


# The calls


def run_jobs(call: Call, seconds: float, total: float) -> None:
    """Run the jobs that are left until the time of this call, or of all calls, is used up."""
    state = read_state(call)
    before, started = state["seconds"], time.monotonic()
    whole = min(seconds, total - before)
    for name, job in jobs(call).items():
        left = whole - (time.monotonic() - started)
        if left < 2 * SECONDS_TO_STOP:
            break
        if state["jobs"].get(name, {"unfinished": True}).get("unfinished"):
            found = in_process(call, name, left)
            if found.get("unfinished") and not job.resumes and left > 0.9 * whole:
                found = {"failed": f"took longer than {left:.0f} s"}
            state["jobs"][name] = found
            state["seconds"] = before + time.monotonic() - started
            write_json(call.out / "gpu.json", state)
            table = "\n".join(report(call, state)) + "\n"
            (call.out / "gpu.md").write_text(table, encoding="utf-8")


def in_process(call: Call, name: str, seconds: float) -> dict[str, Any]:
    """What a job in a process of its own measured; it is interrupted to end in time."""
    answer = call.out / "answer.json"
    answer.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--job", name, *call.arguments]
    interrupted = False
    with (call.out / "errors.txt").open("a", encoding="utf-8") as errors:
        # In a session of its own, so that the signals reach the processes that it starts.
        process = subprocess.Popen(command, cwd=ROOT, stderr=errors, start_new_session=True)
        waits = ((seconds - SECONDS_TO_STOP, signal.SIGINT), (SECONDS_TO_STOP, signal.SIGKILL))
        for wait, number in waits:
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                interrupted = True
                os.killpg(process.pid, number)
        process.wait()
    found: dict[str, Any] = {"failed": f"exit code {process.returncode}, see errors.txt"}
    if answer.exists():
        found = json.loads(answer.read_text("utf-8"))
    return {**found, "unfinished": True} if interrupted else found


def read_state(call: Call) -> dict[str, Any]:
    """Seconds used by all calls, and the outcome of every job that is done."""
    path = call.out / "gpu.json"
    state: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {"seconds": 0.0, "jobs": {}, **state}


def report(call: Call, state: dict[str, Any]) -> Iterator[str]:
    """The tables."""
    done = state["jobs"]
    yield f"{machine(call.device)}, torch {torch.__version__}, {state['seconds'] / 60:.1f} minutes."
    if call.smoke:
        yield "Tiny settings: these numbers mean nothing."
    yield f"\nTests: {done.get('tests', {}).get('summary', 'not run yet')}"
    yield "\n| nets, pixels | variant | images/s | lowest to highest | to the plain loop |"
    yield "|---|---|---|---|---|"
    for name in NETS:
        found = done.get(f"step, {name}", {})
        rates = found.get("images per second", {})
        plain = statistics.median(rates["plain loop"]) if "plain loop" in rates else float("nan")
        for variant, values in rates.items():
            median = statistics.median(values)
            spread = f"{min(values):,.0f} to {max(values):,.0f}"
            yield f"| {name} | {variant} | {median:,.0f} | {spread} | {median / plain:.2f}x |"
        for variant, message in failures(found):
            yield f"| {name} | {variant} | failed: {message} | | |"
    yield "\n| workers on one GPU | trials | trials per hour | to one worker |"
    yield "|---|---|---|---|"
    one = done.get("packing, 1", {}).get("trials per hour", float("nan"))
    for workers in WORKERS:
        found = done.get(f"packing, {workers}", {})
        rate = found.get("trials per hour")
        if rate:
            yield f"| {workers} | {found['trials']} | {rate:,.0f} | {rate / one:.2f}x |"
        elif "failed" in found:
            yield f"| {workers} | failed: {found['failed']} | | |"
    yield "\n| study | finished | of | |"
    yield "|---|---|---|---|"
    for name, found in done.items():
        if name.startswith("study, "):
            counts = f"{found.get('finished', 0)} | {found.get('trials', '')}"
            yield f"| {name.removeprefix('study, ')} | {counts} | {found.get('failed', '')} |"


def failures(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What failed: single variants, or the whole job."""
    failed = found.get("failed", {})
    return list(failed.items()) if isinstance(failed, dict) else [("all", failed)]


def machine(device: str) -> str:
    """Name of the GPU, or ``CPU``."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "CPU, one thread"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of state and results")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--piece", action="store_true", help="stop after 8 minutes")
    parser.add_argument("--mimicry", type=Path, help="checkout of torch-mimicry")
    parser.add_argument("--smoke", action="store_true", help="try everything with tiny settings")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    call = Call(arguments.out.resolve(), arguments.device, arguments.smoke, arguments.mimicry)
    call.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if arguments.job:
        job = jobs(call)[arguments.job]
        if job.resumes:  # what it started saves its state and ends; then it reports
            signal.signal(signal.SIGINT, lambda number, frame: None)
        write_json(call.out / "answer.json", job.measure(call))
        return
    run_jobs(call, PIECE_SECONDS if arguments.piece else TOTAL_SECONDS, TOTAL_SECONDS)
    sys.stdout.write((call.out / "gpu.md").read_text("utf-8"))


if __name__ == "__main__":
    main()
