"""What a deletion leaves in writing, in both languages; no answers, no names."""

from __future__ import annotations

from app.tables import Deletion

_WHAT = {
    "wave": ("jawaban survei nomor {}", "answers of survey {}"),
    "drafts": ("isian sisa survei nomor {}", "leftover drafts of survey {}"),
    "identity": ("nama, nomor, dan kode", "names, numbers and codes"),
}


def certificate(deletion: Deletion, community: str) -> str:
    """The certificate of one deletion, as text."""
    kind, _, number = deletion.what.partition(":")
    id_, en = (one.format(number) for one in _WHAT[kind])
    counts = ", ".join(f"{name} {n}" for name, n in sorted(deletion.counts.items())) or "0"
    day = f"{deletion.at:%Y-%m-%d %H:%M} UTC"
    return (
        f"SERTIFIKAT PENGHAPUSAN / CERTIFICATE OF DELETION  {deletion.id}\n"
        f"Komunitas / Community: {community}\n"
        f"Yang dihapus: {id_}. Jatuh tempo {deletion.due_on.isoformat()}, dihapus {day}.\n"
        f"Deleted: {en}. Due {deletion.due_on.isoformat()}, deleted {day}.\n"
        f"Baris / Rows: {counts}\n"
        f"Cadangan terakhir {deletion.backup} masih memuatnya dan harus dihapus dalam 30 hari.\n"
        f"The last backup {deletion.backup} still holds it and must be deleted within 30 days.\n"
    )
