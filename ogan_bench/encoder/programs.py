"""A trained encoder and its generator for use without this package: ``torch.export`` and ONNX.

The two programs hold the whole way between bytes and codes, so that nobody writes it anew::

    encoder    images  uint8 (n, c, h, w)  ->  codes   float32 (n, d)
    generator  codes   float32 (n, d)      ->  images  uint8 (n, c, h, w)

A conditional generator takes ``labels`` int64 ``(n,)`` too; points are float32 instead of bytes.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ogan_bench.data.base import to_float, to_uint8
from ogan_bench.errors import UserError, in_one_line
from ogan_bench.sampling.autoencoder import chosen_projection
from ogan_bench.sampling.stored_pair import StoredPair

Form = Literal["program", "onnx"]
ENDINGS: dict[Form, str] = {"program": "pt2", "onnx": "onnx"}
RECORDED = 4
"""Size of the batch that a program is recorded with; it takes any."""
COMPARED = (1, 7)
"""Sizes of the batches on which a program has to agree with its nets."""
TOLERANCE = 1e-5
"""Largest deviation, relative to the largest value; a byte may be rounded to its neighbour."""


class EncoderProgram(nn.Module):
    """Images as stored to codes as G takes them, t · P(E(x)).

    Args:
        stored: The nets and the settings of their trial.
    """

    def __init__(self, stored: StoredPair) -> None:
        super().__init__()
        self.pair = stored.autoencoder
        self.encoder = self.pair.encoder  # so that its weights belong to this module
        self.projection = chosen_projection(self.pair.objective, stored.settings.evaluation)
        self.temperature = stored.settings.evaluation.temperature

    def forward(self, images: Tensor) -> Tensor:
        """Codes ``(n, d)`` of images ``(n, c, h, w)``."""
        codes = self.pair.encode(to_float(images))
        return self.temperature * self.pair.objective.project(codes, self.projection)


class GeneratorProgram(nn.Module):
    """Codes to images as stored.

    Args:
        stored: The nets and the settings of their trial.
    """

    def __init__(self, stored: StoredPair) -> None:
        super().__init__()
        self.pair = stored.autoencoder
        self.generator = self.pair.generator
        self.are_points = stored.images.are_points

    def forward(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images ``(n, c, h, w)`` of codes ``(n, d)``, conditional ones of classes ``(n,)``."""
        images = self.pair.decode(codes, labels)
        return images if self.are_points else to_uint8(images)


def programs(stored: StoredPair, form: Form) -> dict[str, bytes]:
    """The files of the two programs, each compared with the nets that it was recorded from.

    Args:
        stored: The nets and the settings of their trial.
        form: ``program``: for ``torch.export.load``; ``onnx``: needs the extra ``onnx``.

    Returns:
        The content of each file, by its name.

    Raises:
        UserError: A code depends on the other images of its batch, the nets cannot be recorded,
            the packages for ONNX are missing, or a program computes something else than its nets.
    """
    if stored.settings.evaluation.encoder_statistics == "batch":
        raise UserError(
            "export: this trial was evaluated with the statistics of each batch "
            "(encoder_statistics: batch), which a program of one image does not have; export "
            "safetensors"
        )
    stored = copy.deepcopy(stored)
    files = {}
    for name, net, draw in (
        ("encoder", EncoderProgram(stored), _images),
        ("generator", GeneratorProgram(stored), _codes),
    ):
        net.eval().to(memory_format=torch.contiguous_format)  # torch.export stores no other layout
        content, computed = _recorded(name, net, draw(stored, RECORDED), form)
        for n in COMPARED:
            arguments = draw(stored, n)
            _require_equal(name, computed(*arguments.values()), net(**arguments))
        files[f"{name}.{ENDINGS[form]}"] = content
    return files


def _images(stored: StoredPair, n: int) -> dict[str, Tensor]:
    shape = (n, *stored.images.shape)
    random = torch.Generator().manual_seed(n)
    if stored.images.are_points:
        return {"images": torch.randn(shape, generator=random)}
    return {"images": torch.randint(256, shape, generator=random, dtype=torch.uint8)}


def _codes(stored: StoredPair, n: int) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(n)
    arguments = {"codes": torch.randn(n, stored.autoencoder.z_dim, generator=random)}
    if stored.autoencoder.generator.conditional:
        arguments["labels"] = torch.arange(n) % len(stored.images.classes)
    return arguments


def _recorded(
    name: str, net: nn.Module, arguments: dict[str, Tensor], form: Form
) -> tuple[bytes, Callable[..., Tensor]]:
    """A program's file, and what the file computes."""
    size = Dim("n")
    try:
        program = torch.export.export(
            net, tuple(arguments.values()), dynamic_shapes={key: {0: size} for key in arguments}
        )
        return _as_onnx(program, arguments) if form == "onnx" else _as_torch(program)
    except (RuntimeError, torch.onnx.OnnxExporterError) as error:
        raise UserError(
            f"export: torch cannot record the {name} ({in_one_line(error)}); export safetensors"
        ) from None


def _as_torch(program: ExportedProgram) -> tuple[bytes, Callable[..., Tensor]]:
    file = io.BytesIO()
    torch.export.save(program, file)
    content = file.getvalue()
    return content, torch.export.load(io.BytesIO(content)).module()


def _as_onnx(
    program: ExportedProgram, arguments: dict[str, Tensor]
) -> tuple[bytes, Callable[..., Tensor]]:
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  (what torch exports ONNX with)
    except ImportError as error:
        raise UserError(
            f"export: ONNX needs {error.name}; install ogan-bench with the extra onnx"
        ) from None
    inputs = list(arguments)
    outputs = ["images" if "codes" in arguments else "codes"]
    exported = torch.onnx.export(
        program, dynamo=True, verbose=False, input_names=inputs, output_names=outputs,
        dynamic_shapes={key: {0: Dim.DYNAMIC if i else "n"} for i, key in enumerate(inputs)},
    )  # fmt: skip
    assert exported is not None
    content: bytes = exported.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(*given: Tensor) -> Tensor:
        feeds = {key: tensor.numpy() for key, tensor in zip(inputs, given, strict=True)}
        return torch.from_numpy(session.run(outputs, feeds)[0])

    return content, run


def _require_equal(name: str, computed: Tensor, expected: Tensor) -> None:
    tolerance = 1.0
    if expected.is_floating_point():
        tolerance = TOLERANCE * float(expected.abs().max())
    deviation = (computed.double() - expected.double()).abs().max()
    if not bool(deviation <= tolerance):  # NaN too
        raise UserError(
            f"export: the {name}'s program deviates from its net by {float(deviation):.2g}; "
            "export safetensors"
        )
