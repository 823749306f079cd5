"""The group diversity as a whole: rows of every space, pictures, and what is kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.diversity import MEASURES, diversity_rows
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.evaluation.fidelity.unmatched import missing
from ogan_bench.evaluation.image_grids import GAP, LINE
from ogan_bench.evaluation.per_space import space_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.metrics.coverage import BINS
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import names_in
from ogan_bench.metrics.fidelity import QUANTITIES
from ogan_bench.sampling.context import ImageContext
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.normal_samples import normal

CPU = torch.device("cpu")
GROUP = QUANTITIES | BINS


class Flat:
    """An extractor without weights: pixels averaged over patches of four by four."""

    name = "flat@0"
    weights_hash = "0"
    device = CPU
    batch_size = 500

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        means = torch.nn.functional.avg_pool2d(images.float() / 255, 4).flatten(1)
        return means, images.new_zeros(len(images), 0).float()


class Lacking(ImageContext):
    """Spaces are flat, but for DINOv2, which cannot be had."""

    def extractor(self, space: str) -> Any:
        if space == "dinov2":
            raise NoValueError("no DINOv2 weights")
        return Flat()


@pytest.fixture(scope="module")
def halves() -> tuple[Dataset, Tensor]:
    """A dataset of one half of the digits, and the other half as perfect samples."""
    whole = digits()
    order = torch.randperm(1437, generator=torch.Generator().manual_seed(0))
    images, labels = whole.train.images[order], whole.train.known_labels[order]
    dataset = dataclasses.replace(whole, train=Split(images[:700], labels[:700]))
    return dataset, images[700:]


def rows_of(
    dataset: Dataset, images: Tensor, *spaces: SpaceName, folder: Path | None = None
) -> dict[str, Row]:
    settings = Evaluation(extractors=list(spaces), groups=["diversity"])
    rows = diversity_rows(Lacking(dataset, settings, CPU, folder, generated=images))
    assert len({row.metric for row in rows}) == len(rows)
    return {row.metric: row for row in rows}


@pytest.mark.usefixtures("own_cache")
class TestRows:
    def test_of_perfect_samples_are_where_they_say(self, halves: tuple[Dataset, Tensor]) -> None:
        dataset, images = halves
        rows = rows_of(dataset, images, "clip")
        assert set(rows) == {*names_in("clip", GROUP, always=False).values(), "fwd"}
        value = {name: row.value for name, row in rows.items()}
        assert None not in value.values()
        assert {row.metric for row in rows.values() if row.extractor is None} == {"fwd"}
        assert {row.extractor for row in rows.values()} == {"flat@0", None}
        assert value["density_clip"] == pytest.approx(1.0, abs=0.1)
        assert value["coverage_clip"] == pytest.approx(0.969, abs=0.02)
        assert "0.969 is expected" in (rows["coverage_clip"].note or "")
        assert abs(value["kd_exact_clip"] or 1) < 3 * (rows["kd_exact_clip"].error or 0)
        without = {name for name, row in rows.items() if row.error is None}
        assert without == {"fld_gap_clip", "prd_precision_clip", "prd_recall_clip"}
        assert value["fd_infinity_clip"] == pytest.approx(rows["fd_infinity_clip"].floor, rel=1.0)
        real = float((rows["vendi_clip"].note or "").split("images reach ")[1])
        assert value["vendi_clip"] == pytest.approx(real, rel=0.6)
        real = float((rows["rke_clip"].note or "").split("images reach ")[1])
        assert value["rke_clip"] == pytest.approx(real, rel=0.3)
        sliced = rows["sliced_wasserstein_clip"]
        assert sliced.value == pytest.approx(sliced.floor, rel=0.4)
        assert "from two sets of 350 of these, times 350/700" in (sliced.note or "")
        real = float((rows["authenticity_clip"].note or "").split("which reach ")[1].split()[0])
        assert value["authenticity_clip"] == pytest.approx(real, abs=0.12)
        assert abs(value["data_copying_clip"] or 9) < 3
        assert abs(value["fld_gap_clip"] or 9) < 0.2
        assert (value["ndb_clip"] or 0) < 0.2
        assert value["ndb_js_clip"] == pytest.approx(rows["ndb_js_clip"].floor, rel=0.7)
        assert value["cmmd"] == pytest.approx(rows["cmmd"].floor, rel=0.7)

    def test_of_a_collapsed_generator_tell_it(self, halves: tuple[Dataset, Tensor]) -> None:
        dataset, images = halves
        rows = rows_of(dataset, images[:1].expand(500, -1, -1, -1), "clip")
        value = {name: row.value for name, row in rows.items()}
        assert None not in value.values()
        assert value["vendi_clip"] == pytest.approx(1.0)
        assert value["rke_clip"] == pytest.approx(1.0)
        assert value["recall_clip"] == 0.0
        assert (value["coverage_clip"] or 0) < 0.05
        assert (value["ndb_clip"] or 0) > 0.9

    def test_of_copies_tell_it(self, halves: tuple[Dataset, Tensor]) -> None:
        dataset, _ = halves
        rows = rows_of(dataset, dataset.train.images, "clip")
        assert rows["authenticity_clip"].value == 0.0
        assert (rows["data_copying_clip"].value or 0) < -5
        assert (rows["fld_gap_clip"].value or 0) > 1
        assert rows["coverage_clip"].value == 1.0

    def test_reference_images_are_not_test_images_too(self, halves: tuple[Dataset, Tensor]) -> None:
        dataset, images = halves
        rows = rows_of(dataclasses.replace(dataset, test=dataset.train), images, "clip")
        for name in ("data_copying_clip", "fld_gap_clip"):
            assert rows[name].value is None
            assert "there are no test images" in (rows[name].note or "")

    def test_a_space_that_cannot_be_had_stops_no_other(
        self, halves: tuple[Dataset, Tensor]
    ) -> None:
        dataset, images = halves
        rows = rows_of(dataset, images[:200], "dinov2", "inception")
        lacking = set(names_in("dinov2", GROUP, always=False).values())
        assert {name for name, row in rows.items() if row.value is None} == lacking
        assert {rows[name].note for name in lacking} == {"no DINOv2 weights"}
        assert {"kid_exact", "fid_infinity", "mind", "precision_inception"} <= set(rows)
        settings = Evaluation(extractors=["dinov2"])
        facts: dict[str, Any] = {}
        always = space_rows(
            Lacking(dataset, settings, CPU, generated=images[:200]), "dinov2", facts
        )
        assert [(row.metric, row.note) for row in always] == [
            ("fd_dinov2", "no DINOv2 weights"),
            ("fd_debiased_dinov2", "no DINOv2 weights"),
            ("kd_dinov2", "no DINOv2 weights"),
        ]
        assert facts == {}

    def test_too_few_samples_are_notes_of_their_own(self, halves: tuple[Dataset, Tensor]) -> None:
        dataset, images = halves
        rows = rows_of(dataset, images[:60], "inception")
        without = {name for name, row in rows.items() if row.value is None}
        assert without == {
            "fid_infinity", "data_copying_inception", "ndb_inception", "ndb_js_inception"
        }  # fmt: skip
        assert "16 features need 80" in (rows["fid_infinity"].note or "")
        assert "60 images are too few" in (rows["ndb_inception"].note or "")

    def test_are_reproduced_from_the_cache(
        self, halves: tuple[Dataset, Tensor], own_cache: Path
    ) -> None:
        def kept() -> dict[str, int]:
            files = (own_cache / "references").glob("*.pt")
            return {path.name: path.stat().st_mtime_ns for path in files}

        dataset, images = halves
        rows = rows_of(dataset, images, "clip")
        written = kept()
        assert len(written) == 9
        assert rows_of(dataset, images, "clip") == rows
        assert kept() == written


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(("n", "m"), [(200, 900), (300, 400), (300, 300), (600, 300)])
def test_the_null_of_sliced_wasserstein_is_of_its_own_sizes(n: int, m: int) -> None:
    """With halves of the reference taken as they are it would be up to twice as large."""
    found = []
    for seed in range(12):
        x, y = normal(n, 6, 2 * seed), normal(m, 6, 2 * seed + 1)
        row = MEASURES["sliced_wasserstein"](Comparison(x, Reference(y, CPU), 0))
        found.append([row.value, row.floor])
    value, floor = np.mean(np.array(found, dtype=float), axis=0)
    assert floor == pytest.approx(value, rel=0.3)


def test_own_classifier_runs_on_digits() -> None:
    dataset = digits()
    settings = Evaluation(groups=["diversity"])
    context = ImageContext(dataset, settings, CPU, generated=dataset.test.images)
    rows = {row.metric: row for row in diversity_rows(context)}
    assert set(rows) == {*names_in("classifier", GROUP, always=False).values(), "fwd"}
    assert all(row.value is not None for row in rows.values())
    assert not {"precision_classifier", "recall_classifier"} & set(rows)
    facts: dict[str, Any] = {}
    always = {row.metric for row in space_rows(context, "classifier", facts)}
    assert {"fd_classifier", "precision_classifier", "modes_classifier"} <= always
    assert "rfd_classifier" not in always  # there is no pair that reconstructs
    assert facts["classifier_test_accuracy"] > 0.97


@pytest.mark.usefixtures("own_cache")
class TestPicture:
    def first_pair(self, path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """The first two images of a grid of pairs, as they were before they were enlarged."""
        with Image.open(path) as picture:
            pixels = np.array(picture)
        side = (pixels.shape[0] - 7 * LINE) // 8
        assert pixels.shape == (8 * side + 7 * LINE, 8 * side + 4 * LINE + 3 * GAP)
        step, right = side // 16, side + LINE
        return pixels[:side:step, :side:step], pixels[:side:step, right : right + side : step]

    def test_shows_copies_first_and_beside_their_originals(
        self, halves: tuple[Dataset, Tensor], tmp_path: Path
    ) -> None:
        dataset, images = halves
        copied = dataset.train.images[3]
        samples = images[:50].clone()
        samples[40] = copied
        rows_of(dataset, samples, "clip", folder=tmp_path)
        left, right = self.first_pair(tmp_path / "neighbours.png")
        assert (left == right).all()
        assert (left == copied[0].numpy()).all()

    def test_is_of_the_first_space_alone(
        self, halves: tuple[Dataset, Tensor], tmp_path: Path
    ) -> None:
        dataset, images = halves
        rows_of(dataset, images[:50], "dinov2", "clip", folder=tmp_path)
        assert not list(tmp_path.glob("*.png"))

    def test_shows_what_is_missing_and_what_is_invented(
        self, halves: tuple[Dataset, Tensor], tmp_path: Path
    ) -> None:
        dataset, images = halves
        samples = images[:200].clone()
        samples[40] = 255
        rows_of(dataset, samples, "clip", folder=tmp_path)
        real, features = (Flat()(of)[0] for of in (dataset.test.images, samples))
        lacking = missing(features, real)
        left, right = self.first_pair(tmp_path / "missing.png")
        assert (left == dataset.test.images[lacking.indices[0], 0].numpy()).all()
        assert (right == samples[lacking.partners[0], 0].numpy()).all()
        assert (self.first_pair(tmp_path / "invented.png")[0] == 255).all()

    def test_too_few_test_images_cost_no_row(
        self, halves: tuple[Dataset, Tensor], tmp_path: Path
    ) -> None:
        dataset, images = halves
        few = Split(dataset.test.images[:5], dataset.test.known_labels[:5])
        dataset = dataclasses.replace(dataset, test=few)
        rows = rows_of(dataset, images, "clip", folder=tmp_path)
        assert rows == rows_of(dataset, images, "clip")
        assert [path.name for path in tmp_path.glob("*.png")] == ["neighbours.png"]
