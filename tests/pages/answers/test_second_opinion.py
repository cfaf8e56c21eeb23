"""OpenCV and ONNX Runtime on the same blob, through app.py."""

import builtins
import sys

import pytest

from core.nets import second_opinion

OPINIONS = [
    (
        "detection",
        {"detection__model": "Colour blobs", "detection__more": "OpenCV vs ONNX Runtime"},
    ),
    (
        "classification",
        {
            "classification__model": "Starter classifier, ONNX",
            "classification__more": "OpenCV vs ONNX Runtime",
        },
    ),
]


@pytest.mark.parametrize(("page", "query"), OPINIONS)
def test_the_second_opinion_says_how_far_both_lie_apart_and_both_times(page, query, visit):
    app = visit(page, sample="coffee", **query)
    assert not app.error
    assert app.success[0].value == "Both engines agree within 0.001 in every value."
    told = {each.label: each.value for each in app.metric}
    assert float(told["Largest difference"]) < 0.1
    assert told["OpenCV"].endswith(" ms")
    assert told["ONNX Runtime"].endswith(" ms")


def test_a_second_look_at_the_same_opinion_asks_nobody_again(visit, monkeypatch):
    page, query = OPINIONS[1]
    app = visit(page, sample="coffee", **query)
    monkeypatch.setattr(second_opinion, "_onnxruntime", lambda: pytest.fail("asked again"))
    app.slider(key="classification.k").set_value(3).run()
    assert not app.exception
    assert app.success


def test_two_engines_that_differ_are_called_so(visit, monkeypatch):
    page, query = OPINIONS[1]
    monkeypatch.setattr(second_opinion, "TOLERANCE", -1.0)
    app = visit(page, sample="coffee", **query)
    assert "do not agree. In confidences, OpenCV returns" in app.warning[0].value


@pytest.mark.parametrize(
    ("page", "model", "other"),
    [
        ("detection", "Starter detector", "Colour blobs"),
        ("classification", "Starter classifier, Caffe", "Starter classifier, ONNX"),
    ],
)
def test_a_model_of_another_kind_says_why_there_is_no_opinion(page, model, other, visit):
    query = {f"{page}__model": model, f"{page}__more": "OpenCV vs ONNX Runtime"}
    app = visit(page, sample="motorcycle", **query)
    assert "ONNX Runtime reads ONNX files" in app.info[0].value
    assert other in app.info[0].value


def test_without_onnx_runtime_the_tab_says_how_to_get_it(visit, monkeypatch):
    original = builtins.__import__

    def importing(name, *rest, **more):
        if name.split(".")[0] == "onnxruntime":
            raise ImportError(name)
        return original(name, *rest, **more)

    for name in [each for each in sys.modules if each.split(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", importing)
    page, query = OPINIONS[0]
    app = visit(page, sample="coffee", **query)
    assert not app.error
    assert "pip install" in app.info[0].value
    assert "requirements" in app.info[0].value
