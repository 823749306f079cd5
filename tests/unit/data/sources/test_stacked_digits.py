"""Three digits stacked as channels."""

from __future__ import annotations

from ogan_bench.data import DATASETS


class TestStackedDigits:
    def test_channels_are_the_digits_that_the_label_names(self) -> None:
        dataset = DATASETS["stacked_digits"](images=400)
        source = dataset.channels_of
        assert source is not None
        assert source.hash == DATASETS["digits"]().hash
        for split, known in ((dataset.train, source.train), (dataset.test, source.test)):
            table: dict[bytes, int] = {
                image.numpy().tobytes(): int(label)
                for image, label in zip(known.images[:, 0], known.known_labels, strict=True)
            }
            for image, label in zip(split.images[:400], split.known_labels, strict=False):
                a, b, c = (table[channel.numpy().tobytes()] for channel in image)
                assert int(label) == 100 * a + 10 * b + c

    def test_is_fixed_and_has_a_thousand_classes(self) -> None:
        dataset = DATASETS["stacked_digits"]()
        assert dataset.hash == "2e8116ea2e64e9e9"
        assert dataset.shape == (3, 16, 16)
        assert (len(dataset.train), len(dataset.test)) == (20_000, 5_000)
        assert dataset.train.known_labels.bincount(minlength=1000).min() > 0
        assert dataset.classes[7] == "007"
        assert len(dataset.classes) == 1000

    def test_the_first_split_is_still_there(self) -> None:
        dataset = DATASETS["stacked_digits"](split="every_fifth")
        assert dataset.hash == "480f7faeb9184dff"
        source = dataset.channels_of
        assert source is not None
        assert source.hash == DATASETS["digits"](split="every_fifth").hash

    def test_resolution_is_that_of_the_channels(self) -> None:
        dataset = DATASETS["stacked_digits"](resolution=8, images=10)
        assert dataset.channels_of is not None
        assert (dataset.shape, dataset.channels_of.shape) == ((3, 8, 8), (1, 8, 8))
