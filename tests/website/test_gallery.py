"""The gallery shows the arms that decided hypotheses compare, from one seed where it can."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from website import gallery
from website.gallery import MOST_ARMS, compared_arms, gallery_page, publish, shown

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "results" / "reference"
ARMS = ["ogan", "separate", "post_hoc"]


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """The published results of one study, without pictures."""
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    folder = tmp_path / "results" / "reference"
    shutil.copytree(
        REFERENCE / "sharing", folder / "sharing", ignore=shutil.ignore_patterns("*.png")
    )
    return folder


def add_picture(results: Path, arm: str, seed: int, file: str = "samples.png") -> None:
    place = results / "sharing" / arm / f"seed-{seed}" / file
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (64, 64)).save(place)


def captions(page: str) -> list[tuple[str, str]]:
    """Arm and seed of every picture."""
    return re.findall(r"\{figure\} /pictures/sharing/(\w+)/seed-(\d+)/", page)


def test_every_arm_of_a_decided_hypothesis_is_shown_from_one_seed(reference: Path) -> None:
    assert compared_arms(reference, "sharing") == ARMS
    results = reference.parent
    for arm, seeds in zip(ARMS, ((101, 102, 103), (100, 102, 103), (102, 103)), strict=True):
        for seed in seeds:
            add_picture(results, arm, seed)
    add_picture(results, "bigan", 102)  # no decided hypothesis compares it
    publish(reference, results, "sharing")
    page = gallery_page(reference.parent.parent, reference.parent / "site")
    assert captions(page) == [(arm, "102") for arm in ARMS]
    assert page.count(", seed 102\n") == 3
    for arm in ARMS:  # with words above it
        path = reference.parent / "site" / "pictures" / "sharing" / arm / "seed-102" / "samples.png"
        with Image.open(path) as labelled:
            assert labelled.height - 64 > labelled.width - 64 > 0


def test_without_a_common_seed_each_arm_is_of_its_own(reference: Path) -> None:
    add_picture(reference, "ogan", 108)
    add_picture(reference, "ogan", 109)
    add_picture(reference, "separate", 100)
    page = gallery_page(reference.parent.parent, reference.parent / "site")
    assert captions(page) == [("ogan", "108"), ("separate", "100")]
    assert ", seed 108\n" in page


def test_a_study_of_many_arms_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(compared_arms(REFERENCE, "any_gan")) == MOST_ARMS
    monkeypatch.setattr(gallery, "MOST_ARMS", 100)
    assert len(compared_arms(REFERENCE, "any_gan")) > MOST_ARMS


def test_what_is_shown_of_published_studies_is_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And running it again, without the results themselves, changes nothing."""
    names = ["linear_codes", "mse_vs_pearson-fashion", "sharing"]
    monkeypatch.setattr(gallery, "published", lambda _: names)
    page = gallery_page(ROOT, tmp_path)
    paths = re.findall(r"\{figure\} /pictures/(\S+)\n", page)
    assert {path.partition("/")[0] for path in paths} == set(names)
    assert all(
        (REFERENCE / path).is_file() and (tmp_path / "pictures" / path).is_file() for path in paths
    )
    assert "squared error (sum) (collapsed 5/5) (`mse`), seed 0" in page
    before = sorted(REFERENCE.glob("sharing/*/*/*.png"))
    gallery.main([str(REFERENCE), "sharing", "--from", str(tmp_path)])
    assert capsys.readouterr().out.split() == [str(path) for path in shown(REFERENCE, "sharing")]
    assert sorted(REFERENCE.glob("sharing/*/*/*.png")) == before
