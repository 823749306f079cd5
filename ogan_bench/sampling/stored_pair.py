"""The pair that a result describes, in two files that need neither the data nor the study.

``nets.safetensors`` holds the weights of E and G, with the batch-norm statistics that they were
measured with. ``nets.json`` holds the settings of the trial, the shape and the classes of its
images, and the SHA-256 of the weights. Nothing is unpickled.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from ogan_bench.data import Dataset, ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.layout import reorder
from ogan_bench.objectives.base import Objective
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.batch_norm import with_batch_statistics
from ogan_bench.store.provenance import code_and_machine, tool
from ogan_bench.store.record_shapes import FORMAT
from ogan_bench.store.stored_nets import FACTS, WEIGHTS, read_facts, read_weights, write_nets
from ogan_bench.store.stored_trials import stored_settings
from ogan_bench.study.parts import build
from ogan_bench.study.plugins import add_plugins
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import architecture_for, layers_of

GENERATED = "encoder_of_generated"
"""Prefix of what E has in other statistics for generated images."""


@dataclass(frozen=True)
class Images:
    """What is known of the images that a pair was trained on.

    Args:
        dataset: Name of the dataset.
        shape: Shape of one image.
        are_points: Whether they are points in the plane.
        classes: Names of the classes; empty without labels.
        frequencies: Number of training images of each class.
        licence: Licence note of the source.
    """

    dataset: str
    shape: ImageShape
    are_points: bool
    classes: tuple[str, ...]
    frequencies: tuple[int, ...]
    licence: str

    @classmethod
    def of(cls, dataset: Dataset) -> Images:
        """Those of a dataset."""
        labels = dataset.train.labels
        counts = () if labels is None else torch.bincount(labels, minlength=len(dataset.classes))
        return cls(
            dataset.name,
            dataset.shape,
            dataset.is_points,
            dataset.classes,
            tuple(map(int, counts)),
            dataset.licence,
        )


@dataclass(frozen=True)
class StoredPair:
    """A pair as it was measured, and what it takes to use it.

    Args:
        autoencoder: E and G in evaluation mode, on the CPU.
        settings: Settings of the trial.
        images: What it was trained on.
    """

    autoencoder: Autoencoder
    settings: Settings
    images: Images


def write_pair(folder: Path, pair: Autoencoder, trial: Trial, dataset: Dataset, step: int) -> None:
    """Store a pair as it was measured.

    Args:
        folder: Where to write the two files.
        pair: From :func:`~ogan_bench.sampling.samples.freeze_for_evaluation`.
        trial: The trial that was trained.
        dataset: What it was trained on.
        step: The step after which the nets had these weights.

    Raises:
        UserError: The folder cannot be written.
    """
    tensors = _named("encoder", pair.encoder) | _named("generator", pair.generator)
    if pair.encoder_of_generated is not None:
        own = pair.encoder.state_dict()
        tensors |= {
            f"{GENERATED}.{name}": tensor.cpu().contiguous()
            for name, tensor in pair.encoder_of_generated.state_dict().items()
            if not torch.equal(tensor, own[name])
        }
    images = Images.of(dataset)
    write_nets(
        folder,
        save(tensors),
        {
            "format": FORMAT,
            "study": trial.study,
            "arm": trial.arm,
            "seed": trial.seed,
            "step": step,
            "config_hash": trial.config_hash,
            "config": trial.config,
            "images": {
                "dataset": images.dataset,
                "shape": list(images.shape),
                "are_points": images.are_points,
                "classes": list(images.classes),
                "frequencies": list(images.frequencies),
                "licence": images.licence,
                "data_hash": dataset.hash,
            },
            "tool": tool(code_and_machine()),
        },
    )


def read_pair(folder: Path, plugins: Sequence[Path] = ()) -> StoredPair | None:
    """The pair that a folder holds; ``None`` if it holds none.

    Args:
        folder: With the two files.
        plugins: Files whose code may run, where the trial needs plug-ins.

    Raises:
        UserError: A file is damaged or of a later version, or a plug-in that the trial needs is not
            named or has changed.
    """
    facts = read_facts(folder)
    if facts is None:
        return None
    try:
        tensors = load(read_weights(folder, facts))
    except SafetensorError as error:
        raise UserError(f"{folder / WEIGHTS}: cannot be read ({error})") from None
    stored = facts["images"]
    images = Images(
        stored["dataset"],
        ImageShape(*stored["shape"]),
        stored["are_points"],
        tuple(stored["classes"]),
        tuple(stored["frequencies"]),
        stored["licence"],
    )
    add_plugins(plugins)
    settings = stored_settings(facts["config"], folder / FACTS, plugins)
    try:
        return StoredPair(_autoencoder(settings, images, tensors), settings, images)
    except RuntimeError as error:  # what torch says of names and shapes that do not fit
        raise UserError(
            f"{folder / WEIGHTS}: not the weights of these settings ({error})"
        ) from None


def _autoencoder(settings: Settings, images: Images, tensors: dict[str, Tensor]) -> Autoencoder:
    objective: Objective = build("objectives", settings.objective)
    architecture = architecture_for(settings, images.shape, len(images.classes))
    with torch.random.fork_rng(devices=[]):  # a net is made with weights from torch's generator
        nets = layers_of(objective, architecture)
    encoder, generator = nets.encoder, nets.generator
    if settings.evaluation.encoder_statistics == "batch":  # which leaves E without buffers
        encoder = with_batch_statistics(encoder, torch.device("cpu"))
    for name, net in (("encoder", encoder), ("generator", generator)):
        reorder(net)
        net.load_state_dict(_of(name, tensors))
        net.eval().requires_grad_(False)
    other = None
    if of_generated := _of(GENERATED, tensors):
        other = copy.deepcopy(encoder)
        other.load_state_dict(of_generated, strict=False)
    return Autoencoder(objective, encoder, generator, architecture.z_dim, other)


def _named(prefix: str, net: nn.Module) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": t.cpu().contiguous() for name, t in net.state_dict().items()}


def _of(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): tensor
        for name, tensor in tensors.items()
        if name.startswith(start)
    }
