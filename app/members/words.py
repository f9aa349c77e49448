"""What a roster file's faults are called on the page."""

from __future__ import annotations

from collections.abc import Mapping

from app.members.roster_file import FaultKind
from app.pages import N_

FAULTS: Mapping[FaultKind, str] = {
    "empty": N_("The file has a heading at most, and nobody below it."),
    "spreadsheet": N_("This is a spreadsheet's own format. Save it as CSV and choose that file."),
    "not_text": N_("This is no text file. Save your table as CSV and choose that file."),
    "no_name_column": N_(
        "No column is called “Nama” or “Name”. The first line reads: %(value)s. Give the column"
        " with the names that heading."
    ),
    "column_twice": N_("Two columns mean the same: %(value)s. Keep one of them."),
    "broken_quotes": N_(
        "A quotation mark is opened and never closed. Save the table as CSV once more."
    ),
    "too_many": N_("%(value)s people are too many for one file. Split it: at most 20,000 each."),
    "no_name": N_("The name is missing (%(value)s)."),
    "long_name": N_("The name is longer than 120 characters: %(value)s"),
    "no_phone_number": N_("“%(value)s” is no phone number. Write it like 0812-3456-7890."),
    "rounded_phone_number": N_(
        "“%(value)s” is a number the spreadsheet has rounded. Format the column as text and type"
        " it again."
    ),
    "extra_cells": N_(
        "More cells than headings: %(value)s. A name with a comma needs quotation marks round it."
    ),
    "same_phone": N_("%(value)s has the same phone as line %(other)s, so this line is left out."),
}
