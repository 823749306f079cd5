"""CelebA-HQ and FFHQ: folders of photographs of faces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field, NonNegativeInt

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.leakage import treatment_and_leakage
from ogan_bench.data.prepared.prepare import AS_STORED, prepared
from ogan_bench.data.reading.image_files import ImageFiles, find_images
from ogan_bench.data.reading.split_names import refuse_mixed
from ogan_bench.data.reading.splits import every_kth, train_first
from ogan_bench.data.sources.celeba import read_attributes
from ogan_bench.errors import UserError

CELEBA_HQ_FOLDERS = (
    "CelebAMask-HQ/CelebA-HQ-img", "CelebA-HQ/CelebA-HQ-img", "CelebA-HQ/train", "CelebA-HQ",
    "celeba_hq/train", "celeba_hq", "celeba-hq/celeba-1024", "celeba-hq", "celeba_hq_256",
)  # fmt: skip
CELEBA_HQ_ATTRIBUTES = "CelebAMask-HQ-attribute-anno.txt"
FFHQ_FOLDERS = ("ffhq/images1024x1024", "ffhq/thumbnails128x128", "ffhq", "FFHQ")
FFHQ_TRAIN = 60_000


def celeba_hq(
    *,
    path: str = "",
    resolution: Annotated[int, Field(ge=8, le=256)] = 128,
    crop: Literal["none", "centre"] = "none",
    test_every: Annotated[int, Field(ge=2)] = 10,
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """CelebA-HQ: 30,000 photographs of faces, without labels.

    Fetch it by hand; it is looked for in ``$OGAN_BENCH_DATA`` (``data`` if that is not set) in
    ``CelebAMask-HQ/CelebA-HQ-img`` and other usual folders. If
    ``CelebAMask-HQ-attribute-anno.txt`` is in the folder or next to it, its 40 attributes are read.
    The source has no split: every k-th image is a test image, so a person may be in both splits.
    For non-commercial research only.

    Args:
        path: The folder, within ``$OGAN_BENCH_DATA`` or absolute; empty: the first usual one.
        resolution: Height and width in pixels.
        crop: Of photographs that are no squares, which the published ones are: ``none`` squeezes,
            as the O-GAN author does with faces; ``centre`` crops the longer side.
        test_every: k, where every k-th image in the order of names is a test image.
        max_bad: How many unusable images may be left out.

    Raises:
        UserError: It is missing, or a file cannot be used.

    References:
        T. Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
        Variation, 2018, arXiv 1710.10196;
        C.-H. Lee et al., MaskGAN, 2020, arXiv 1907.11922 (CelebAMask-HQ, attributes)
    """
    folder = _folder(
        "CelebA-HQ", path, CELEBA_HQ_FOLDERS, "https://github.com/switchablenorms/CelebAMask-HQ"
    )
    found = find_images(folder)
    refuse_mixed(found, folder)
    order, n_train = train_first(every_kth(len(found), test_every, folder))
    names = [found[i] for i in order.tolist()]
    annotations = [place / CELEBA_HQ_ATTRIBUTES for place in (folder, folder.parent)]
    annotation = next((file for file in annotations if file.is_file()), None)
    titles, attributes = (
        ((), None)
        if annotation is None
        else read_attributes(annotation).of([Path(name).name for name in names])
    )
    store = prepared(
        "celeba_hq",
        ImageFiles(folder, names),
        resolution=resolution,
        crop=crop,
        treatment=AS_STORED,
        max_bad=max_bad,
    )
    return Dataset(
        name="celeba_hq",
        train=store.split(0, n_train, attributes=attributes),
        test=store.split(n_train, len(names), attributes=attributes),
        classes=(),
        treatment=treatment_and_leakage(store, n_train),
        licence="non-commercial research only",
        attributes=titles,
    )


def ffhq(
    *,
    path: str = "",
    resolution: Annotated[int, Field(ge=8, le=256)] = 128,
    crop: Literal["none", "centre"] = "none",
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """FFHQ: 70,000 photographs of faces, without labels.

    Fetch it by hand; it is looked for in ``$OGAN_BENCH_DATA/ffhq`` (``data`` if the variable is not
    set), in ``images1024x1024``, in ``thumbnails128x128``, or in the folder itself, with or without
    subfolders of a thousand images. Images 0 to 59,999 are training images, the others test images,
    as the authors of the dataset recommend; StyleGAN itself was trained on all. CC BY-NC-SA 4.0;
    each photograph has a licence of its own.

    Args:
        path: The folder, within ``$OGAN_BENCH_DATA`` or absolute; empty: the first usual one.
        resolution: Height and width in pixels.
        crop: Of photographs that are no squares, which the published ones are: ``none`` squeezes,
            as the O-GAN author does with faces; ``centre`` crops the longer side.
        max_bad: How many unusable images may be left out.

    Raises:
        UserError: It is missing, has no test images, or a file cannot be used.

    References:
        T. Karras, S. Laine and T. Aila, A Style-Based Generator Architecture for Generative
        Adversarial Networks, 2019, arXiv 1812.04948, https://github.com/NVlabs/ffhq-dataset
    """
    folder = _folder("FFHQ", path, FFHQ_FOLDERS, "https://github.com/NVlabs/ffhq-dataset")
    found = find_images(folder)
    refuse_mixed(found, folder)
    unexpected = next((name for name in found if not Path(name).stem.isdecimal()), None)
    if unexpected is not None:
        raise UserError(f"{folder / unexpected}: FFHQ's files are called 00000.png to 69999.png")
    is_test = torch.tensor([int(Path(name).stem) >= FFHQ_TRAIN for name in found], dtype=torch.bool)
    order, n_train = train_first(is_test)
    if not 0 < n_train < len(found):
        raise UserError(
            f"{folder}: {n_train} images before number {FFHQ_TRAIN} and {len(found) - n_train} "
            "from there on; both the training and the test split need images"
        )
    store = prepared(
        "ffhq",
        ImageFiles(folder, [found[i] for i in order.tolist()]),
        resolution=resolution,
        crop=crop,
        treatment=AS_STORED,
        max_bad=max_bad,
    )
    return Dataset(
        name="ffhq",
        train=store.split(0, n_train),
        test=store.split(n_train, len(found)),
        classes=(),
        treatment=treatment_and_leakage(store, n_train),
        licence="CC BY-NC-SA 4.0; each photograph has a licence of its own",
    )


def _folder(title: str, path: str, usual: tuple[str, ...], source: str) -> Path:
    """The folder that the user names, else the first usual one that exists.

    Raises:
        UserError: None exists.
    """
    places = [data_root() / name for name in ((path,) if path else usual)]
    for place in places:
        if place.is_dir():
            return place
    raise UserError(
        f"{title} is in none of {', '.join(map(str, places))}; put its images there ({source}; "
        "the root is $OGAN_BENCH_DATA), or set data.path to their folder"
    )
