"""What a card says, in both languages: acceptance 21, B2, and the specification's examples."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.scorecard.model import Card, Change, Percent, Score, Withheld
from app.scorecards import headings, phrases, words, written
from app.scorecards.contexts import View
from app.scorecards.view import in_both, view_of
from instrument.model import LANGUAGES, Language, Text
from tests.scorecards.any_card import cards
from tests.scorecards.cards import CARDS, third_wave
from tests.scorecards.pieces import moved

CLAIMS = re.compile(
    r"\b(?:mem|ber)?pengaruh\w*|\bterbukti\b|\bcauses?d?\b(?! and effect)|\bproves?d?\b"
    r"|\bmenyebabkan\b|\binfluenc\w+|\bp\s*[<=]|\bTCR\b|\bsignifi[ck]an\w*",
    re.IGNORECASE,
)
MOVED = re.compile(r"\b(?:naik|turun|up|down) \d", re.IGNORECASE)
LIMITS = {
    "id": "Ini perkiraan dari anggota yang menjawab, bukan nilai rapor. Anggota yang tidak menjawab"
    " bisa saja berbeda. Selisih kecil bisa jadi hanya kebetulan. Skor tidak menunjukkan"
    " sebab-akibat. Mohon jangan mencari tahu siapa menjawab apa.",
    "en": "These are estimates from members who answered, not a school mark. Members who did not"
    " answer may differ. Small differences may be chance. Scores do not show cause and effect. Do"
    " not try to find out who answered what.",
}


def no_block_is_long_and_none_claims_too_much(card: Card, views: list[View]) -> None:
    """Acceptance 21, on any card: <= 60 words a block, the limits text, no word of causes."""
    for view in views:
        for place, block in view.blocks():
            assert len(block.split()) <= 60, (place, block)
            assert not CLAIMS.search(block.replace("not necessarily a cause", "")), (place, block)
            assert "  " not in block.strip() or place.startswith(("card", "fact")), (place, block)
        assert view.limits == LIMITS[view.language]
        assert view.verdict.endswith(".")
        assert view.verdict.count(".") == 1, "one sentence"


def test_nothing_it_can_say_claims_too_much() -> None:
    """Also what no card said above: every phrase and heading; no confidence in percent."""
    said = [
        *(one for one in vars(phrases).values() if isinstance(one, Text)),
        *(one for table in (phrases.STATES, phrases.CHANGES, phrases.REASONS, phrases.PROMISES)
          for one in table.values()),
        *phrases.METHOD,
        *headings.HEADINGS.values(),
    ]  # fmt: skip
    assert len(said) > 100
    for one in said:
        for text in (one.id, one.en):
            assert "95%" not in text
            assert not CLAIMS.search(text.replace("not necessarily a cause", "")), text


def every_figure_has_its_n_and_its_range_or_is_withheld(card: Card, views: list[View]) -> None:
    """B2, first half: a mean stands with its range and n, a middle value says what it is."""
    for view in views:
        for one, scale in zip(view.scales, card.scales, strict=False):
            if isinstance(scale.score, Withheld):
                assert (one.big, one.beside, one.point) == ("–", "", None)
                assert one.description == words.reason(scale.score, card, view.language)
                continue
            assert re.search(rf"\b{scale.n}\b", one.description)
            if scale.score.low is not None:
                low, high = re.findall(r"\d+", one.beside)
                assert int(low) <= int(one.big) <= int(high)
                assert f"{low} " in one.description
                assert high in one.description
            else:
                assert one.beside in (
                    phrases.MIDDLE.in_(view.language),
                    phrases.ALL_MEMBERS.in_(view.language),
                )
        for fact, tile in zip(view.facts, card.behaviours, strict=False):
            if isinstance(tile.value, Withheld):
                assert (fact.big, fact.value, fact.bounds) == ("–", None, "–")
                assert fact.note
            else:
                assert re.search(rf"\b{tile.n}\b", fact.note)
        assert len(view.table.rows) == len(card.scales)
        assert {len(row) for row in view.table.rows} == {len(view.table.head)}


def no_word_of_change_where_the_range_includes_zero(card: Card, views: list[View]) -> None:
    """B2, second half: on the scale's card, in the lines and in the verdict."""
    for view in views:
        up, down = (
            [one.name for one in card.scales if isinstance(one.change, Change)
             and one.change.word == word]
            for word in ("up", "down")
        )  # fmt: skip
        for one, scale in zip(view.scales, card.scales, strict=False):
            change = scale.change
            if one.moved.word in ("up", "down"):
                assert isinstance(change, Change)
                assert change.low > 0 or change.high < 0
                _, low, high = re.findall(r"[+−]?\d+(?:[.,]\d)?", one.moved.by)
                assert "0" not in (low, high), "the range as written does not touch 0 either"
            elif isinstance(change, Withheld):
                assert one.moved.by == ""
        risen = {"id": "sudah naik", "en": "gone up"}[view.language]
        fallen = {"id": " turun", "en": "gone down"}[view.language]
        assert risen not in view.verdict or up
        assert fallen not in view.verdict or down
        if phrases.ALL_FAIR.in_(view.language) in view.verdict:
            assert {one.state for one in card.scales} <= {"fair", "not_enough"}
        moved = {name.in_(view.language) for name in (*up, *down)}
        for name, line in (*view.strengths, *view.work_on):
            assert name in moved or not MOVED.search(line)


