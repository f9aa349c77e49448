"""The pages: what they say, in which words, and how they are built."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from analysis import findings, plan, report, wording
from analysis.dataset import read_csv
from analysis.findings import Findings
from analysis.report.markup import forest, ticks_between
from analysis.wording import Voice
from instrument import registry
from instrument.model import Language
from tests.analysis.conftest import BFI, first_rows

ID, EN = Voice("id"), Voice("en")
STANDARD = plan.default(registry.find("bfi"))
SIZES = (4, 9, 20, 45, 80)


@pytest.fixture(scope="module")
def all_findings(
    people: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[int | str, Findings]:
    folder = tmp_path_factory.mktemp("sizes")
    definition = registry.find("partnership")
    found: dict[int | str, Findings] = {}
    for n in SIZES:
        data = read_csv(first_rows(people, n, folder / f"{n}.csv"), definition)
        found[n] = findings.find(data, findings.Options(population=300, n_boot=500))
    found["people"] = findings.find(read_csv(people, definition), findings.Options(n_boot=500))
    bfi = registry.find("bfi")
    found["bfi"] = findings.find(read_csv(BFI, bfi), findings.Options(n_boot=500))
    return found


KEYS: tuple[int | str, ...] = (*SIZES, "people", "bfi")


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("key", KEYS)
def test_pages_are_sound(
    all_findings: dict[int | str, Findings], key: int | str, language: Language
) -> None:
    page = report.page(all_findings[key], language, source="data.csv")
    outline = Outline(page)
    assert outline.open == []
    assert outline.of("html")[0]["lang"] == language
    assert len(outline.of("h1")) == 1
    # served under style-src 'self': no style attribute, no style element, no script
    assert not outline.of("script")
    assert not outline.of("style")
    assert not any("style" in attrs for _, attrs in outline.tags)
    assert [attrs["href"] for attrs in outline.of("link")] == ["report.css"]
    assert "http" not in page
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in outline.tags:
        for name in (attrs.get("aria-labelledby") or "").split():
            assert name in ids
        if (attrs.get("href") or "").startswith("#"):
            assert (attrs["href"] or "")[1:] in ids
    for cell in outline.of("th"):
        assert cell["scope"] in {"col", "row", "rowgroup"}
    for graphic in outline.of("svg"):
        assert graphic.get("role") == "img" or graphic.get("aria-hidden") == "true"
    assert "$" not in page
    assert "None" not in page
    assert "nan" not in re.sub(r"[a-z]nan|nan[a-z]", "", page)


@pytest.mark.parametrize("key", KEYS)
def test_words_never_claim_a_cause(all_findings: dict[int | str, Findings], key: int | str) -> None:
    for language in ("id", "en"):
        words = " ".join(Outline(report.page(all_findings[key], language)).words).lower()
        for forbidden in (
            "berpengaruh",
            "pengaruh",
            "terbukti",
            "causes ",
            "proves",
            "significant driver",
            "/work",
        ):
            assert forbidden not in words


def test_no_relation_reads_as_not_enough_data_below_sixty(
    all_findings: dict[int | str, Findings],
) -> None:
    small = report.page(all_findings[45], "id")
    assert "belum cukup data" in small
    assert "tidak tampak hubungan" not in small
    assert "eksploratif" in small
    large = report.page(all_findings["bfi"], "id")
    assert "belum cukup data" not in large
    assert "tidak tampak hubungan yang jelas" in large


def test_what_is_withheld_is_said_in_words(all_findings: dict[int | str, Findings]) -> None:
    page = " ".join(Outline(report.page(all_findings[45], "id")).words).replace("\u00a0", " ")
    assert "Analisis faktor eksploratori: baru dicetak mulai n = 100; di sini n = 45." in page
    assert "KMO, Bartlett, nilai eigen: baru dicetak mulai n = 100" in page
    english = " ".join(Outline(report.page(all_findings[45], "en")).words).replace("\u00a0", " ")
    assert "Exploratory factor analysis: printed from n = 100; here n = 45." in english


def test_simulated_data_say_so(all_findings: dict[int | str, Findings]) -> None:
    assert "DATA SIMULASI" in report.page(all_findings[45], "id")
    assert "SIMULATED DATA" in report.page(all_findings[45], "en")
    assert "DATA SIMULASI" not in report.page(all_findings["bfi"], "id")


def test_figures_say_their_numbers_to_everybody(all_findings: dict[int | str, Findings]) -> None:
    found = all_findings[45]
    page = report.page(found, "id")
    level = found.levels["REL"]
    label = f"Kualitas hubungan: {level.pomp:.0f} dari 100"
    assert label in page


def test_file_names_are_escaped(all_findings: dict[int | str, Findings]) -> None:
    page = report.page(all_findings[4], "id", source='<img src=x onerror="1">.csv')
    assert "<img" not in page


@pytest.mark.parametrize(
    ("voice", "x", "bounded", "text"),
    [
        (ID, 0.714, True, "0,71"),
        (EN, 0.714, True, ".71"),
        (EN, 0.714, False, "0.71"),
        (ID, -0.305, False, "−0,30"),
        (EN, -0.001, True, ".00"),
        (ID, float("nan"), False, "–"),
        (EN, 1.0, True, "1.00"),
    ],
)
def test_numbers(voice: Voice, x: float, bounded: bool, text: str) -> None:
    assert voice.fixed(x, bounded=bounded) == text


def test_p_values() -> None:
    assert EN.p(0.0000001) == "<\u00a0.001"
    assert ID.p(0.0000001) == "<\u00a00,001"
    assert EN.p_equals(0.0234) == "p\u00a0=\u00a0.023"
    assert ID.p_equals(0.0) == "p\u00a0<\u00a00,001"


def test_intervals_and_lists() -> None:
    assert EN.between(0.1, 0.25, bounded=True) == "[.10,\u00a0.25]"
    assert ID.between(-0.1, 0.25) == "[−0,10;\u00a00,25]"
    assert ID.listed(["a", "b", "c"]) == "a, b dan c"
    assert ID.count(18146) == "18.146"
    assert EN.count(18146) == "18,146"


@pytest.mark.parametrize(
    ("estimate", "low", "word"),
    [
        (0.96, 0.93, "possibly redundant"),
        (0.84, 0.75, "adequate"),
        (0.75, 0.60, "adequate, interval dips below .70"),
        (0.65, 0.50, "for exploration"),
        (0.50, 0.30, "low"),
    ],
)
def test_reliability_is_judged_on_its_interval(estimate: float, low: float, word: str) -> None:
    assert wording.reliability_reading(STANDARD, estimate, low, EN) == word


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (-0.45, 1.04, [-0.5, 0.0, 0.5, 1.0, 1.5]),
        (0.1, 0.9, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-0.27, -0.03, [-0.3, -0.2, -0.1, 0.0]),
    ],
)
def test_axes_hold_zero_and_round_numbers(low: float, high: float, marks: list[float]) -> None:
    found = ticks_between(low, high)
    assert 0.0 in found
    assert found[0] <= low
    assert found[-1] >= high
    assert set(marks) <= set(found) or len(found) <= 7


def test_forest_stays_inside_its_frame() -> None:
    drawn = forest(EN, [("a", 0.3, -0.4, 1.0), ("b", -0.2, -0.9, 0.5)])
    for x in re.findall(r'(?:x1|x2|cx)="([\d.]+)%"', drawn):
        assert 0 <= float(x) <= 100


def test_the_response_rate_stands_beside_the_levels(
    all_findings: dict[int | str, Findings],
) -> None:
    # acceptance 15
    page = report.page(all_findings[45], "en").replace("\u00a0", " ")
    assert "finite population correction (N = 300); 45 of 300 answered (15%)" in page
    assert not re.search(r"\d of \d+ answered", report.page(all_findings["people"], "en"))


def test_a_census_tells_the_error_of_measurement(people: Path, tmp_path: Path) -> None:
    # 2.6: where n = N no sampling error is left; SD sqrt(1 - omega)/sqrt(n) is told instead
    data = read_csv(first_rows(people, 45, tmp_path / "45.csv"), registry.find("partnership"))
    complete = data.attentive()
    complete = complete.select(~np.isnan(complete.score().mean_of("REL")))
    found = findings.find(complete, findings.Options(population=complete.rows, n_boot=100))
    level, omega = found.levels["REL"], found.omegas["REL"]
    expected = 25 * level.mean.sd * np.sqrt((1 - omega.estimate) / level.n)
    page = report.page(found, "en").replace("\u00a0", " ")
    assert "all members answered" in page
    assert f"Relationship quality {expected:.1f}" in page.split("Measurement error of the mean")[1]
