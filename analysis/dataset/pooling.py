"""Data sets of several communities laid one under the other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from analysis.dataset.table import Dataset
from analysis.errors import DataError

COMMUNITY = "COMMUNITY"
"""Column that says which community a row is of; `analysis.clusters` reads it."""


class NotPoolable(DataError):
    """The data sets do not answer the same form of the same version."""


def pool(parts: Mapping[str, Dataset]) -> Dataset:
    """Return the rows of all parts, community by community, with a column COMMUNITY.

    ``parts``: community -> its answers to one wave. The digest of the whole is the SHA-256
    of the parts' names and digests. A column that one part lacks is empty there. Raises
    `NotPoolable` unless all answered one form of one version, ValueError for no part.
    """
    if not parts:
        raise ValueError("nothing to pool: give at least one data set")
    first = next(iter(parts.values()))
    for community, one in parts.items():
        if (one.instrument.digest, one.form) != (first.instrument.digest, first.form):
            raise NotPoolable(
                f"{community} answered the {one.form} form of {one.instrument.key} "
                f"{one.instrument.version}, others the {first.form} form of "
                f"{first.instrument.key} {first.instrument.version}. Pool waves that asked the "
                "same form of the same version."
            )
    names = list(dict.fromkeys(name for one in parts.values() for name in one.meta))
    meta = {
        name: [cell for one in parts.values() for cell in one.meta.get(name, [""] * one.rows)]
        for name in names
    }
    meta[COMMUNITY] = [community for community, one in parts.items() for _ in range(one.rows)]
    told = "\n".join(f"{community} {one.sha256}" for community, one in parts.items())
    return Dataset(
        instrument=first.instrument,
        form=first.form,
        raw=np.concatenate([one.raw for one in parts.values()]),
        seconds=np.concatenate([one.seconds for one in parts.values()]),
        meta=meta,
        sha256=hashlib.sha256(told.encode()).hexdigest(),
    )
