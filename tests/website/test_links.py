"""Links of the repository lead on within the site."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from website.links import lead_on, place
from website.sources import lay_out

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("file", "there"),
    [
        ("README.md", "index.md"),
        ("docs/verdicts.md", "verdicts.md"),
        ("docs/zh/README.md", "zh/index.md"),
        ("studies/any_gan.yaml", "studies/any_gan.md"),
        ("results/reference/any_gan/report.md", "reports/any_gan/report.html"),
        ("results/reference/a/b/seed-0/samples.png", "pictures/a/b/seed-0/samples.png"),
        ("ogan_bench/api.py", None),
    ],
)
def test_every_kind_of_file_has_its_place(file: str, there: str | None) -> None:
    assert place(PurePosixPath(file)) == (PurePosixPath(there) if there else None)


def led_on(text: str, page: str = "docs/findings/a.md") -> tuple[str, list[str]]:
    used: list[str] = []
    shown = lead_on(text, PurePosixPath(page), lambda file: used.append(str(file)))
    return shown, used


def test_links_pictures_and_reports_lead_on() -> None:
    text = (
        "[a\\_b](../verdicts.md#power) ![p](../../results/reference/s/figures/f.svg)\n"
        "[s](../../results/reference/s/report.md) [c](../../CONTRIBUTING.md) [#](#x) "
        "[w](https://example.org/a.md)"
    )
    shown, used = led_on(text)
    assert shown == (
        "[a\\_b](../verdicts.md#power) ![p](../pictures/s/figures/f.svg)\n"
        '<a href="../reports/s/report.html">s</a> [c](../contributing.md) [#](#x) '
        "[w](https://example.org/a.md)"
    )
    assert used == [
        "docs/verdicts.md",
        "results/reference/s/figures/f.svg",
        "results/reference/s/report.md",
        "CONTRIBUTING.md",
    ]


def test_code_has_no_links() -> None:
    text = "`[a](b.md)` and\n\n```python\nf[0](x)\n[c](d.md)\n```\n"
    assert led_on(text) == (text, [])


def test_a_link_without_a_place_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"docs/findings/a\.md: \.\./\.\./noxfile\.py has no place"
    ):
        led_on("[n](../../noxfile.py)")


def test_all_pages_are_laid_out(tmp_path: Path) -> None:
    lay_out(ROOT, tmp_path)
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")}
    written = [path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md")]
    assert {str(place(PurePosixPath(path))) for path in written} < pages
    assert {f"studies/{path.stem}.md" for path in (ROOT / "studies").glob("*.yaml")} < pages
    forest = tmp_path / "pictures" / "mse_vs_pearson" / "figures" / "forest.svg"
    assert forest.read_bytes().startswith(b"<?xml")
    listed = (tmp_path / "studies" / "index.md").read_text(encoding="utf-8")
    assert '<a href="../reports/mse_vs_pearson-fashion/report.html">fashion</a>' in listed
