"""The view answer_long shows every byte as it is stored."""

from __future__ import annotations

from instrument.model import Item


def test_every_byte_from_0_to_255_is_read_as_it_is(engine, world, small):
    """Written past the store, since no page makes most of these bytes."""
    from app.views import create_answer_views, drop_answer_views

    text = small.items[0].text
    wide = small.model_copy(
        update={
            "version": "9.0.0-beta'1",  # a name that wants care
            "digest": "9" * 64,
            "items": tuple(Item(code=f"X{place}", text=text) for place in range(256)),
        }
    )
    vectors = {"a" * 32: bytes(range(256)), "b" * 32: bytes(reversed(range(256)))}
    with engine.write.begin() as connection:
        for ref, answers in vectors.items():
            literal = f"X'{answers.hex()}'" if engine.is_sqlite else f"'\\x{answers.hex()}'"
            connection.exec_driver_sql(
                "INSERT INTO response (community_id, id, wave_id, respondent_ref, version_digest,"
                " answers, extra, language, layout, submitted_on, status, is_test, rev, digest)"
                f" VALUES ({world.community_id}, '{ref}', {world.wave_id}, '{ref}', '{'9' * 64}',"
                f" {literal}, '{{}}', 'id', 'v', '2026-03-01', 'partial', FALSE, 1,"
                f" {literal[:2] if engine.is_sqlite else literal[:3]}"
                f"{'00' * 32}')"
            )
        create_answer_views(connection, wide)
    rows = world.rows(
        "SELECT response_id, place, item, byte, answer, missing"
        " FROM answer_long_small_9_0_0_beta_1 ORDER BY response_id, place"
    )
    assert len(rows) == 512
    found = [row[3] for row in rows]
    assert found == [*vectors["a" * 32], *vectors["b" * 32]]
    assert [row[2] for row in rows[:3]] == ["X0", "X1", "X2"]
    meaning = {row[3]: (row[4], row[5]) for row in rows}
    named = {0: "not_seen", 250: "skipped", 251: "skipped_after_prompt"}
    named |= {252: "refused", 253: "not_applicable"}
    for byte in range(256):
        answer = byte if 1 <= byte <= 5 else None
        assert meaning[byte] == (answer, named.get(byte))
    with engine.write.begin() as connection:
        drop_answer_views(connection)


def test_opening_a_wave_makes_the_view_of_its_version(store, world, at_once):
    (state,) = at_once(store.start(world.start()))
    at_once(store.save(world.save(state.submission_id, final=True)))
    rows = world.rows("SELECT item, answer, missing FROM answer_long_small_1_0_0 ORDER BY place")
    assert rows[0] == ("A1", 1, None)
    assert rows[5:] == [("A6", None, "skipped"), ("CHK", 2, None)]
