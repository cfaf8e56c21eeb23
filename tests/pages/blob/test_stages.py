"""The strip of stages, drawn by a small script of its own."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.blob.spec import PRESETS, BlobSpec
from core.picture.size import Size

LETTERBOX = BlobSpec(size=Size(64, 96), fit="letterbox", anchor="top-left", std=(2, 2, 2))
NHWC = BlobSpec(size=Size(64, 64), layout="NHWC", scalefactor=(0.5,) * 3, swap_rb=True)


def strip_of(spec, sample):
    from core.picture.samples import sample_picture
    from pages.components.blob.stages import show_stage_strip

    show_stage_strip("blob", sample_picture(sample), spec)


def opened(spec=PRESETS[0].spec, *, sample="cat", **query) -> AppTest:
    app = AppTest.from_function(strip_of, args=(spec, sample), default_timeout=60)
    for name, value in query.items():
        app.query_params[name.replace("__", ".")] = value
    app.run()
    assert not app.exception, app.exception
    return app


def heading(app) -> str:
    (words,) = (each.value for each in app.markdown if each.value.startswith("####"))
    return words


def alts(app) -> list[str]:
    return [each.proto.imgs[0].alt for each in app.image]


def facts(app) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def test_every_stage_is_in_the_strip_and_the_first_is_large():
    app = opened()
    assert len([alt for alt in alts(app) if alt.endswith("small")]) == 8
    assert heading(app) == "#### 1 · image"
    assert facts(app) == {"Shape": "300 x 451 x 3", "dtype": "uint8", "Min": "0", "Max": "231"}


@pytest.mark.parametrize(
    "spec", [PRESETS[0].spec, LETTERBOX, NHWC], ids=["plain", "top", "NHWC"]
)
def test_stepping_shows_each_stage_with_its_line_of_python(spec):
    app = opened(spec)
    names = []
    for number in range(1, 9):
        app.pagination(key="blob.stage").set_value(number).run()
        assert not app.exception
        names.append(heading(app).split(" · ")[1])
        assert f"Stage {names[-1]}" in alts(app)
        assert " = " in app.code[0].value
        assert any(each.captions == [f"**▲ {number}**"] for each in app.image)
    assert names[0] == "image"
    assert names[-1] == "planes"
    assert facts(app)["dtype"] == "float32"


def test_a_link_opens_the_stage_it_was_copied_from():
    assert heading(opened(blob__stage="5")) == "#### 5 · minus mean"


@pytest.mark.parametrize(
    ("spec", "name"),
    [(PRESETS[0].spec, "blobFromImage"), (NHWC, "blobFromImageWithParams")],
)
def test_the_difference_to_opencv_is_computed_live_and_named(spec, name):
    (words,) = (each.value for each in opened(spec).markdown if "Max difference" in each.value)
    assert f"`cv2.dnn.{name}`: 0**" in words


def test_a_difference_would_be_seen(monkeypatch):
    from pages.components.shell import cached

    honest = cached.make_blob

    def off_by_one(image, spec):
        blob, placement = honest(image, spec)
        return blob + np.float32(1), placement

    monkeypatch.setattr(cached, "make_blob", off_by_one)
    assert any(
        "Max difference" in each.value and ": 1**" in each.value for each in opened().markdown
    )
