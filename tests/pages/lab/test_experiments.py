"""What a visitor is promised on the page of experiments."""

import cv2
import numpy as np
import pytest
import streamlit as st

from core.nets.catalog import card_named
from core.nets.downloads import download
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from pages.components.blob.knobs import knob_query
from tests.forwards import noted_forwards
from tests.shared import needs_shared

OWN = "as the card says"
SWAPPED = "mistake: swapRB flipped"
TINY = {"classification": "Dominant colour", "detection": "Colour blobs"}
TASKS = list(TINY)


def bench(visit, task="classification", model="", sample="", **query):
    title = model or TINY[task]
    sides = {f"ab__{task}__{side}__model": title for side in "ab"}
    numbers = {f"ab__{task}__{name}": value for name, value in query.items()}
    return visit("experiments", sample=sample, lab__task=task, **sides, **numbers)


def shown(app, media, alt: str) -> np.ndarray:
    (image,) = (each for each in app.image if each.proto.imgs[0].alt == alt)
    name = image.proto.imgs[0].url.rsplit("/", 1)[-1]
    return cv2.imdecode(np.frombuffer(media[name], np.uint8), cv2.IMREAD_COLOR)


def heading(app, start: str) -> str:
    (value,) = (each.value for each in app.markdown if each.value.startswith(f"##### {start}"))
    return value


def metric(app, label: str) -> str:
    (value,) = (each.value for each in app.metric if each.label == label)
    return value


def table(app, column: str):
    (found,) = (each.value for each in app.dataframe if column in each.value)
    return found


@pytest.fixture
def forwards(monkeypatch) -> list[str]:
    """Note the name of the net at each forward."""
    return noted_forwards(monkeypatch)


def forgotten(forwards) -> None:
    """Forget what other pages, or an earlier run, have asked the nets."""
    st.cache_resource.clear()
    forwards.clear()


def test_the_first_visit_shows_a_mistake_without_a_click(visit):
    app = visit("experiments")
    assert not app.error
    assert list(table(app, "setting")["setting"]) == ["swapRB"]
    assert float(metric(app, "largest difference")) > 0


@pytest.mark.parametrize("task", TASKS)
def test_a_spec_against_itself_changes_nothing(task, visit):
    app = bench(visit, task, b__numbers=OWN)
    assert not app.error
    assert metric(app, "largest difference") == "0"
    assert metric(app, "values that differ") == "0.0%"
    assert "Both sides are set alike." in [each.value for each in app.caption]
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
    seen = [shown(app, media, f"What the net of {side} takes it for") for side in "AB"]
    of_sides = [each.mean(axis=(0, 1)) for each in seen]
    np.testing.assert_allclose(of_sides[0], mean, atol=2)
    np.testing.assert_allclose(of_sides[1], mean[::-1], atol=2)


def test_a_link_restores_both_sides(visit):
    app = bench(visit, a__numbers=SWAPPED, b__numbers="mistake: scale left out", b__fit="crop")
    rows = {row["setting"]: (row["A"], row["B"]) for _, row in table(app, "setting").iterrows()}
    assert rows == {
        "swapRB": ("False", "True"),
        "scalefactor": ("1/255", "1"),
        "fit": ("stretch", "crop"),
    }


def test_a_side_set_by_hand_has_every_knob_and_keeps_them_when_swapped(visit):
    app = bench(visit, b__numbers="set by hand", b__hand__width="64", b__hand__height="64")
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
    assert "does not accept a blob" in app.error[0].value
    assert len(app.error) == 1
    assert app.selectbox(key="ab.detection.a.numbers").value == OWN
    assert not app.metric


def test_blobs_of_two_shapes_are_not_subtracted(visit):
    app = bench(visit, b__numbers="ImageNet: 1/255, 224 x 224, mean 0, swapRB")
    assert "1 x 3 x 224 x 224" in str([each.value for each in (*app.info, *app.error)])


@pytest.mark.parametrize("task", TASKS)
def test_the_switchboard_has_a_row_for_swap_rb_with_another_answer(task, visit):
    app = visit(
        "experiments",
        sample="colour-bars" if task == "detection" else "coffee",
        lab__task=task,
        experiment="What breaks if",
        **{f"breaks__{task}__model": TINY[task]},
    )
    rows = table(app, "mistake").set_index("mistake")
    assert rows.index[0].startswith("none")
    assert rows["change"].iloc[0] == ""
    assert rows["change"]["swapRB flipped"] not in ("", "same answer, equally sure")
    assert not app.error


