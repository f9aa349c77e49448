"""What a card can say, in both languages side by side: data, no rule.

Rules of style: at most 60 words a block; about a register, never about a person; what goes
together "berkaitan", and nothing here claims more (a test reads every card for it).
"""

from __future__ import annotations

from analysis.scorecard.model import State, Why, Word
from instrument.model import Text

STATES: dict[State, Text] = {
    "strong": Text(id="Kuat", en="Strong"),
    "fair": Text(id="Cukup", en="Fair"),
    "attention": Text(id="Perlu perhatian", en="Needs attention"),
    "not_enough": Text(id="Data belum cukup", en="Not enough data"),
}
CHANGES: dict[Word, Text] = {
    "up": Text(id="Naik", en="Up"),
    "down": Text(id="Turun", en="Down"),
    "unclear": Text(id="Belum jelas berubah", en="No clear change yet"),
}
PROMISES: dict[str, Text] = {
    "planned": Text(id="Disiapkan", en="Being prepared"),
    "running": Text(id="Berjalan", en="Under way"),
    "done": Text(id="Sudah dilakukan", en="Done"),
    "dropped": Text(id="Tidak jadi", en="Not carried out"),
}
REASONS: dict[Why, Text] = {
    "fewer_than_five": Text(
        id="Kurang dari {any} orang menjawab: tidak ditunjukkan, supaya tidak ada yang dikenali.",
        en="Fewer than {any} people answered: not shown, so that nobody can be recognised.",
    ),
    "below_ten": Text(
        id="Kurang dari 10 jawaban: hanya nilai tengah yang ditunjukkan.",
        en="Fewer than 10 answers: only the middle value is shown.",
    ),
    "few_in_group": Text(
        id="Terlalu sedikit orang dalam sebuah kelompok atau sisanya: tidak ditunjukkan.",
        en="Too few people in a group or in the rest of it: not shown.",
    ),
    "differencing": Text(
        id="Tidak ditunjukkan: dari selisihnya dengan kartu lama, jawaban segelintir orang bisa"
        " dihitung.",
        en="Not shown: its difference from an older card would give away the answers of a few.",
    ),
    "first_wave": Text(
        id="Gelombang pertama: belum ada pembanding.",
        en="First wave: nothing to compare with yet.",
    ),
    "other_wording": Text(
        id="Pertanyaannya lain dari gelombang sebelumnya, jadi tidak dibandingkan.",
        en="The questions differ from the wave before, so the two are not compared.",
    ),
    "few_in_both": Text(
        id="Kurang dari 10 orang menjawab di kedua gelombang, jadi tidak dibandingkan.",
        en="Fewer than 10 people answered both waves, so they are not compared.",
    ),
    "not_aimed": Text(
        id="Perubahan tidak diuji: sasaran gelombang ini hal lain.",
        en="Change is not tested: this wave's aim is another aspect.",
    ),
    "not_asked": Text(
        id="Tidak ditanyakan di gelombang ini.",
        en="Not asked in this wave.",
    ),
    "no_events": Text(
        id="Tidak ada acara yang tercatat pada masa ini.",
        en="No event was recorded in this period.",
    ),
    "not_noted": Text(
        id="Catatan acara menghitung yang hadir, bukan berapa orang yang berbeda.",
        en="The event log counts attendances, not how many different people came.",
    ),
    "no_comments": Text(
        id="Tidak ada komentar untuk ditunjukkan.",
        en="There are no comments to show.",
    ),
    "too_few_for_comments": Text(
        id="Komentar ditunjukkan mulai {comments} orang yang menjawab.",
        en="Comments are shown from {comments} people answering.",
    ),
    "too_few_for_map": Text(
        id="Bagian tiap aspek dihitung mulai 200 jawaban.",
        en="The share of each aspect is worked out from 200 answers on.",
    ),
    "unstable": Text(
        id="Hasilnya berubah-ubah bila dihitung dari sebagian data, jadi tidak ditunjukkan.",
        en="The result varies when worked out from parts of the data, so it is not shown.",
    ),
    "too_few_to_relate": Text(
        id="Jawaban terlalu sedikit untuk melihat apa yang berkaitan.",
        en="Too few answers to see what goes together.",
    ),
}

