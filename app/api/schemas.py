"""What the API answers, as its OpenAPI document tells it, with examples."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from instrument.model import Language


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Problem(_Answer):
    """RFC 9457: what went wrong, and what to do next."""

    type: str = Field(examples=["about:blank#unknown-wave"])
    title: str = Field(examples=["There is no such wave"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["Check the community's name and the wave's number."])


class WaveOut(_Answer):
    """A wave of the token's community."""

    name: str = Field(examples=["sidoarjo-1"])
    number: int = Field(examples=[1])
    state: Literal["open", "closed", "published"] = Field(examples=["closed"])
    form: Literal["full", "pulse"] = Field(examples=["full"])
    instrument: str = Field(examples=["partnership"])
    version: str = Field(examples=["1.0.0"])
    digest: str = Field(description="SHA-256 of the definition", examples=["0d50…"])
    opens_at: datetime | None
    closes_at: datetime | None
    eligible: int | None = Field(description="N: people who could answer", examples=[60])
    simulated: bool


class Waves(_Answer):
    """All waves that were opened, the newest first."""

    community: str = Field(examples=["sidoarjo"])
    waves: list[WaveOut]


class ValueLabel(_Answer):
    """A code and its words."""

    value: int = Field(examples=[1])
    label: dict[Language, str] = Field(
        examples=[{"id": "Sangat tidak setuju", "en": "Strongly disagree"}]
    )


class VariableOut(_Answer):
    """One column of a data set."""

    name: str = Field(examples=["MOT1"])
    label: dict[Language, str]
    values: list[ValueLabel]
    missing: list[ValueLabel]
    measure: str = Field(examples=["ordinal"])
    scale: str | None = Field(examples=["MOT"])
    keyed: str | None = Field(examples=["+"])
    kind: str = Field(examples=["item"])
    source: str


class Codebook(_Answer):
    """The columns of a wave's data set, in order."""

    wave: str = Field(examples=["sidoarjo-1"])
    instrument: str
    version: str
    digest: str
    variables: list[VariableOut]


class DatasetOut(_Answer):
    """A data set: written once, never changed."""

    name: str = Field(examples=["sidoarjo-1-v1"])
    seq: int
    rows: int = Field(examples=[43])
    sha256: str = Field(description="of data.csv")
    made_on: datetime
    simulated: bool
    data_csv: str = Field(examples=["/api/v1/datasets/sidoarjo-1-v1/data.csv"])
    data_json: str = Field(examples=["/api/v1/datasets/sidoarjo-1-v1/data.json"])


class Datasets(_Answer):
    """Data sets that are there; those withdrawn are not."""

    datasets: list[DatasetOut]


class DatasetManifest(_Answer):
    """A data set with its manifest: what it is, what was left out, how to know it is whole."""

    dataset: DatasetOut
    manifest: dict[str, Any]


class ResultOut(_Answer):
    """A finished analysis of this community's waves."""

    key: str = Field(description="SHA-256 of the question")
    waves: list[str] = Field(examples=[["sidoarjo-1"]])
    before: str | None = Field(description="the earlier wave it was compared with")
    plan: str = Field(description="empty: the standard rules", examples=["partnership-1.0.0"])
    used: int = Field(description="rows used (n)", examples=[43])
    finished_at: datetime | None
    sha256: str = Field(description="of results.json")
    results: str = Field(examples=["/api/v1/results/3f…"])


class Results(_Answer):
    """Finished analyses, the newest first."""

    results: list[ResultOut]
