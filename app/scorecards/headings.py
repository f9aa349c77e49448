"""Headings and table words of a card: the page, the PDF and the picture share them."""

from __future__ import annotations

from instrument.model import Language, Text

HEADINGS: dict[str, Text] = {
    "wave": Text(id="Gelombang {wave}, {month}", en="Wave {wave}, {month}"),
    "simulated": Text(id="Angka simulasi", en="Simulated figures"),
    "title": Text(id="Kartu komunitas, gelombang {wave}", en="Community card, wave {wave}"),
    "who": Text(id="Siapa yang menjawab", en="Who answered"),
    "strengths": Text(id="Yang kuat, jaga", en="What is strong: keep it"),
    "work_on": Text(id="Yang perlu perhatian", en="What needs attention"),
    "talk": Text(id="Bahan obrolan pertama", en="To talk about first"),
    "aspects": Text(id="{count} aspek hubungan", en="{count} aspects of the relationship"),
    "measured": Text(id="{count} hal yang diukur", en="{count} things measured"),
    "done": Text(id="Yang dilakukan anggota", en="What members do"),
    "related": Text(id="Yang berkaitan dengan {name}", en="What goes with {name}"),
    "priority": Text(id="Bagian tiap aspek dalam {name}", en="The part of each aspect in {name}"),
    "comments": Text(id="Kata anggota", en="In members' words"),
    "promises": Text(id="Janji kita", en="What we promised"),
    "missing": Text(id="Yang belum ditunjukkan", en="Not shown yet"),
    "limits": Text(id="Apa arti angka ini?", en="What do these figures mean?"),
    "method": Text(id="Catatan metode", en="How the figures come about"),
    "heard": Text(id="Anda bilang, kami coba", en="You said, we try"),
    "all_scales": Text(id="{count} hal tentang komunitas kita", en="{count} things about us"),
    "table": Text(id="Lihat semua angka dalam tabel", en="See all figures in a table"),
    "all_figures": Text(id="Semua angka", en="All figures"),
    "table_done": Text(id="Lihat angka ini dalam tabel", en="See these figures in a table"),
    # columns
    "what": Text(id="Hal", en="Aspect"),
    "n": Text(id="Jawaban", en="Answers"),
    "score": Text(id="Skor", en="Score"),
    "range": Text(id="Kisaran", en="Range"),
    "well": Text(id="Menilai baik, dari {of}", en="Rate it well, of {of}"),
    "bounds": Text(id="Batas bila semua menjawab", en="Limits if all had answered"),
    "change": Text(id="Berubah", en="Change"),
    "both": Text(id="Menjawab dua kali", en="Answered twice"),
    "state": Text(id="Keadaan", en="State"),
    "earlier": Text(id="Gel. {wave}", en="Wave {wave}"),
    "share": Text(id="Bagian", en="Share"),
    "behind": Text(id="Dasarnya", en="What is behind it"),
    "not_printed": Text(
        id="Komentar anggota tidak dicetak; bacalah di halaman kartu.",
        en="Members' comments are not printed; read them on the card's page.",
    ),
    "promised": Text(id="Janji: {text} ({state})", en="Promised: {text} ({state})"),
    "by": Text(
        id="{name} · oleh {owner} · paling lambat {due}", en="{name} · by {owner} · due {due}"
    ),
    "same": Text(
        id="Angka di halaman ini sama dengan yang dilihat ketua, dibulatkan.",
        en="The figures here are those the chair sees, rounded.",
    ),
    "thanks": Text(id="Terima kasih.", en="Thank you."),
    "no_strength": Text(
        id="Belum ada yang bisa disebut kuat dari data ini.",
        en="Nothing can be called strong from these data yet.",
    ),
    "no_work": Text(
        id="Tidak ada yang menonjol dari data ini.", en="Nothing stands out in these data."
    ),
    "no_promises": Text(id="Belum ada janji yang tercatat.", en="No promise is recorded yet."),
    "chart": Text(id="{name}: skor dan kisarannya", en="{name}: score and range"),
    "line": Text(id="{name} dari gelombang ke gelombang", en="{name} from wave to wave"),
    "bar": Text(id="{name}: bagian anggota", en="{name}: share of members"),
    "grains": Text(id="Anggota yang menjawab", en="Members who answered"),
}
FIXED = (
    *("who", "strengths", "work_on", "talk", "done", "related", "priority", "comments"),
    *("promises", "missing", "limits", "method", "heard", "all_scales", "table", "table_done"),
    *("not_printed", "same", "thanks", "no_strength", "no_work", "no_promises", "grains"),
    *("simulated", "all_figures"),
)
"""What every card's frame says, whatever is in it."""
COUNTS: dict[Language, tuple[str, ...]] = {
    "id": ("Nol", "Satu", "Dua", "Tiga", "Empat", "Lima", "Enam", "Tujuh", "Delapan", "Sembilan"),
    "en": ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"),
}


def heading(name: str, language: Language, /, **values: object) -> str:
    """A heading or a table word with its values filled in."""
    return HEADINGS[name].in_(language).format(**values)


def count(number: int, language: Language) -> str:
    """A count as a word at the beginning of a heading, up to nine."""
    words = COUNTS[language]
    return words[number] if number < len(words) else str(number)