def the_message_for_the_group_is_short_and_holds_no_secret(card: Card, views: list[View]) -> None:
    """One link, the one given; the verdict and the limits; short blocks."""
    address = "https://guyub.example/s/contoh/hasil"
    for view in views:
        language = view.language
        message = words.share_text(card, language, address)
        assert re.findall(r"https?://\S+", message) == [address]
        assert view.verdict in message
        assert LIMITS[language] in message
        assert len(message) <= 1200
        for block in message.split("\n\n"):
            assert len(block.split()) <= 60, block


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cards())
def test_whatever_a_card_holds_it_says_no_more_than_it_may(card: Card) -> None:
    """Four properties of one draw, in both languages."""
    views = list(in_both(card).values())
    no_block_is_long_and_none_claims_too_much(card, views)
    every_figure_has_its_n_and_its_range_or_is_withheld(card, views)
    no_word_of_change_where_the_range_includes_zero(card, views)
    the_message_for_the_group_is_short_and_holds_no_secret(card, views)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_with_signs_stays_a_name(language: Language) -> None:
    """A community's name is put in as it stands: no format, no bold of the chat."""
    card = third_wave().model_copy(update={"community": "UMKM {of} *Maju* {0}"})
    assert view_of(card, language).community == "UMKM {of} *Maju* {0}"
    assert "UMKM {of} Maju {0}" in words.share_text(card, language, "https://x.example/s/a/hasil")


def test_the_specifications_examples() -> None:
    """5.5: the numbers as the worked example writes them, in both languages."""
    indonesian, english = (view_of(third_wave(), language) for language in LANGUAGES)
    flexibility = indonesian.scales[1]
    assert flexibility.spoken == "53 dari 100 (50–56)"
    assert flexibility.label == "Perlu perhatian"
    assert flexibility.well[1] == ("22 dari 60", True)
    assert indonesian.scales[3].moved.label == "Naik"
    assert indonesian.scales[3].moved.by == "+8 (antara +3 dan +13)"
    assert english.scales[3].moved.by == "+8 (between +3 and +13)"
    assert english.scales[1].spoken == "53 of 100 (50–56)"
    assert indonesian.obstacle == "Hambatan terbanyak: jadwal, disebut 20 dari 45 yang menjawab."
    assert indonesian.who.line == "45 dari 60 anggota menjawab (75%)"
    assert indonesian.verdict == (
        "Kualitas hubungan, motivasi, dan komitmen kuat, sedangkan keluwesan dan berbagi informasi"
        " perlu perhatian; berbagi informasi sudah naik."
    )
    assert english.verdict == (
        "Relationship quality, motivation and commitment are strong, while flexibility and"
        " information sharing need attention; information sharing has gone up."
    )


def test_what_fell_is_named_without_calling_it_weak() -> None:
    """A scale among what to work on because it fell keeps its own state's word."""
    fell = Change(word="down", points=-8.1, low=-13.0, high=-3.2, n=36, since=1)
    card = third_wave()
    scales = tuple(
        one.model_copy(update={"change": fell}) if one.code == "COM" else one for one in card.scales
    )
    card = card.model_copy(
        update={"scales": scales, "strengths": ("REL", "MOT"), "work_on": ("FLX", "INF", "COM")}
    )
    view = view_of(card, "id")
    assert view.work_on[2] == ("Komitmen", "turun 8; keadaannya kuat.")
    assert view.verdict.endswith("perlu perhatian; berbagi informasi sudah naik; komitmen turun.")


