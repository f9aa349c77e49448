"""What can be wrong with a wave, one class a meaning."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import AppError


class WaveError(AppError):
    """Base of this slice's errors; never raised directly."""

    status = 409


class SlugTaken(WaveError):
    """Another community has this address."""

    slug = "slug-taken"
    title_id = "Alamat itu sudah dipakai komunitas lain"
    title_en = "Another community has that address"
    hint_id = "Pilih alamat lain, misalnya dengan nama kotanya."
    hint_en = "Choose another address, for example with the town's name."


class UnfitWave(WaveError):
    """The plan names something that is not there or not allowed."""

    status = 422
    slug = "unfit-wave"
    title_id = "Rencana gelombang ini tidak bisa dipakai"
    title_en = "This plan for a wave cannot be used"
    hint_id = "Perbaiki bagian yang disebut, lalu simpan lagi."
    hint_en = "Mend the part that is named, then save again."


class WrongState(WaveError):
    """The wave is not in the state this act needs."""

    slug = "wrong-state"
    title_id = "Gelombang ini sedang tidak dalam keadaan itu"
    title_en = "This wave is not in the state for that"
    hint_id = "Muat ulang halaman: mungkin orang lain baru saja mengubahnya."
    hint_en = "Load the page again: somebody else may have just changed it."


class NotReadyToOpen(WaveError):
    """Something is missing before people may be asked; all of it is named."""

    slug = "not-ready-to-open"
    title_id = "Gelombang ini belum lengkap"
    title_en = "This wave is not complete yet"
    hint_id = "Isi tanggal, jumlah anggota, dan semua [kurung] di teks persetujuan."
    hint_en = "Fill in the dates, the number of members and every [bracket] of the consent text."

    def __init__(self, missing: Sequence[str], brackets: Sequence[str]) -> None:
        self.missing, self.brackets = tuple(missing), tuple(brackets)
        super().__init__("; ".join([*missing, *brackets]))


class DefinitionChanged(WaveError):
    """The wave's questionnaire is not the published text, to the letter."""

    slug = "definition-changed"
    title_id = "Kuesioner gelombang ini bukan versi yang diterbitkan"
    title_en = "This wave's questionnaire is not the published version"
    hint_id = "Terbitkan versinya (PUBLISHED.toml), lalu buat gelombang ini lagi."
    hint_en = "Publish the version (PUBLISHED.toml), then plan this wave again."


class OtherWaveOpen(WaveError):
    """The community's link can lead to one open wave only."""

    slug = "other-wave-open"
    title_id = "Masih ada gelombang lain yang terbuka"
    title_en = "Another wave is still open"
    hint_id = "Tutup gelombang yang terbuka dulu."
    hint_en = "Close the open wave first."


class PlanChanged(WaveError):
    """Somebody else changed the plan since the page was shown."""

    slug = "plan-changed"
    title_id = "Orang lain baru saja mengubah rencana ini"
    title_en = "Somebody else has just changed this plan"
    hint_id = "Bandingkan kedua versi, lalu pilih mana yang disimpan."
    hint_en = "Compare both versions, then choose which one to keep."


class EventChanged(WaveError):
    """Somebody else changed the meeting since the page was shown."""

    slug = "event-changed"
    title_id = "Orang lain baru saja mengubah kegiatan ini"
    title_en = "Somebody else has just changed this meeting"
    hint_id = "Bandingkan kedua versi, lalu pilih mana yang disimpan."
    hint_en = "Compare both versions, then choose which one to keep."


class UnknownEvent(WaveError):
    """No such meeting in this community."""

    status = 404
    slug = "unknown-event"
    title_id = "Kegiatan ini tidak ada di catatan"
    title_en = "This meeting is not in the log"
    hint_id = "Muat ulang catatan kegiatan: mungkin baru saja dihapus."
    hint_en = "Load the log of meetings again: it may have just been removed."


class UnfitEvent(WaveError):
    """A meeting that cannot be."""

    status = 422
    slug = "unfit-event"
    title_id = "Kegiatan ini tidak bisa dicatat"
    title_en = "This meeting cannot be noted"
    hint_id = "Periksa jenis kegiatan dan jumlah yang hadir."
    hint_en = "Check the kind of meeting and how many came."
