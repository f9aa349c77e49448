"""What can be wrong with the roster and its codes, one class a meaning."""

from __future__ import annotations

from app.errors import AppError


class UnknownParticipant(AppError):
    """Nobody on this community's roster has that id."""

    status = 404
    slug = "unknown-participant"
    title_id = "Orang ini tidak ada di daftar"
    title_en = "This person is not on the roster"
    hint_id = "Muat ulang daftar anggota: mungkin baru saja diubah."
    hint_en = "Load the roster again: it may have just been changed."


class ParticipantLeft(AppError):
    """Somebody who left gets no code."""

    status = 409
    slug = "participant-left"
    title_id = "Orang ini sudah keluar dari komunitas"
    title_en = "This person has left the community"
    hint_id = "Hapus tanggal keluarnya dulu, kalau memang masih anggota."
    hint_en = "Take back the leaving date first, if they are still a member."


class CodesExhausted(AppError):
    """Sixteen draws in a row were taken: the random source is broken."""

    status = 500
    slug = "codes-exhausted"
    title_id = "Kode baru tidak bisa dibuat"
    title_en = "No new code could be made"
    hint_id = "Pengelola: periksa sumber acak sistem ini."
    hint_en = "Operator: check this machine's source of randomness."


class ChangedMeanwhile(AppError):
    """Somebody else changed this person since the page was shown."""

    status = 409
    slug = "participant-changed"
    title_id = "Orang lain baru saja mengubah data ini"
    title_en = "Somebody else has just changed this"
    hint_id = "Bandingkan kedua versi, lalu pilih mana yang disimpan."
    hint_en = "Compare both versions, then choose which one to keep."


class StalePreview(AppError):
    """A preview of an import that is too old, of another page, or changed."""

    status = 409
    slug = "stale-preview"
    title_id = "Pratinjau ini sudah tidak berlaku"
    title_en = "This preview is no longer valid"
    hint_id = "Unggah berkasnya sekali lagi. Belum ada yang ditambahkan dari pratinjau ini."
    hint_en = "Upload the file once more. Nothing of this preview has been added."


class StaleCodes(AppError):
    """A batch of new codes that is too old to be shown again."""

    status = 409
    slug = "stale-codes"
    title_id = "Kode ini sudah tidak bisa ditampilkan"
    title_en = "These codes can no longer be shown"
    hint_id = "Kode hanya ditampilkan sekali. Terbitkan kode baru untuk yang belum menerimanya."
    hint_en = "Codes are shown once only. Issue new ones for those who have not received theirs."