# --- the one sentence -------------------------------------------------------------------------
NOBODY = Text(id="Tidak ada yang menjawab di gelombang ini.", en="Nobody answered in this wave.")
A_FEW = Text(
    id="Baru {n} anggota menjawab: belum cukup untuk angka apa pun.",
    en="Only {n} answered: not enough for any figure.",
)
MEDIANS = Text(
    id="Baru {n} anggota menjawab: hanya nilai tengah yang bisa ditunjukkan.",
    en="Only {n} members answered: only middle values can be shown.",
)
LOW_RATE = Text(
    id="Baru {percent}% anggota menjawab: angka ini belum bisa mewakili komunitas.",
    en="Only {percent}% of members answered: these figures cannot speak for the community yet.",
)
NOTHING_SHOWN = Text(
    id="Tidak ada angka yang boleh ditunjukkan di gelombang ini.",
    en="No figure of this wave may be shown.",
)
NOT_ENOUGH = Text(
    id="Data belum cukup untuk menilai keadaan komunitas.",
    en="There is not enough data yet to judge how the community is doing.",
)
ALL_FAIR = Text(
    id="Belum ada yang menonjol: yang bisa dinilai semuanya cukup",
    en="Nothing stands out yet: whatever can be judged is fair",
)
STRONG_AND_WEAK = Text(
    id="{strong} kuat, sedangkan {weak} perlu perhatian",
    en="{strong} {strong_is} strong, while {weak} {weak_needs} attention",
)
STRONG = Text(id="{strong} kuat", en="{strong} {strong_is} strong")
WEAK = Text(id="{weak} perlu perhatian", en="{weak} {weak_needs} attention")
RISEN = Text(id="{names} sudah naik", en="{names} {has} gone up")
FALLEN = Text(id="{names} turun", en="{names} {has} gone down")

# --- who answered -----------------------------------------------------------------------------
ANSWERED = Text(
    id="{n} dari {of} anggota menjawab ({percent}%)",
    en="{n} of {of} members answered ({percent}%)",
)
GRAINS = Text(
    id="Satu butir, satu anggota; yang tebal menjawab. Urutannya tidak berarti apa-apa.",
    en="One stroke, one member; the thick ones answered. Their order means nothing.",
)
GRAINS_MANY = Text(
    id="Satu butir, {per} anggota; yang tebal menjawab. Urutannya tidak berarti apa-apa.",
    en="One stroke, {per} members; the thick ones answered. Their order means nothing.",
)
USED = Text(
    id="Angka di bawah memakai {n} jawaban; sisanya tanpa izin laporan, atau isinya terlalu"
    " seragam.",
    en="The figures below use {n} answers; the rest had no consent for reports, or were too much"
    " alike throughout.",
)
STRATUM = Text(id="{name} {n} dari {of}", en="{name} {n} of {of}")
SILENT = Text(
    id="{n} yang tidak menjawab bisa saja berbeda; seberapa jauh, tidak diketahui.",
    en="The {n} who did not answer may differ; how far is not known.",
)
EVERYBODY = Text(
    id="Semua anggota menjawab, jadi skor tidak perlu kisaran.",
    en="Every member answered, so scores need no range.",
)
BANNER = Text(
    id="Kurang dari 30% anggota menjawab. Semua angka dibuat kelabu: yang tidak menjawab bisa"
    " mengubahnya jauh.",
    en="Fewer than 30% of members answered. Every figure is grey: those who did not answer could"
    " change it a lot.",
)
FROM = Text(
    id="Angka ditunjukkan mulai {any} jawaban; kisaran dan kata keadaan mulai 10.",
    en="Figures are shown from {any} answers; ranges and words of state from 10.",
)

# --- a scale ----------------------------------------------------------------------------------
MIDDLE = Text(id="nilai tengah", en="middle value")
ALL_MEMBERS = Text(id="semua anggota menjawab", en="all members answered")
OF_HUNDRED = Text(id="{point} dari 100", en="{point} of 100")
FEW_FOR_RANGE = Text(
    id="Dari {n} jawaban; terlalu sedikit untuk kisaran.",
    en="From {n} answers; too few for a range.",
)
LEVEL = Text(
    id="{point} dari 100, kisaran {low} sampai {high}, dari {n} jawaban.",
    en="{point} of 100, range {low} to {high}, from {n} answers.",
)
LEVEL_MIDDLE = Text(
    id="Nilai tengah {point} dari 100, dari {n} jawaban; terlalu sedikit untuk kisaran.",
    en="Middle value {point} of 100, from {n} answers; too few for a range.",
)
LEVEL_ALL = Text(
    id="{point} dari 100; semua {n} anggota menjawab, jadi tanpa kisaran.",
    en="{point} of 100; all {n} members answered, so there is no range.",
)
RATE_WELL = Text(
    id="Kira-kira **{about} dari {of}** anggota menilai baik ({low}–{high}), dari {n} jawaban.",
    en="About **{about} of {of}** members rate it well ({low}–{high}), from {n} answers.",
)
RATE_WELL_ALL = Text(
    id="**{about} dari {of}** anggota menilai baik; semua menjawab.",
    en="**{about} of {of}** members rate it well; all answered.",
)
RATE_WELL_CODED = Text(
    id="Antara **{low} dan {high} dari {of}** anggota menilai baik, dari {n} jawaban.",
    en="Between **{low} and {high} of {of}** members rate it well, from {n} answers.",
)
BY = Text(
    id="{points} (antara {low} dan {high})",
    en="{points} (between {low} and {high})",
)
SMALL = Text(
    id="Selisih di bawah 5 belum disebut perubahan.",
    en="A difference below 5 is not called a change.",
)
BY_CHANCE = Text(
    id="Karena banyak hal diperiksa sekaligus, ini bisa kebetulan.",
    en="With so many checked at once, this may be chance.",
)
WAVES = Text(id="Gelombang {waves}: {points}", en="Waves {waves}: {points}")
TOO_WIDE = Text(id="Kisarannya terlalu lebar untuk dinilai.", en="The range is too wide to judge.")
KEPT = Text(
    id="Kata keadaannya tetap dari gelombang lalu.", en="Its word is kept from the last wave."
)
MOVED_UP = Text(id="Naik {points}.", en="Up {points}.")
MOVED_DOWN = Text(id="Turun {points}.", en="Down {points}.")
FELL_STILL = Text(
    id="turun {points}; keadaannya {state}.", en="down {points}; its state is {state}."
)
UNMOVED = Text(id="Belum jelas berubah.", en="No clear change yet.")

