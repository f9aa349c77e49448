"""Why a card cannot be prepared, published or linked to; each says what to do next."""

from __future__ import annotations

from app.errors import AppError


class NotClosed(AppError):
    """A card is made of a closed wave."""

    status = 409
    slug = "wave-not-closed"
    title_id = "Gelombang ini belum ditutup, atau tidak ada"
    title_en = "This wave is not closed, or is not there"
    hint_id = "Kartu dibuat setelah gelombang ditutup. Pilih gelombang dari daftarnya."
    hint_en = "A scorecard is made after the wave has closed. Choose a wave from the list."


class LaterCardOut(AppError):
    """A later wave's card is out already."""

    status = 409
    slug = "later-card-out"
    title_id = "Kartu gelombang sesudahnya sudah terbit"
    title_en = "The scorecard of a later wave is out already"
    hint_id = (
        "Kartu terbit menurut urutan gelombang: dua kartu yang saling mendahului bisa membuka "
        "jawaban beberapa orang lewat pengurangan. Biarkan kartu yang sudah ada."
    )
    hint_en = (
        "Scorecards come out in the order of the waves: out of turn, two of them could give away "
        "a few people's answers by subtraction. Leave the cards that are there as they are."
    )


class TooFewChanges(AppError):
    """Fewer than five answers changed since the card was published."""

    status = 409
    slug = "too-few-changes"
    title_id = "Kartu yang sudah terbit belum boleh diganti"
    title_en = "The published scorecard may not be replaced yet"
    hint_id = (
        "Kartu baru dibuat hanya bila sejak terbit paling sedikit lima jawaban berubah, supaya "
        "selisih dua kartu tidak menunjuk satu orang. Jawaban yang ditarik sudah dihapus."
    )
    hint_en = (
        "A new issue is made only from five changed answers on, so that the difference of two "
        "cards does not point at one person. What was withdrawn is deleted already."
    )


class NotPrepared(AppError):
    """What would be published is not there, or is not what was looked at."""

    status = 409
    slug = "card-not-prepared"
    title_id = "Kartu ini belum siap, atau dasarnya sudah berubah"
    title_en = "This scorecard is not ready, or what it is made of has changed"
    hint_id = "Siapkan lagi, baca pratinjaunya, lalu terbitkan."
    hint_en = "Prepare it again, read the preview, then publish."


class UnknownLink(AppError):
    """A link to a card that opens nothing; never says which of the reasons it is."""

    status = 404
    slug = "unknown-card-link"
    title_id = "Tautan ini tidak membuka apa pun"
    title_en = "This link opens nothing"
    hint_id = "Tautan kartu berlaku 14 hari dan bisa dicabut. Minta tautan baru kepada ketua."
    hint_en = "A link to a scorecard lasts 14 days and can be revoked. Ask the chair for a new one."


class TooManyLinks(AppError):
    """More links to one card than anybody can oversee."""

    status = 409
    slug = "too-many-links"
    title_id = "Sudah ada sepuluh tautan yang berlaku"
    title_en = "There are ten valid links already"
    hint_id = "Cabut satu yang tidak diperlukan, lalu buat yang baru."
    hint_en = "Revoke one that is not needed, then make a new one."


class UnknownCommitment(AppError):
    """There is no such commitment on this card."""

    status = 404
    slug = "unknown-commitment"
    title_id = "Janji ini tidak ada di kartu ini"
    title_en = "There is no such commitment on this scorecard"
    hint_id = "Buka daftar janji kartu ini dan pilih dari sana."
    hint_en = "Open this scorecard's commitments and choose from there."


class ThreeAreOpen(AppError):
    """A card has at most three open commitments."""

    status = 409
    slug = "three-are-open"
    title_id = "Sudah ada tiga janji yang belum selesai"
    title_en = "There are three open commitments already"
    hint_id = "Selesaikan atau hentikan satu dulu: tiga yang ditepati lebih berarti dari lima."
    hint_en = "Finish or drop one first: three that are kept mean more than five."
