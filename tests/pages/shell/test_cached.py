"""The caches: what was computed once is the very same object the next time."""

import numpy as np
import pytest

from core.blob.make import make_blob
from core.blob.spec import BlobSpec
from core.nets.catalog import card_named
from core.picture.image import Picture, decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.render.encode import jpeg
from pages.components.shell import cached
from pages.components.shell.cached import cached_answer


def test_the_same_bytes_are_decoded_and_run_once_whatever_they_are_called():
    picture = sample_picture("cat")
    renamed = Picture("another name.jpg", picture.data)
    model = card_named("tiny-dominant-colour")
    assert cached.cached_image(picture) is cached.cached_image(renamed)
    assert cached.cached_run(picture, model) is cached.cached_run(renamed, model, model.blob)
    assert not cached.cached_image(picture).flags.writeable


def test_runs_and_all_that_is_shown_of_a_picture_need_one_decoding(monkeypatch):
    decoded = []
    monkeypatch.setattr(
        "core.pipeline.decode_picture",
        lambda picture: decoded.append(picture) or decode_picture(picture),
    )
    picture = sample_picture("rocket")
    runs = [
        cached.cached_run(picture, card_named(name))
        for name in ("tiny-dominant-colour", "tiny-blob-detector")
    ]
    shown, photo = cached.cached_shown(picture), cached.cached_photo(picture)
    assert len(decoded) == 1
    assert runs[0].times.decode == runs[1].times.decode > 0
    assert photo == jpeg(shown.image)
    assert shown.picture_size == runs[0].image_size == Size.of(cached.cached_image(picture))


def test_two_specs_do_not_share_a_blob():
    picture = sample_picture("cat")
    specs = [BlobSpec(Size(20, 30)), BlobSpec(Size(20, 30), mean=(1e-9, 0.0, 0.0))]
    traces = [cached.cached_trace(picture, spec) for spec in specs]
    assert traces[0] is not traces[1]
    for spec, traced in zip(specs, traces, strict=True):
        np.testing.assert_array_equal(traced.blob, make_blob(decode_picture(picture), spec)[0])
        assert cached.cached_difference(picture, spec) == 0


def test_an_answer_is_worked_out_once_for_each_kind_and_question():
    asked = []

    def work_out():
        asked.append(1)
        return len(asked)

    questions = [("one", ("a", 1)), ("one", ("a", 2)), ("two", ("a", 1))]
    first = [cached_answer(kind, question, work_out) for kind, question in questions]
    again = [cached_answer(kind, question, work_out) for kind, question in questions]
    assert first == again == [1, 2, 3]


def test_work_that_was_stopped_leaves_the_question_open():
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_answer("kind", "question", stopped)
    assert cached_answer("kind", "question", lambda: "answer") == "answer"


def test_what_is_shown_is_encoded_once_for_each_size_and_spec(monkeypatch):
    encoded = []
    for name in ("jpeg", "png"):
        encode = getattr(cached, name)
        monkeypatch.setattr(
            cached, name, lambda *a, e=encode, n=name, **k: encoded.append(n) or e(*a, **k)
        )
    picture = sample_picture("cat")
    specs = [BlobSpec(Size(20, 30)), BlobSpec(Size(20, 30), mean=(9.0, 9.0, 9.0))]
    blobs = [make_blob(decode_picture(picture), spec)[0] for spec in specs]
    for _ in range(2):
        small = cached.cached_photo(picture, width=200)
        assert len(small) < len(cached.cached_photo(picture))
        for blob, spec in zip(blobs, specs, strict=True):
            cached.cached_seen(picture, blob, spec)
    assert encoded == ["jpeg", "jpeg", "png", "png"]
