"""Which nets an objective passes images and z through, and which results each loss reads.

Recorded, not stated: the losses are computed once on a small batch, every tensor knows what it was
made from, and a call of a net makes something new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ogan_bench.data.base import ImageShape
from ogan_bench.models.base import Architecture
from ogan_bench.objectives.base import Objective, draw_noise
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Net
from ogan_bench.seeding import generator
from ogan_bench.study.parts import build, component_of

OWN: dict[str, dict[str, Any]] = {
    "composed": {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "quadratic_potential",
    },
}
"""Parts of the objectives that have no defaults: those of O-GAN."""

OPENED = {"bigbigan": {"critic.joint"}}
"""Objectives that differ from another in what is within a net: a part of the net that is shown by
its parts."""

X, Z, NOISE = "x", "z", "ε"

NAMES: dict[Net, str] = {"encoder": "E", "generator": "G", "critic": "C"}

N, D, WIDTH, IMAGES, CLASSES = 4, 6, 4, ImageShape(1, 16, 16), 3
"""Of the batch and the nets on which losses are recorded."""

PROGRESS = (0.25, 0.75)
"""Some nets rest in one half of the training."""

WITHOUT_VALUES = (
    *(torch.zeros_like, torch.ones_like, torch.full_like, torch.empty_like),
    *(Tensor.new_zeros, Tensor.new_ones, Tensor.new_full, Tensor.new_empty),
)
"""Functions whose result has the shape of a tensor and nothing of its values."""


@dataclass(frozen=True)
class Call:
    """What a net made.

    Args:
        net: Whose weights it used.
        name: Of the net, or of the part of it that was called.
        inputs: What it was made from: :data:`X`, :data:`Z`, :data:`NOISE` or another call.
    """

    net: Net
    name: str
    inputs: tuple[str, ...]


@dataclass
class Dataflow:
    """The flow of an objective.

    Args:
        calls: By the formula that names it, such as ``E(G(z))``, each after its inputs.
        losses: For each net, the loss terms that depend on it, by name, each with what it reads.
    """

    calls: dict[str, Call] = field(default_factory=dict)
    losses: dict[Net, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def upstream(self, names: Iterable[str]) -> dict[str, None]:
        """What these are made from, themselves included."""
        found = dict.fromkeys(names)
        for name, call in reversed(self.calls.items()):
            found |= dict.fromkeys(call.inputs) if name in found else {}
        return found

    def essential(self) -> Dataflow:
        """The flow without terms that do not depend on their net, and what leads to no loss."""
        losses: dict[Net, dict[str, tuple[str, ...]]] = {}
        for net, terms in self.losses.items():
            own = {name for name, call in self.calls.items() if call.net == net}
            kept = {name: read for name, read in terms.items() if own & set(self.upstream(read))}
            losses |= {net: kept} if kept else {}
        needed = self.upstream(
            name for terms in losses.values() for read in terms.values() for name in read
        )
        return Dataflow({name: call for name, call in self.calls.items() if name in needed}, losses)


def dataflow(name: str) -> Dataflow:
    """The flow of an objective with its defaults, or :data:`OWN` parts.

    Args:
        name: One of those that ``ogan-bench list objectives`` names.
    """
    objective: Objective = build(
        "objectives", component_of("objectives", {"name": name, **OWN.get(name, {})})
    )
    model = component_of("models", {"name": "dcgan", "z_dim": D, "width": WIDTH})
    architecture: Architecture = build("models", model, IMAGES, CLASSES)
    # A net that is called within another, and by a loss too, is shown where it is called.
    inner = _Recorder(objective, architecture).run().called_by_losses | OPENED.get(name, set())
    return _Recorder(objective, architecture, inner).run().flow.essential()


class _Origins(TorchFunctionMode):
    """Hands on what tensors are made from."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func not in WITHOUT_VALUES:
            found = _union((args, kwargs))
            for tensor in _tensors(result):
                _mark(tensor, {**origins(tensor), **found})
        return result


