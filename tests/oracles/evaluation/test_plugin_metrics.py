"""Metrics of a user's own: what they are given, and what becomes of their values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from ogan_bench import metrics as metrics_module
from ogan_bench.data.base import Split, to_float
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import UserError
from ogan_bench.evaluation.plugin_metrics import PluginMetricInputs, plugin_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.samples import draw_samples, freeze_for_evaluation
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study import catalogue
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder, run
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")


PLUGIN = '''
def round_trip(z, codes, *, better="lower"):
    """Mean squared difference between z and codes."""
    return (z - codes).square().mean()

def refuses(test_labels, *, better=None):
    """Says why not."""
    raise ValueError("not today")

def infinite(samples, *, better=None):
    """Is no number."""
    return float("inf")

def pulls(train_codes, *, better=None):
    """Needs gradients."""
    weight = train_codes.new_ones(train_codes.shape[1]).requires_grad_()
    (train_codes @ weight).sum().backward()
    return float(weight.grad.sum())

def swaps(swapped, *, better=None):
    """Needs a conditional generator."""
    return 0.0

METRICS = {
    "round_trip": round_trip, "refuses": refuses, "infinite": infinite, "pulls": pulls,
    "swaps": swaps,
}
'''


class TestPlugins:
    @pytest.fixture(autouse=True)
    def forgotten(self) -> Iterator[None]:
        known = dict(metrics_module.METRICS)
        yield
        catalogue.unregister_plugins()
        metrics_module.METRICS.clear()
        metrics_module.METRICS.update(known)

    def add(self, path: Path, source: str) -> None:
        path.write_text(source)
        catalogue.add_plugin(path)
        for name in catalogue.plugin_metrics():
            metrics_module.add_metric(name, None, "own", path.name)

    def test_values_and_refusals_become_rows(self, tmp_path: Path) -> None:
        self.add(tmp_path / "own.py", PLUGIN)
        dataset = digits()
        settings = Evaluation(samples=60, probe_images=40)
        G = Bootstrap(dataset.train, conditional=False)
        rows, _ = run(G, dataset, settings)
        E = flat_encoder(dataset, 8)
        samples = draw_samples(
            freeze_for_evaluation(Autoencoder(Untrained(), E, G, 8), dataset, settings, CPU),
            UntrainedEncoder(E),
            dataset,
            settings,
            CPU,
        )
        expected = (samples.z - samples.codes).square().mean()
        assert rows["round_trip"].value == pytest.approx(float(expected))
        assert (rows["round_trip"].split, rows["round_trip"].n_samples) == ("test", 360)
        assert rows["pulls"].value == pytest.approx(float(samples.trained.train.sum()), rel=1e-4)
        for name, why in (
            ("refuses", "not today"),
            ("infinite", "not a finite number"),
            ("swaps", "not conditional"),
        ):
            assert rows[name].value is None
            assert why in (rows[name].note or "")

    def row_of(self, tmp_path: Path, source: str, *, labelled: bool = True) -> Row:
        """The row of a plug-in's only metric."""
        self.add(tmp_path / "own.py", f'{source}\nMETRICS = {{"own": own}}\n')
        dataset = digits()
        if not labelled:
            train, test = (Split(split.images) for split in (dataset.train, dataset.test))
            dataset = dataclasses.replace(dataset, train=train, test=test)
        settings = Evaluation(samples=20, probe_images=10)
        E = flat_encoder(dataset, 8)
        pair = Autoencoder(Untrained(), E, Bootstrap(dataset.train, conditional=False), 8)
        frozen = freeze_for_evaluation(pair, dataset, settings, CPU)
        samples = draw_samples(frozen, UntrainedEncoder(E), dataset, settings, CPU)
        (row,) = plugin_rows(samples, dataset)
        return row

    @pytest.mark.parametrize(
        ("error", "note"),
        [("ValueError", "ValueError"), ("ValueError('not today')", "not today")],
    )
    def test_a_value_error_of_the_metric_is_the_reason(
        self, tmp_path: Path, error: str, note: str
    ) -> None:
        row = self.row_of(tmp_path, f'def own(z, *, better=None):\n    """O."""\n    raise {error}')
        assert (row.value, row.note) == (None, note)

    @pytest.mark.parametrize("wish", ["train_labels", "test_labels", "sample_labels"])
    def test_labels_that_there_are_not_are_the_reason(self, tmp_path: Path, wish: str) -> None:
        source = f'def own({wish}, *, better=None):\n    """O."""\n    return 0.0'
        row = self.row_of(tmp_path, source, labelled=False)
        assert (row.value, row.note) == (None, "the dataset has no labels")

    def test_a_package_that_does_not_load_is_no_reason(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """numpy says with a ValueError that a package was built for another version of it."""
        (tmp_path / "built_for_other.py").write_text('raise ValueError("dtype size changed")')
        monkeypatch.syspath_prepend(tmp_path)
        source = 'def own(z, *, better=None):\n    """O."""\n    import built_for_other'
        with pytest.raises(ValueError, match="dtype size changed"):
            self.row_of(tmp_path, source)

    def test_what_is_no_number_is_a_bug(self, tmp_path: Path) -> None:
        source = 'def own(z, *, better=None):\n    """O."""\n    return "far"'
        with pytest.raises(ValueError, match="could not convert string to float"):
            self.row_of(tmp_path, source)

    def test_an_unknown_wish_is_refused_before_anything_is_computed(self, tmp_path: Path) -> None:
        source = (
            'def wish(test_image, *, better=None):\n    """W."""\n    return 0.0\n'
            'METRICS = {"wish": wish}\n'
        )
        self.add(tmp_path / "wish.py", source)
        with pytest.raises(UserError, match=r"'test_image'.*Did you mean 'test_images'"):
            run(Bootstrap(digits().train, False), digits(), Evaluation(samples=10))

    def test_every_name_is_what_it_says(self) -> None:
        dataset = digits()
        settings = Evaluation(samples=60, probe_images=40)
        E, before = flat_encoder(dataset, 8), flat_encoder(dataset, 8)
        nn.init.constant_(before.head.weight, 0.1)
        pair = Autoencoder(Untrained(), E, Bootstrap(dataset.train, conditional=True), 8)
        frozen = freeze_for_evaluation(pair, dataset, settings, CPU)
        samples = draw_samples(frozen, UntrainedEncoder(before), dataset, settings, CPU)
        chosen, train, test = samples.train_indices, dataset.train, dataset.test
        expected = {
            "z": samples.z,
            "samples": samples.images,
            "sample_labels": samples.labels,
            "codes": samples.codes,
            "train_images": train.images[chosen],
            "train_labels": train.known_labels[chosen],
            "train_codes": E(to_float(train.images[chosen])),
            "untrained_train_codes": before(to_float(train.images[chosen])),
            "test_images": test.images,
            "test_labels": test.known_labels,
            "test_codes": E(to_float(test.images)),
            "untrained_test_codes": before(to_float(test.images)),
            "reconstructions": samples.reconstructions,
            "raw_reconstructions": samples.raw_reconstructions,
            "own_reconstructions": samples.own_reconstructions,
            "swapped": samples.swapped,
            "swapped_labels": samples.swapped_labels,
        }
        view = PluginMetricInputs(samples, dataset)
        assert {name for name in dir(PluginMetricInputs) if not name.startswith("_")} == set(
            expected
        )
        for name, tensor in expected.items():
            assert tensor is not None
            assert torch.allclose(getattr(view, name), tensor, atol=1e-5), name