# --- what members do --------------------------------------------------------------------------
PER_EVENT = Text(
    id="{events} acara, dari catatan hadir; semua {n} anggota dihitung.",
    en="{events} events, from the attendance log; all {n} members are counted.",
)
PER_EVENT_ONE = Text(
    id="1 acara, dari catatan hadir; semua {n} anggota dihitung.",
    en="1 event, from the attendance log; all {n} members are counted.",
)
EVER = Text(
    id="Dari {events} acara yang sama; semua {n} anggota dihitung.",
    en="Of the same {events} events; all {n} members are counted.",
)
REFERENCE = Text(
    id="Garis putus-putus: {name} ({percent}%).", en="Dashed line: {name} ({percent}%)."
)
REPORTED = Text(
    id="Dari {n} jawaban; kira-kira {about} dari {of} anggota ({low}–{high}).",
    en="From {n} answers; about {about} of {of} members ({low}–{high}).",
)
REPORTED_ALL = Text(
    id="{about} dari {of} anggota; semua menjawab.", en="{about} of {of} members; all answered."
)
REPORTED_CODED = Text(
    id="Dari {n} jawaban; antara {low} dan {high} dari {of} anggota.",
    en="From {n} answers; between {low} and {high} of {of} members.",
)
FEW_FOR_SHARE = Text(
    id="Kurang dari 10 jawaban: bagian anggota belum ditunjukkan.",
    en="Fewer than 10 answers: the share of members is not shown yet.",
)
OBSTACLE = Text(
    id="Hambatan terbanyak: {label}, disebut {named} dari {n} yang menjawab.",
    en="Main obstacle: {label}, named by {named} of {n} who answered.",
)
OBSTACLE_CODED = Text(
    id="Hambatan terbanyak: {label}, disebut {percent} dari {n} yang menjawab.",
    en="Main obstacle: {label}, named by {percent} of {n} who answered.",
)

# --- what goes with the wish to partner -------------------------------------------------------
RELATED = Text(
    id="{beta} (antara {low} dan {high}), n\u00a0=\u00a0{n}",
    en="{beta} (between {low} and {high}), n\u00a0=\u00a0{n}",
)
RELATED_NOTE = Text(
    id="Berkaitan, belum tentu sebab. Angka dari −1 sampai 1: makin jauh dari 0, makin erat"
    " jalannya bersama, bila aspek lain sama. Bila kisarannya memuat 0, datanya belum cukup.",
    en="Related, not necessarily a cause. Numbers run from −1 to 1: the further from 0, the more"
    " closely the two go together with the other aspects held equal. Where the range includes 0,"
    " there is not enough data.",
)
SHARED = Text(
    id="{share}% (antara {low}% dan {high}%), n\u00a0=\u00a0{n}",
    en="{share}% (between {low}% and {high}%), n\u00a0=\u00a0{n}",
)
SHARED_NOTE = Text(
    id="Dari perbedaan niat yang bisa dijelaskan keempat aspek, ini bagian masing-masing."
    " Berkaitan, belum tentu sebab. Urutannya tetap, bukan peringkat.",
    en="Of the differences in intent that the four aspects account for, this is the part of each."
    " Related, not necessarily a cause. The order is fixed, not a ranking.",
)