def test_a_word_that_stays_says_so() -> None:
    """5.2's stickiness: 68 and still strong needs a reason, else it reads as a mistake."""
    score = Score(point=68.2, low=65.0, high=71.4)
    kept = third_wave().scales[2].model_copy(update={"score": score, "kept": True})
    said = words.undecided(kept, third_wave(), "en")
    assert said == "Its word is kept from the last wave."


VERDICTS = {
    "n0": "Tidak ada yang menjawab di gelombang ini.",
    "n3": "Baru 3 anggota menjawab: belum cukup untuk angka apa pun.",
    "n9": "Baru 9 anggota menjawab: hanya nilai tengah yang bisa ditunjukkan.",
    "n10": "Baru 17% anggota menjawab: angka ini belum bisa mewakili komunitas.",
    "suppressed": "Tidak ada angka yang boleh ditunjukkan di gelombang ini.",
    "part": "Motivasi dan komitmen kuat, sedangkan berbagi informasi perlu perhatian.",
}


@pytest.mark.parametrize("name", VERDICTS)
def test_each_situation_has_its_own_sentence(name: str) -> None:
    assert view_of(CARDS[name], "id").verdict == VERDICTS[name]


def test_few_answers_say_few_things() -> None:
    """Acceptance 17 on the page: n = 3 a count only, n = 9 no range and no state."""
    nothing = view_of(CARDS["n3"], "id")
    assert (nothing.groups, nothing.facts, nothing.strengths, nothing.topic) == ((), (), (), "")
    few = view_of(CARDS["n9"], "id")
    assert {one.state for one in few.scales} == {"not_enough"}
    assert {one.low for one in few.scales} == {None}
    assert {one.kind for one in few.scales} == {"median"}
    assert not few.judged


def test_differences_are_written_so_that_no_range_seems_to_touch_zero() -> None:
    """+0.3 rounds to 0: such a change is written with a decimal, in each language's way."""
    change = Change(word="up", points=5.4, low=0.3, high=10.5, n=30, since=1)
    assert words.moved(change, "id") == "+5,4 (antara +0,3 dan +10,5)"
    assert words.moved(change, "en") == "+5.4 (between +0.3 and +10.5)"
    assert words.moved(moved(6), "id") == "−1 (antara −6 dan +4)"
    assert words.no_word(moved(6), "id") == ""
    small = Change(word="unclear", points=3.0, low=0.5, high=5.5, n=30, since=1)
    assert words.no_word(small, "en") == "A difference below 5 is not called a change."
    chance = small.model_copy(update={"points": 6.0, "high": 11.5})
    assert "chance" in words.no_word(chance, "en")


@given(st.integers(-1000, 1000), st.sampled_from(LANGUAGES))
def test_numbers_are_written_one_way(tenth: int, language: Language) -> None:
    value = tenth / 10
    text = written.number(value, language, 1)
    assert "-" not in text
    assert ("," in text, "." in text) == ((True, False) if language == "id" else (False, True))
    back = float(text.replace("−", "-").replace(",", "."))
    assert back == value
    assert not re.fullmatch(r"[+−]0[.,]?0*", written.signed(value, language))


def test_ends_are_coded() -> None:
    assert written.percent(Percent(value=5, end="at_most")) == "≤ 5%"
    assert written.percent(Percent(value=95, end="at_least")) == "≥ 95%"
    assert written.listed(["a", "b", "c"], "id") == "a, b, dan c"
    assert written.listed(["a", "b", "c"], "en") == "a, b and c"
    assert written.listed(["a"], "id") == "a"
    everybody = Score(point=70, everybody=True)
    assert view_of(CARDS["all60"], "id").scales[0].beside == "semua anggota menjawab"
    assert everybody.low is None


def test_the_key_names_the_marks_that_are_drawn() -> None:
    keys = {name: view_of(CARDS[name], "en").reading[:4] for name in CARDS}
    assert {keys[name] for name in ("n0", "n3", "suppressed")} == {""}
    assert view_of(CARDS["all60"], "en").reading.startswith("Ring: score of all members")
    assert view_of(CARDS["n9"], "en").reading.startswith("Ring: middle value")
    assert {keys[name] for name in ("n10", "n45", "part", "full")} == {"Dot:"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_answers_than_members_is_refused_with_what_to_do(language: Language) -> None:
    sentence = words.too_many(61, 60, language)
    assert "61" in sentence
    assert "60" in sentence
    assert {"id": "periksa", "en": "check"}[language] in sentence
