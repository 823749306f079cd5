"""The page of a study in a browser: what it shows, and that its controls work."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ogan_bench.analysis.study_answer import Answer
from ogan_bench.report.rendering import templates

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
WIDTHS = (360, 768, 1280)
COLUMNS = 4


def arms(page: Page) -> list[str]:
    """Arms of the main table that can be seen, from top to bottom."""
    return page.locator(".main .arm:visible").all_text_contents()


def values(page: Page, column: int) -> list[float | str | None]:
    """What the main table sorts a column by, from top to bottom."""
    cells = page.locator(f".main tbody tr > :nth-child({column + 1})")
    if column == 0:
        return list(cells.locator(".arm").all_text_contents())
    shown = cells.evaluate_all("cells => cells.map((cell) => cell.dataset.value)")
    return [float(value) if value else None for value in shown]


def heading(page: Page, column: int) -> Any:
    return page.locator(".main thead th").nth(column)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    root = "document.documentElement"
    return int(page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


def test_every_image_is_loaded(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    widths = page.locator("img").evaluate_all("images => images.map((i) => i.naturalWidth)")
    assert len(widths) == 50
    assert min(widths) > 0


@pytest.mark.parametrize("smuggled", ["<script>{}</script>", '<img src="x" onerror="{}">'])
def test_the_policy_stops_what_escaping_would_have_missed(
    smuggled: str, made_up: Path, visit: Visit, tmp_path: Path
) -> None:
    text = made_up.read_text(encoding="utf-8")
    path = tmp_path / "hurt.html"
    intruder = smuggled.format("document.title = 'taken'")
    path.write_text(text.replace("<main>", f"<main>{intruder}"), encoding="utf-8")
    page = visit(path, watched=False)
    assert page.title() == "demo: ogan_bench report"
    assert page.locator(".main th button").count() == COLUMNS  # the page's own script ran


def test_the_policy_names_the_style_and_the_script(made_up: Path) -> None:
    policy = re.findall(
        r'http-equiv="Content-Security-Policy" content="([^"]*)"', made_up.read_text()
    )
    assert len(policy) == 1
    assert "unsafe" not in policy[0]
    assert policy[0].startswith("default-src 'none'; img-src data:;")
    assert len(re.findall("(?:style|script)-src 'sha256-[A-Za-z0-9+/]{43}=';", policy[0])) == 2


def test_hostile_text_is_shown_as_text(made_up: Path, visit: Visit, context: Any) -> None:
    page = visit(made_up)
    assert page.title() == "demo: ogan_bench report"
    assert arms(page) == [row["arm"] for row in context["rows"]]
    assert page.locator("main script, main b").count() == 0
    assert page.locator("img:not([src^='data:'])").count() == 0
    assert page.locator(".verdict h3").all_text_contents() == [
        verdict.hypothesis.claim for verdict in context["verdicts"]
    ]
    for text in (
        *context["notes"],
        *context["overview"].standing.deviations,
        context["record"]["question"],
    ):
        expect(page.get_by_text(text, exact=True).first).to_be_visible()


@pytest.mark.parametrize("column", range(COLUMNS))
def test_a_column_sorts_both_ways_and_back(column: int, made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    before = values(page, column)
    known = [value for value in before if value is not None]
    missing: list[float | str | None] = [None] * (len(before) - len(known))
    assert len(missing) == (column == 1)
    button = heading(page, column).get_by_role("button")
    title = button.text_content()
    for direction in ("ascending", "descending"):
        button.click()
        ordered = sorted(known, key=natural, reverse=direction == "descending")
        assert values(page, column) == ordered + missing
        assert heading(page, column).get_attribute("aria-sort") == direction
        assert page.locator("[aria-sort]").count() == 1
        expect(page.locator("#results [role=status]")).to_contain_text(
            f"sorted by {title}, {direction}"
        )
    button.click()
    assert values(page, column) == before
    assert page.locator("[aria-sort]").count() == 0


def natural(value: Any) -> Any:
    """Names in alphabetical order, signs first, with their numbers by size; numbers by size."""
    if not isinstance(value, str):
        return value
    rank = {'"': 0, "{": 1, "<": 2}.get(value[0], 3)
    return rank, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", value)]


def test_another_column_starts_anew(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    heading(page, 1).get_by_role("button").click()
    heading(page, 2).get_by_role("button").click()
    assert heading(page, 1).get_attribute("aria-sort") is None
    assert heading(page, 2).get_attribute("aria-sort") == "ascending"


def test_sorting_by_keyboard(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    heading(page, 1).get_by_role("button").focus()
    page.keyboard.press("Tab")
    assert heading(page, 2).get_by_role("button").evaluate("b => b === document.activeElement")
    for key, direction in (("Enter", "ascending"), ("Space", "descending")):
        page.keyboard.press(key)
        assert heading(page, 2).get_attribute("aria-sort") == direction
    assert heading(page, 2).get_by_role("button").evaluate("b => b === document.activeElement")


@pytest.mark.parametrize(
    ("typed", "count"),
    [("PEARSON", 2), ("none", 1), ("none _10", 2), ("<script", 1), ("nobody", 0), ("  ", 6)],
)
def test_filter_of_arms(typed: str, count: int, made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    everything = arms(page)
    box = page.get_by_role("searchbox", name="Arms")
    box.focus()
    page.keyboard.type(typed)
    wanted = [name for name in everything if any(w in name for w in typed.lower().split())]
    assert arms(page) == (wanted if typed.strip() else everything)
    assert len(arms(page)) == count
    expect(page.locator("#results [role=status]")).to_contain_text(f"{count} of 6 arms")
    page.keyboard.press("Enter")
    assert page.url == made_up.as_uri()
    box.fill("")
    assert arms(page) == everything


def test_hidden_metrics(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    cells = page.locator(".main tr > :nth-child(3)")
    page.locator(".tools summary").click()
    box = page.get_by_role("checkbox", name="FD (classifier)")
    box.click()
    assert cells.count() == 7
    assert not any(cell.is_visible() for cell in cells.all())
    assert heading(page, 3).is_visible()
    expect(page.locator("#results [role=status]")).to_contain_text("2 of 3 metrics")
    box.focus()
    page.keyboard.press("Space")
    assert all(cell.is_visible() for cell in cells.all())
    page.locator(".tools summary").focus()
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()


def test_filter_and_order_go_together(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    page.get_by_role("searchbox", name="Arms").fill("pearson none")
    heading(page, 1).get_by_role("button").click()
    assert arms(page) == ["pearson_2", "none", "pearson_10"]
    status = page.locator("#results [role=status]")
    expect(status).to_have_text(
        "3 of 6 arms; 3 of 3 metrics; sorted by reconstruction MSE, ascending"
    )


def test_slider_moves_all_arms_together(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    slider = page.get_by_role("slider", name="Step")
    seen = page.locator("#steps img:visible")

    def shows(step: int, text: str) -> None:
        assert slider.get_attribute("aria-valuetext") == f"step {step}"
        expect(page.locator("#steps output")).to_have_text(text)
        assert [image.get_attribute("alt") for image in seen.all()] == [
            f"{name} at step {step}, drawn"
            for name in page.locator("#steps figcaption strong").all_text_contents()
        ]

    assert seen.count() == 6
    shows(1500, "1,500")
    slider.focus()
    for key, step, text in (("ArrowLeft", 500, "500"), ("Home", 0, "0"), ("End", 1500, "1,500")):
        page.keyboard.press(key)
        shows(step, text)
    area = slider.bounding_box()
    assert area is not None
    page.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    shows(500, "500")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_page(
    width: int, scheme: str, made_up: Path, visit: Visit
) -> None:
    page = visit(made_up, width, color_scheme=scheme)
    page.locator("details").evaluate_all("all => all.forEach((one) => (one.open = true))")
    assert overflow(page) == 0
    edge = page.evaluate("document.documentElement.clientWidth")
    charts = ".chart img, .figures img"
    outside = page.locator(f"main :not(.scroll *, pre *, legend, {charts})").evaluate_all(
        "(all, edge) => all.filter((one) => one.getBoundingClientRect().right > edge + 1)"
        ".map((one) => one.outerHTML.slice(0, 80))",
        edge,
    )
    assert outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_that_goes_on_has_a_shadow_at_that_edge(
    scheme: str, made_up: Path, visit: Visit
) -> None:
    page = visit(made_up, 360, color_scheme=scheme)
    box = page.locator(".scroll", has=page.locator(".main"))

    def edges() -> list[bool]:
        """Whether the left and the right edge of the table are shaded."""
        shown = Image.open(io.BytesIO(box.screenshot())).convert("L")
        ground = shown.getpixel((shown.width // 2, shown.height - 4))
        found = (shown.getpixel((x, shown.height - 4)) for x in (2, shown.width - 3))
        return [abs(pixel - ground) > 15 for pixel in found]  # type: ignore[operator]

    assert box.evaluate("one => one.scrollWidth > one.clientWidth")
    assert edges() == [False, True]
    box.evaluate("one => (one.scrollLeft = one.scrollWidth)")
    assert edges()[1] is False
    wide = visit(made_up, 1280, color_scheme=scheme)
    box = wide.locator(".scroll", has=wide.locator(".main"))
    assert box.evaluate("one => one.scrollWidth === one.clientWidth")
    assert edges() == [False, False]


def test_the_answer_opens_the_page(made_up: Path, visit: Visit, context: Any) -> None:
    page = visit(made_up)
    answer = page.locator("header #answer")
    expect(answer).to_have_text(context["answer"].sentence)
    expect(answer).to_be_in_viewport()
    fails = page.locator("header li", has_text="Fails: ").first
    expect(fails).to_have_text("Fails: " + " ".join(context["answer"].groups[1][1]))


def test_methods_settings_and_bibliography_are_shown_as_text(
    made_up: Path, visit: Visit, context: Any
) -> None:
    page = visit(made_up)
    methods = context["methods"]
    expect(page.locator("#procedure")).to_have_text(" ".join(methods.further))
    experiment = page.locator("#experiment")
    expect(experiment.locator("pre")).to_have_text(methods.formula.lines[0])
    for texts in (methods.header, methods.setup, methods.formula.symbols):
        for text in texts.values():
            expect(experiment).to_contain_text(text)
    section = page.locator("#limitations")
    expect(section.locator("p").first).to_have_text(methods.compute)
    assert section.locator("li").all_text_contents() == methods.limitations
    for summary in section.locator("summary").all():
        summary.click()
    assert section.locator("tbody tr").count() == len(methods.settings)
    expect(section.locator("pre")).to_have_text(methods.bibliography[0])
    expect(section.locator("pre")).to_be_visible()


def test_the_other_metrics_are_folded_away(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    more = page.get_by_role("region", name="More metrics, table 1")
    expect(more).to_be_hidden()
    page.locator("summary", has_text="All metrics: 1 more").click()
    expect(more).to_be_visible()
    assert more.locator("tbody tr").count() == page.locator(".main tbody tr").count()


def test_contents_stay_beside_the_page_on_a_desktop(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    link = page.get_by_role("link", name="Reproduce")
    expect(link).to_be_in_viewport()
    link.click()
    expect(page.get_by_role("heading", name="Reproduce")).to_be_in_viewport()
    expect(link).to_be_in_viewport()
    expect(page.locator("nav summary")).to_be_hidden()


def test_contents_are_folded_on_a_phone(made_up: Path, visit: Visit) -> None:
    page = visit(made_up, 390)
    link = page.locator("nav a").first
    expect(link).to_be_hidden()
    page.locator("nav summary").focus()
    page.keyboard.press("Enter")
    expect(link).to_be_visible()


def test_charts_keep_their_size_on_a_phone(made_up: Path, visit: Visit) -> None:
    page = visit(made_up, 390)
    charts = page.locator(".chart img, .figures img")
    assert charts.count() > 2
    assert min(charts.evaluate_all("all => all.map((one) => one.width)")) >= 520
    frames = page.locator(".chart, .figures figure")
    frames.first.evaluate("frame => { frame.scrollLeft = 1000; }")
    assert frames.first.evaluate("frame => frame.scrollLeft") > 100
    caption = frames.first.locator("figcaption")
    assert caption.evaluate("one => one.getBoundingClientRect().left") >= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_contents_name_every_section(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    links = page.locator("nav a")
    assert links.evaluate_all("all => all.map((a) => a.hash.slice(1))") == page.locator(
        "main section"
    ).evaluate_all("all => all.map((section) => section.id)")
    assert links.all_text_contents() == page.locator("main h2").all_text_contents()
    assert page.locator("[id]").count() == len(
        set(page.locator("[id]").evaluate_all("all => all.map((one) => one.id)"))
    )


def test_the_page_reads_well_aloud(made_up: Path, visit: Visit) -> None:
    page = visit(made_up)
    assert page.locator("html").get_attribute("lang") == "en"
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        assert page.get_by_role(landmark).count() == 1
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = [after - before for before, after in itertools.pairwise(levels)]
    assert max(steps) == 1
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    unlabelled = "all => all.filter((one) => !one.labels.length).length"
    assert page.locator("input").evaluate_all(unlabelled) == 0
    assert page.locator(".scroll:not([aria-label][tabindex])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(scheme: str, made_up: Path, visit: Visit) -> None:
    page = visit(made_up, color_scheme=scheme)
    ground = luminance(style(page, "body", "backgroundColor"))
    assert (ground < 0.05) == (scheme == "dark")
    for place in ("h1", ".soft", ".note", ".supported", ".refuted", ".equivalent",
                  ".inconclusive", ".uninformative", ".sub",
                  "nav a", "summary", "figcaption", ".status"):  # fmt: skip
        other = luminance(style(page, place, "color"))
        light, dark = max(ground, other), min(ground, other)
        assert (light + 0.05) / (dark + 0.05) > 4.5, place


def style(page: Page, place: str, key: str) -> str:
    return str(page.locator(place).first.evaluate(f"one => getComputedStyle(one).{key}"))


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines 2.2 define it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_all_is_there_without_scripts(made_up: Path, visit: Visit, context: Any) -> None:
    page = visit(made_up, java_script_enabled=False)
    assert all(section.is_visible() for section in page.locator("main section").all())
    assert arms(page) == [row["arm"] for row in context["rows"]]
    assert page.locator(".main td:visible").count() == 18
    shown = page.locator("#steps img:visible")
    assert [image.get_attribute("alt") for image in shown.all()] == [
        f"{row['arm']} at step 1500, drawn" for row in context["steps"]["arms"]
    ]
    for control in ("input", "button", ".tools", ".slider"):
        assert page.locator(f"{control}:visible").count() == 0


def test_print_shows_everything_but_measurements_and_no_controls(
    made_up: Path, visit: Visit
) -> None:
    """All measurements took most of the paper; they are in table.csv."""
    page = visit(made_up, 720)
    page.emulate_media(media="print", color_scheme="dark")
    left_out = page.locator(".unprinted")
    assert left_out.locator("summary").all_text_contents() == ["All measurements"]
    expect(left_out).to_be_hidden()
    for control in ("input", "summary", "nav", ".status"):
        assert page.locator(f"{control}:visible").count() == 0
    for folded in page.locator("main details:not(.tools *, .unprinted)").all():
        assert folded.evaluate("one => !one.open")
        content = folded.locator("table, pre").first
        expect(content).to_be_visible()
        assert content.evaluate("one => one.checkVisibility()")
        assert folded.bounding_box()["height"] > 50  # type: ignore[index]
    assert luminance(style(page, "body", "backgroundColor")) == pytest.approx(1)
    assert luminance(style(page, "h1", "color")) == 0


def test_sections_without_content_are_left_out(visit: Visit, context: Any, tmp_path: Path) -> None:
    empty: dict[str, Any] = {
        "verdicts": [], "answer": Answer("", ()), "pictures": {}, "open_trials": [],
        "ranks": [], "ablation": {"control": "none", "rows": []}, "further": [],
        "contact": [], "variance": [],
        "steps": {"steps": [], "arms": []}, "published": [], "course": [], "floors": [],
        "notes": [], "provenance": [],
    }  # fmt: skip
    path = tmp_path / "empty.html"
    text = templates().get_template("report.html.j2").render(context | empty)
    path.write_text(text, encoding="utf-8")
    page = visit(path)
    assert page.locator("nav a").all_text_contents() == [
        "Experiment", "Results", "Compute and limitations", "Cost",
        "Training health and completeness", "Metrics", "Provenance", "Reproduce",
    ]  # fmt: skip
    assert page.locator("figure, .verdict").count() == 0
