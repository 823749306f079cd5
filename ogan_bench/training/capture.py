"""The device half of a step as a CUDA graph: recorded once, then replayed without Python.

A small net's kernels are shorter than the time that Python takes to launch them. A graph launches
all kernels of a step at once. It reads and writes the addresses that it was recorded with, and
numbers of the host stay what they were. So every batch is copied into the tensors of the first one,
and what depends on the progress of the training enters as a tensor, or decides which recording is
replayed: each set of decisions, such as which nets rest, has its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from ogan_bench.objectives.forward_pass import Batch, Schedule
from ogan_bench.training.augmentations import DrawnAugmentation
from ogan_bench.training.updates import StepReport, Update

WARM_UP = 3
"""Plain steps before a recording: libraries allocate workspaces, optimisers make their state."""


class Graph(Protocol):
    """Something that records what runs on a device and repeats it."""

    def warm_up(self, step: Callable[[], StepReport]) -> StepReport:
        """Run a step in the way in which it will be recorded."""

    def record(self, step: Callable[[], StepReport]) -> StepReport:
        """Record a step without running it; its outputs are filled by :meth:`replay`."""

    def replay(self) -> None:
        """Run the recorded step on the tensors that it was recorded with."""


class CudaGraph:
    """A :class:`Graph` of CUDA kernels."""

    def __init__(self) -> None:
        self._graph = torch.cuda.CUDAGraph()

    def warm_up(self, step: Callable[[], StepReport]) -> StepReport:
        """Run a step on a stream of its own, as recording does."""
        stream, current = torch.cuda.Stream(), torch.cuda.current_stream()
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            report = step()
        current.wait_stream(stream)
        return report

    def record(self, step: Callable[[], StepReport]) -> StepReport:
        """Record a step; other threads may go on copying to the GPU."""
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            return step()

    def replay(self) -> None:
        """Launch the recorded kernels."""
        self._graph.replay()


class CapturedUpdate:
    """The device half of a step; called like the plain one, and with the same results.

    The tensors of a report are overwritten by the next step.

    Args:
        update: The plain one.
        graph: Makes an empty graph.
        warm_up: Plain steps before a recording.
    """

    def __init__(
        self, update: Update, graph: Callable[[], Graph] = CudaGraph, *, warm_up: int = WARM_UP
    ) -> None:
        self._update = update
        self._graph = graph
        self._warm_up = warm_up
        self.recordings: list[Recording] = []

    def __call__(self, batches: Sequence[Batch]) -> StepReport:
        """Update the nets."""
        for recording in self.recordings:
            if recording.fits(batches[0]):
                return recording.step(batches)
        self.recordings.append(Recording(self._update, self._graph(), self._warm_up))
        return self.recordings[-1].step(batches)


class Recording:
    """A step that is recorded, for all steps in which the host decides alike.

    It is the :class:`~ogan_bench.objectives.forward_pass.HostInputs` of its batches.

    Args:
        update: The device half of a step.
        graph: An empty graph.
        warm_up: Plain steps before it is recorded.
    """

    def __init__(self, update: Update, graph: Graph, warm_up: int) -> None:
        self._update = update
        self._graph = graph
        self._warm_up = warm_up
        self._batches: list[Batch] = []
        self._report: StepReport | None = None
        self._decisions: dict[float, bool] = {}
        self._turns: dict[int, bool] = {}
        self._weights: dict[Schedule, Tensor] = {}
        self._progress = 0.0
        self._step = 0
        self._steps = 0
        self._recordable = True

    def fits(self, batch: Batch) -> bool:
        """Whether the host decides as in the steps so far."""
        shares, turns = self._decisions.items(), self._turns.items()
        return all((batch.progress < share) == answer for share, answer in shares) and all(
            (batch.step % every == 0) == answer for every, answer in turns
        )

    @property
    def progress(self) -> float:
        """Completed share of the training; a step that reads it is never recorded."""
        self._recordable = False
        return self._progress

    def before(self, share: float) -> bool:
        """Whether the completed share of the training is below this one; remembered."""
        return self._decisions.setdefault(share, self._progress < share)

    def is_turn(self, every: int) -> bool:
        """Whether this step is one of every so many; remembered."""
        return self._turns.setdefault(every, self._step % every == 0)

    def weight(self, schedule: Schedule) -> Tensor:
        """The weight at this step, always in the same tensor."""
        if schedule not in self._weights:
            device = self._batches[0].z.device
            self._weights[schedule] = torch.full((), schedule(self._progress), device=device)
        return self._weights[schedule]

    def step(self, batches: Sequence[Batch]) -> StepReport:
        """Run the step on these batches: plainly at first, then recorded, then replayed."""
        self._progress, self._step = batches[0].progress, batches[0].step
        for schedule, weight in self._weights.items():
            weight.fill_(schedule(self._progress))
        if self._batches:
            for own, new in zip(_tensors(self._batches), _tensors(batches), strict=True):
                own.copy_(new)
        else:
            self._batches = [replace(_mapped(batch, torch.clone), host=self) for batch in batches]
        self._steps += 1
        if self._steps > self._warm_up and self._report is None and self._recordable:
            self._record()
        if self._report is None:
            return self._graph.warm_up(self._plain)
        self._graph.replay()
        return self._report

    def _record(self) -> None:
        try:
            self._report = self._graph.record(self._plain)
        except RuntimeError as error:  # a plug-in may read a value; the steps stay plain then
            self._recordable = False
            warnings.warn(f"steps cannot be captured as a CUDA graph: {error}", stacklevel=2)

    def _plain(self) -> StepReport:
        return self._update(self._batches)


def _mapped(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """The batch with all its tensors replaced."""

    def augment(drawn: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        if not isinstance(drawn, DrawnAugmentation):
            return drawn
        return replace(drawn, drawn=[change(tensor) for tensor in drawn.drawn])

    return replace(
        batch,
        x=change(batch.x),
        z=change(batch.z),
        labels=None if batch.labels is None else change(batch.labels),
        z_labels=None if batch.z_labels is None else change(batch.z_labels),
        noise={name: change(tensor) for name, tensor in batch.noise.items()},
        augment_real=augment(batch.augment_real),
        augment_fake=augment(batch.augment_fake),
    )


def _tensors(batches: Sequence[Batch]) -> list[Tensor]:
    found: list[Tensor] = []

    def collect(tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    for batch in batches:
        _mapped(batch, collect)
    return found
