"""Metrics of plug-ins: functions that request their inputs by parameter name."""

from __future__ import annotations

import functools
import traceback

from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.objectives.parts.call_by_name import argument_names, check_arguments
from ogan_bench.sampling.samples import Samples
from ogan_bench.study import catalogue

IMPORTS = "importlib._bootstrap"


class PluginMetricInputs:
    """All inputs that a plug-in's metric may request, on the CPU.

    Images are uint8 as stored in the dataset, reconstructions are as output by G, in [-1, 1];
    for datasets of points, both are points. Codes are raw.

    Args:
        samples: Outputs of E and G.
        dataset: Where the images come from.
    """

    def __init__(self, samples: Samples, dataset: Dataset) -> None:
        self._samples = samples
        self._dataset = dataset

    @property
    def z(self) -> Tensor:
        """What the codes of the samples should equal, shape ``(n, d)``."""
        return self._samples.z

    @property
    def samples(self) -> Tensor:
        """Generated images, shape ``(n, c, h, w)``."""
        return self._samples.images

    @property
    def sample_labels(self) -> Tensor:
        """Requested classes of the samples, shape ``(n,)``."""
        return _there(self._samples.labels, "the dataset has no labels")

    @property
    def codes(self) -> Tensor:
        """Codes of the samples, shape ``(n, d)``."""
        return self._samples.codes

    @property
    def train_images(self) -> Tensor:
        """The training images that probes are fitted on, shape ``(m, c, h, w)``."""
        images = self._dataset.train.images
        return images[self._samples.train_indices.to(images.device)].cpu()

    @property
    def train_labels(self) -> Tensor:
        """Their classes, shape ``(m,)``."""
        return self._dataset.train.known_labels.cpu()[self._samples.train_indices]

    @property
    def train_codes(self) -> Tensor:
        """Their codes, shape ``(m, d)``."""
        return self._samples.trained.train

    @property
    def untrained_train_codes(self) -> Tensor:
        """Their codes by the encoder before training, shape ``(m, d)``."""
        return self._samples.untrained.train

    @property
    def test_images(self) -> Tensor:
        """All test images, shape ``(t, c, h, w)``."""
        return self._dataset.test.images.cpu()

    @property
    def test_labels(self) -> Tensor:
        """Their classes, shape ``(t,)``."""
        return self._dataset.test.known_labels.cpu()

    @property
    def test_codes(self) -> Tensor:
        """Their codes, shape ``(t, d)``."""
        return self._samples.trained.test

    @property
    def untrained_test_codes(self) -> Tensor:
        """Their codes by the encoder before training, shape ``(t, d)``."""
        return self._samples.untrained.test

    @property
    def reconstructions(self) -> Tensor:
        """G(N(E(x))) of the test images, shape ``(t, c, h, w)``."""
        return self._samples.reconstructions

    @property
    def raw_reconstructions(self) -> Tensor:
        """G(E(x)) of the test images, shape ``(t, c, h, w)``."""
        return self._samples.raw_reconstructions

    @property
    def own_reconstructions(self) -> Tensor:
        """G(t·P(E(x))) of the test images, shape ``(t, c, h, w)``."""
        return self._samples.own_reconstructions

    @property
    def swapped(self) -> Tensor:
        """The own reconstructions under other labels, shape ``(t, c, h, w)``."""
        return _there(self._samples.swapped, "the generator is not conditional")

    @property
    def swapped_labels(self) -> Tensor:
        """These labels, shape ``(t,)``."""
        return _there(self._samples.swapped_labels, "the generator is not conditional")


def check_plugin_metrics() -> None:
    """Reject a metric that requests an unknown input; imports the plug-ins.

    Raises:
        UserError: A metric requests an unknown input; suggests similar names.
    """
    for name in catalogue.plugin_metrics():
        check_arguments(catalogue.plugin_metric(name), PluginMetricInputs, name)


def plugin_rows(samples: Samples, dataset: Dataset) -> list[Row]:
    """The metrics of all plug-ins; on a ``ValueError`` of theirs the row says why it has no value.

    That is what their authors are told to raise. One from a package that does not load, as numpy
    raises of a package built for another version of it, fails the trial.

    Args:
        samples: Outputs of E and G.
        dataset: Where the images come from.
    """
    inputs = PluginMetricInputs(samples, dataset)

    def measure(name: str) -> Value:
        metric = catalogue.plugin_metric(name)
        arguments = [getattr(inputs, wanted) for wanted in argument_names(metric)]
        try:
            found = metric(*arguments)
        except ValueError as error:
            if _while_importing(error):
                raise
            raise NoValueError(str(error) or type(error).__name__) from error
        return Value(float(found))

    return measured_rows(
        {name: functools.partial(measure, name) for name in catalogue.plugin_metrics()},
        n_samples=len(dataset.test),
        split="test",
    )


def _there(tensor: Tensor | None, why_not: str) -> Tensor:
    if tensor is None:
        raise NoValueError(why_not)
    return tensor


def _while_importing(error: BaseException) -> bool:
    """Whether an error comes from loading a module.

    Then it has passed the code of a module, or the machinery that looks for one.
    """
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(code.co_name == "<module>" or IMPORTS in code.co_filename for code in codes)
