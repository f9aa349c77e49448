"""What can be wrong with a member's request; the words are what the member reads."""

from __future__ import annotations

from app.errors import AppError


class NotAForm(AppError):
    """The body is not what a form of ours sends."""

    status = 415
    slug = "not-a-form"
    title_id = "Kiriman ini bukan isian survei"
    title_en = "This is not a survey form"
    hint_id = "Buka survei dari tautannya, lalu isi dan kirim dari sana."
    hint_en = "Open the survey from its link, then fill it in and send it from there."


class BrokenForm(AppError):
    """The form lost its hidden fields, or holds more than any form of ours."""

    status = 400
    slug = "broken-form"
    title_id = "Isian ini tidak utuh"
    title_en = "This form is not complete"
    hint_id = "Buka lagi tautan survei lalu pilih Lanjutkan, atau masukkan kode Anda."
    hint_en = "Open the survey link again and choose Continue, or enter your code."


class UnreadableAnswers(AppError):
    """Some answers cannot be what the form offers; nothing was changed."""

    status = 422
    slug = "unreadable-answers"
    title_id = "Ada jawaban yang belum terbaca"
    title_en = "Some answers could not be read"
    hint_id = "Betulkan jawaban yang ditandai, lalu simpan lagi. Jawaban lain tetap ada."
    hint_en = "Put right the marked answers, then save again. The others are still there."