class _Recorder:
    """Computes all losses of an objective once, and records what they read.

    Args:
        objective: The objective.
        architecture: Of its nets.
        inner: Names of modules that losses call; nets that call these are not shown themselves.
    """

    def __init__(
        self, objective: Objective, architecture: Architecture, inner: frozenset[str] = frozenset()
    ) -> None:
        self.objective = objective
        self.nets = objective.build(architecture)
        self.flow = Dataflow()
        self._inner = inner
        self._depth = 0
        self._names = {
            module: f"{net}.{path}".rstrip(".")
            for net, whole in self.nets.named().items()
            for path, module in whole.named_modules()
        }
        self._seen: set[str] = set()
        self._within: set[str] = set()

    @property
    def called_by_losses(self) -> frozenset[str]:
        """Names of the modules that a loss calls, and another module too."""
        return frozenset(self._seen & self._within)

    def run(self) -> _Recorder:
        """Record all losses."""
        for progress in PROGRESS:
            with self._hooks(), _Origins():
                batch = ForwardPass(self.nets, self._batch(progress))
                for net in self.nets.named():
                    terms = self.flow.losses.setdefault(net, {})
                    for name, term in self.objective.loss(net, batch).items():
                        read = dict.fromkeys((*terms.get(name, ()), *origins(term)))
                        terms[name] = tuple(each for each in read if each != NOISE)
        return self

    def _batch(self, progress: float) -> Batch:
        def random(name: str) -> torch.Generator:
            return generator(0, f"website/dataflow {name}")

        x = torch.randn(N, *IMAGES, generator=random("x"))
        z = self.objective.prior(torch.randn(N, D, generator=random("z")))
        noise = draw_noise(self.objective, x.shape, D, random)
        for tensors, origin in (([x], X), ([z], Z), (noise.values(), NOISE)):
            for tensor in tensors:
                _mark(tensor, {origin: None})
        labels = torch.arange(N) % CLASSES
        return Batch(x, z, labels, labels.clone(), progress, noise)

    @contextmanager
    def _hooks(self) -> Iterator[None]:
        with ExitStack() as stack:
            for module in self._names:
                for handle in (
                    module.register_forward_pre_hook(self._enter),
                    module.register_forward_hook(self._leave, with_kwargs=True),
                ):
                    stack.callback(handle.remove)
            yield

    def _is_shown(self, module: nn.Module) -> bool:
        own = self._names[module]
        return not any(name.startswith(f"{own}.") for name in self._inner)

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        del inputs
        (self._within if self._depth else self._seen).add(self._names[module])
        self._depth += self._is_shown(module)

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if not self._is_shown(module):
            return
        self._depth -= 1
        if self._depth:
            return
        inputs = [name for name in _union((args, kwargs)) if name != NOISE] or [NOISE]
        formula = self._call(self._names[module], tuple(inputs))
        for tensor in _tensors(output):
            _mark(tensor, {formula: None})

    def _call(self, module: str, inputs: tuple[str, ...]) -> str:
        """The formula of a call, which is recorded."""
        whole, _, path = module.partition(".")
        net: Net = next(net for net in NAMES if net == whole)
        name, part = NAMES[net], re.sub(r"^.*?(\w+)(\.\d+)?$", r"\1\2", path)
        if path == "head" and inputs[0] in self.flow.calls:
            inputs = self.flow.calls[inputs[0]].inputs  # E(x) is the head of the features
        elif path:
            part = "features" if path == "trunk" else re.sub("[_.]", " ", part)
            name += f".{part}"
        formula = f"{name}({', '.join(inputs)})"
        self.flow.calls.setdefault(formula, Call(net, name, inputs))
        return formula


def origins(tensor: Tensor) -> Mapping[str, None]:
    """What a tensor is made from, in the order in which it was first used."""
    found: Mapping[str, None] = getattr(tensor, "_origins", {})
    return found


def _mark(tensor: Tensor, found: Mapping[str, None]) -> None:
    tensor._origins = found  # type: ignore[attr-defined]


def _union(values: Any) -> dict[str, None]:
    return {name: None for tensor in _tensors(values) for name in origins(tensor)}


def _tensors(values: Any) -> Iterator[Tensor]:
    """All tensors in nested containers."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, Mapping):
        yield from _tensors(list(values.values()))
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)
