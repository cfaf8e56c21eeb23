"""Home's reference says what the code does."""

import cv2

from core.blob.spec import PRESETS
from pages.components.home import reference


def test_every_row_and_every_function_is_named(visit):
    app = visit("home")
    codes = [each.value for each in app.code]
    for preset in PRESETS:
        assert any(f"size        {preset.spec.size}\n" in each for each in codes), preset.title
    named = [each.value for each in app.markdown if each.value.startswith("[`cv2.dnn.")]
    assert len(named) == len(reference._FUNCTIONS)
    (tutorial,) = app.get("download_button")
    assert tutorial.proto.label == reference.TUTORIAL.name


def test_each_function_and_reader_is_there_in_this_opencv():
    for name, _, _ in reference._FUNCTIONS:
        owner, _, member = name.rpartition(".")
        assert hasattr(getattr(cv2.dnn, owner) if owner else cv2.dnn, member), name
    for row in reference._FORMATS:
        assert hasattr(cv2.dnn, row["reader"])
