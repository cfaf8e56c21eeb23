"""Two sides beside each other, and what changed."""

import numpy as np
import pytest

from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from tests.pages.screen import metric, shown, table

OWN = "model default"


SWAPPED = "mistake: swapRB flipped"


TINY = {"classification": "Dominant colour", "detection": "Colour blobs"}


TASKS = list(TINY)


def bench(visit, task="classification", model="", sample="", **query):
    title = model or TINY[task]
    sides = {f"ab__{task}__{side}__model": title for side in "ab"}
    numbers = {f"ab__{task}__{name}": value for name, value in query.items()}
    return visit("experiments", sample=sample, lab__task=task, **sides, **numbers)


def heading(app, start: str) -> str:
    (value,) = (each.value for each in app.markdown if each.value.startswith(f"##### {start}"))
    return value


@pytest.mark.parametrize("task", TASKS)
def test_a_spec_against_itself_changes_nothing(task, visit):
    app = bench(visit, task, b__numbers=OWN)
    assert not app.error
    assert metric(app, "Largest difference") == "0"
    assert metric(app, "Values that differ") == "0.0%"
    assert "Both sides have the same settings." in [each.value for each in app.caption]
    for each in app.dataframe:
        if "change" in each.value:
            assert set(each.value["change"]) == {"same"}


@pytest.mark.parametrize("task", TASKS)
def test_the_swap_button_swaps_the_sides(task, visit):
    app = bench(visit, task, sample="colour-bars", a__fit="crop")
    before = {letter: heading(app, f"{letter}:")[8:] for letter in "AB"}
    settings = table(app, "setting")
    app.button(key=f"ab.{task}.swap").click().run()
    assert not app.exception
    assert {letter: heading(app, f"{letter}:")[8:] for letter in "BA"} == {
        "B": before["A"],
        "A": before["B"],
    }
    assert list(table(app, "setting")["A"]) == list(settings["B"])
    assert app.selectbox(key=f"ab.{task}.a.numbers").value == SWAPPED
    assert app.segmented_control(key=f"ab.{task}.b.fit").value == "crop"


def test_a_swapped_blob_is_shown_as_the_net_takes_it(visit, media):
    mean = decode_picture(sample_picture("coffee")).mean(axis=(0, 1))
    app = bench(visit, sample="coffee", b__numbers=SWAPPED)
    seen = [shown(app, media, f"What model {side} sees") for side in "AB"]
    of_sides = [each.mean(axis=(0, 1)) for each in seen]
    np.testing.assert_allclose(of_sides[0], mean, atol=2)
    np.testing.assert_allclose(of_sides[1], mean[::-1], atol=2)


def test_a_link_restores_both_sides(visit):
    app = bench(visit, a__numbers=SWAPPED, b__numbers="mistake: scale left out", b__fit="crop")
    rows = {row["setting"]: (row["A"], row["B"]) for _, row in table(app, "setting").iterrows()}
    assert rows == {
        "swapRB": ("False", "True"),
        "scalefactor": ("1/255", "1"),
        "resize mode": ("stretch", "crop"),
    }


def test_a_side_set_by_hand_has_every_knob_and_keeps_them_when_swapped(visit):
    app = bench(visit, b__numbers="manual", b__hand__width="64", b__hand__height="64")
    app.text_input(key="ab.classification.b.hand.mean").set_value("104, 117, 123").run()
    assert not app.exception
    assert table(app, "setting").set_index("setting").loc["mean", "B"] == "104, 117, 123"
    app.button(key="ab.classification.swap").click().run()
    assert not app.exception
    assert table(app, "setting").set_index("setting").loc["mean", "A"] == "104, 117, 123"
    assert app.text_input(key="ab.classification.a.hand.mean").value == "104, 117, 123"
    assert app.number_input(key="ab.classification.a.hand.width").value == 64
    assert app.selectbox(key="ab.classification.b.numbers").value == OWN


def test_a_side_that_fails_says_so_and_leaves_the_other_alone(visit):
    app = bench(visit, "detection", b__numbers="mistake: size halved")
    assert "made for pictures of 256 x 256, and the blob is 128 x 128" in app.error[0].value
    assert len(app.error) == 1
    assert app.selectbox(key="ab.detection.a.numbers").value == OWN
    assert not app.metric


def test_blobs_of_two_shapes_are_not_subtracted(visit):
    app = bench(visit, b__numbers="ImageNet: 1/255, 224 x 224, mean 0, swapRB")
    assert "1 x 3 x 224 x 224" in str([each.value for each in (*app.info, *app.error)])