def test_hidden_tabs_run_no_net(visit, forwards):
    app = visit("experiments", experiment="Find the numbers")
    forgotten(forwards)
    app.run()
    assert not forwards


def test_coming_back_to_the_switchboard_runs_no_net_again(visit, forwards):
    app = visit("experiments", experiment="What breaks if")
    before = len(forwards)
    app.run()
    assert before
    assert len(forwards) == before


def find(visit, task="classification", model="", **query):
    title = {f"find__{task}__model": model or TINY[task]}
    return visit("experiments", lab__task=task, experiment="Find the numbers", **title, **query)


def test_the_finder_waits_until_somebody_asks_and_then_remembers(visit, forwards):
    app = find(visit)
    forgotten(forwards)
    app.run()
    assert not forwards
    app.button(key="find.go").click().run()
    assert not app.exception, app.exception
    before = len(forwards)
    rows = table(app, "score")
    assert rows["score"].is_monotonic_decreasing
    assert "✓" in set(rows["card"])
    app.run()
    assert len(table(app, "score")) == len(rows)
    assert len(forwards) == before


def test_labels_are_used_where_somebody_knows(visit):
    app = find(visit, find__labelled="true", find__samples="rocket")
    (label,) = (each for each in app.text_input if each.key.startswith("find.label."))
    label.set_value("blue").run()
    app.button(key="find.go").click().run()
    assert "agreement" in table(app, "score")


def test_the_finder_without_pictures_cannot_be_asked(visit):
    app = find(visit)
    app.pills(key="find.samples").set_value([]).run()
    assert app.button(key="find.go").disabled


@pytest.mark.parametrize("name", ["tiny-dominant-colour", "yolox-s-onnx", "resnet18-v1-onnx"])
def test_found_numbers_travel_to_the_blob_page_in_a_link(name, visit):
    spec = card_named(name).blob
    query = {key.replace(".", "__"): value for key, value in knob_query("blob", spec).items()}
    app = visit("blob", **query)
    assert not app.error
    assert app.toggle(key="blob.swapRB").value == spec.swap_rb
    assert app.number_input(key="blob.width").value == spec.size.width
    assert app.segmented_control(key="blob.fit").value == spec.fit
    assert app.text_input(key="blob.mean").value == query["blob__mean"]


def test_found_numbers_turn_knobs_that_were_turned_before(visit):
    app = visit("blob")
    app.text_input(key="blob.mean").set_value("9").run()
    app.number_input(key="blob.width").set_value(77).run()
    app.switch_page("pages/experiments.py").run()
    app.query_params["experiment"] = "Find the numbers"
    app.session_state["experiment"] = "Find the numbers"
    app.selectbox(key="ab.classification.a.model").set_value(TINY["classification"]).run()
    app.selectbox(key="find.classification.model").set_value(TINY["classification"]).run()
    app.button(key="find.go").click().run()
    app.button(key="find.use").click().run()
    assert not app.exception
    app.switch_page("pages/blob.py").run()  # a browser is there already
    assert app.number_input(key="blob.width").value == 128
    assert app.text_input(key="blob.mean").value != "9"


@needs_shared
def test_squeezenet_is_compared_broken_and_found(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = bench(visit, model="SqueezeNet v1.1")
    assert "Egyptian cat" in heading(app, "A:")
    assert heading(app, "A:")[8:] != heading(app, "B:")[8:]
    assert set(table(app, "change")["change"]) != {"same"}
    query = {"breaks__classification__model": "SqueezeNet v1.1"}
    app = visit("experiments", experiment="What breaks if", **query)
    rows = table(app, "mistake").set_index("mistake")
    assert rows["answer"].iloc[0] == "Egyptian cat"
    assert "size halved" in rows.index
    app = find(visit, model="SqueezeNet v1.1")
    app.button(key="find.go").click().run()
    assert "✓" in set(table(app, "score")["card"][:2])


@needs_shared
def test_yolo_is_compared_and_broken(visit):
    download(card_named("yolo-fastest-1.1-coco"))
    app = bench(visit, "detection", "YOLO-Fastest 1.1", "motorcycle")
    assert "motorbike" in heading(app, "A:")
    assert "IoU" in table(app, "change")
    query = {"breaks__detection__model": "YOLO-Fastest 1.1", "lab__task": "detection"}
    app = visit("experiments", sample="motorcycle", experiment="What breaks if", **query)
    rows = table(app, "mistake").set_index("mistake")
    assert rows["boxes"].iloc[0] >= 1
    assert "before" in " ".join(rows["change"])
