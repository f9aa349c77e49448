"""A person's own data as one JSON document, readable without us (UU 27/2022 art. 7)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from app.rights.own import Given, Own, Submission
from app.wave_reader import CommunityView
from instrument.answers import Answers, Missing
from instrument.model import Instrument, Text


def document(own: Own, *, community: CommunityView, at: datetime) -> bytes:
    """Everything that is stored of a person, wordings beside the values.

    Neither the respondent_ref nor a submission id is in it: both open doors here.
    """
    made: dict[str, Any] = {
        "guyub": "own data",
        "community": community.name,
        "made_on": at.isoformat(timespec="seconds"),
        "surveys": [_survey(one) for one in own.submissions],
        "background": None,
    }
    if own.background is not None:
        made["background"] = {
            "asked_on": own.background.asked_on.isoformat(),
            "answers": _questions(own.background.instrument, own.background.answers),
        }
    return (json.dumps(made, ensure_ascii=False, indent=2) + "\n").encode()


def _survey(one: Submission) -> dict[str, Any]:
    return {
        "survey": one.number,
        "questionnaire": {"key": one.instrument.key, "version": one.instrument.version},
        "status": one.kind,
        "submitted_on": None if one.submitted_on is None else one.submitted_on.isoformat(),
        "language": one.language,
        "layout": one.layout,
        "answers": [*_items(one), *_questions(one.instrument, one.answers)],
        "page_use": dict(one.paradata),
        "consents": [_consent(given) for given in one.consents],
    }


def _items(one: Submission) -> list[dict[str, Any]]:
    labels = {option.value: option.label for option in one.instrument.response_scale.options}
    found = []
    for item, byte in zip(one.instrument.items, one.answers.items, strict=True):
        if byte == Missing.NOT_SEEN:
            continue
        row: dict[str, Any] = {"code": item.code, "question": _text(item.text)}
        if byte in labels:
            row |= {"value": byte, "label": _text(labels[byte])}
        else:
            row |= {"value": None, "missing": Missing(byte).name.lower()}
        found.append(row)
    return found


def _questions(instrument: Instrument, answers: Answers) -> list[dict[str, Any]]:
    found = []
    for question in instrument.questions:
        why = answers.why(question.code)
        if why is Missing.NOT_SEEN:
            continue
        row: dict[str, Any] = {"code": question.code, "question": _text(question.text)}
        if why is None:
            value = answers.values[question.code]
            row["value"] = value
            label = next((o.label for o in question.options if o.value == value), None)
            if label is not None:
                row["label"] = _text(label)
        else:
            row |= {"value": None, "missing": why.name.lower()}
        found.append(row)
    return found


def _consent(given: Given) -> dict[str, Any]:
    return {
        "on": given.on.isoformat(),
        "text_sha256": given.text_hash,
        "version": given.version,
        "language": given.language,
        "choices": dict(given.choices),
    }


def _text(text: Text) -> dict[str, str]:
    return {"id": text.id, "en": text.en}