# --- limits and method ------------------------------------------------------------------------
LIMITS = Text(  # the specification's 5.6, to the letter
    id="Ini perkiraan dari anggota yang menjawab, bukan nilai rapor. Anggota yang tidak menjawab"
    " bisa saja berbeda. Selisih kecil bisa jadi hanya kebetulan. Skor tidak menunjukkan"
    " sebab-akibat. Mohon jangan mencari tahu siapa menjawab apa.",
    en="These are estimates from members who answered, not a school mark. Members who did not"
    " answer may differ. Small differences may be chance. Scores do not show cause and effect."
    " Do not try to find out who answered what.",
)
LEGEND = Text(
    id="Titik: perkiraan, 0 sampai 100. Kotak: kisaran bila yang tidak menjawab mirip.",
    en="Dot: estimate, 0 to 100. Box: range if those who did not answer are alike.",
)
LEGEND_LINE = Text(
    id="Garis kecil: gelombang sebelumnya sampai sekarang.",
    en="Small line: earlier waves up to now.",
)
LEGEND_FIXED = Text(
    id="Skor antaraspek tidak bisa diadu; bandingkan dengan gelombang sebelumnya.",
    en="Scores of different aspects do not compete; compare with the wave before.",
)
LEGEND_ALL = Text(
    id="Lingkaran: skor semua anggota, 0 sampai 100, tanpa kisaran.",
    en="Ring: score of all members, 0 to 100, without a range.",
)
LEGEND_MIDDLE = Text(
    id="Lingkaran: nilai tengah, 0 sampai 100, tanpa kisaran.",
    en="Ring: middle value, 0 to 100, without a range.",
)
METHOD: tuple[Text, ...] = (
    Text(
        id="Skor 0–100 adalah rata-rata jawaban: 0 sangat tidak setuju, 100 sangat setuju."
        " Kisaran berlaku untuk {of} anggota terdaftar, bila yang tidak menjawab mirip."
        " “Menilai baik”: rata-rata paling sedikit 3,5 pada skala 1–5.",
        en="A score of 0–100 is the mean answer: 0 strongly disagree, 100 strongly agree. Ranges"
        " hold for the {of} registered members, if those who did not answer are alike. “Rate it"
        " well”: a mean of at least 3.5 on the scale 1–5.",
    ),
    Text(
        id="Kuat: skor 70 ke atas dan batas bawah kisaran 62,5 ke atas. Perlu perhatian: skor di"
        " bawah 55 dan batas atas di bawah 62,5. Data belum cukup: jawaban kurang dari 10, yang"
        " menjawab kurang dari 30%, atau kisaran lebih dari 20. Selain itu: Cukup. Kata keadaan"
        " berganti hanya bila skornya jelas naik atau turun.",
        en="Strong: score 70 or more and the range begins at 62.5 or more. Needs attention: score"
        " below 55 and the range ends below 62.5. Not enough data: fewer than 10 answers, fewer"
        " than 30% answering, or a range wider than 20. Otherwise: Fair. The word changes only"
        " with a clear change of the score.",
    ),
    Text(
        id="Naik atau turun dilihat pada orang yang menjawab dua kali: kisaran selisihnya tidak"
        " memuat 0, juga setelah semua hal diperiksa sekaligus, dan selisihnya paling sedikit 5.",
        en="Up or down is read from the people who answered twice: the range of their difference"
        " does not include 0, also when all are checked at once, and the difference is at least"
        " 5.",
    ),
    Text(
        id="Angka ditunjukkan mulai {any} jawaban, kelompok mulai {group}, komentar mulai"
        " {comments}. Ambang ini ditunjukkan kepada anggota sebelum mereka menjawab. Kuesioner:"
        " {instrument}.",
        en="Figures are shown from {any} answers, groups from {group}, comments from {comments}."
        " Members were shown these limits before they answered. Questionnaire: {instrument}.",
    ),
)

# --- for the group chat -----------------------------------------------------------------------
SHARE_HEAD = Text(
    id="*Hasil survei {community}*\nGelombang {wave}, {month}",
    en="*Survey results, {community}*\nWave {wave}, {month}",
)
SHARE_SIMULATED = Text(id="(angka simulasi)", en="(simulated figures)")
SHARE_TALK = Text(id="Bahan obrolan: {topic}", en="To talk about: {topic}")
SHARE_LINK = Text(
    id="Angka yang sama dengan yang dilihat ketua:\n{address}",
    en="The same figures as the chair sees:\n{address}",
)
SHARE_THANKS = Text(id="Terima kasih sudah menjawab.", en="Thank you for answering.")

# --- a wave that cannot be prepared -----------------------------------------------------------
MORE_THAN_ALL = Text(
    id="Jawaban ({n}) lebih banyak daripada anggota terdaftar ({of}). Kartu tidak dibuat: periksa"
    " jumlah anggota gelombang ini di buku anggota.",
    en="There are more answers ({n}) than registered members ({of}). No card was made: check this"
    " wave's number of members in the roster.",
)
