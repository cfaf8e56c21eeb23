"""What a result page costs when it is drawn once more: 12-megapixel photo, outputs cached.

    python -m benchmarks.rerun          (real nets too, where their files are; see README)

The pages are run as a visitor runs them, through app.py: "slider" moves a threshold, "again"
changes nothing. The issue allows 60 ms.
"""

import statistics
import time

import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.knob import large_photo
from core.nets.card import ModelCard
from core.nets.catalog import card
from core.nets.downloads import present

ROUNDS = 25
PAGES = (
    (
        "classification",
        "classification.k",
        ("starter-classifier-onnx", "squeezenet-v1.1-fp16-onnx"),
    ),
    (
        "detection",
        "detection.{model}.confidence",
        ("starter-detector-darknet", "yolo-fastest-1.1-coco", "yolox-nano-onnx"),
    ),
)


def milliseconds(app: AppTest) -> float:
    """Run the page once more."""
    begin = time.perf_counter()
    app.run()
    spent = 1e3 * (time.perf_counter() - begin)
    assert not app.exception, app.exception
    assert not app.error, app.error[0].value
    return spent


def measure(page: str, slider: str, model: ModelCard) -> None:
    """Print the median and the minimum of both."""
    app = AppTest.from_file("../app.py", default_timeout=60)
    app.query_params.update({f"{page}.model": model.title})
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    app.segmented_control(key="picture").set_value("upload").run()
    app.file_uploader(key="picture.upload").upload("large.jpg", large_photo(), "image/jpeg")
    milliseconds(app)
    moved, again = [], []
    for number in range(ROUNDS):
        knob = app.slider(key=slider.format(model=model.name))
        knob.set_value(knob.value + knob.step * (1 if number % 2 else -1))
        moved.append(milliseconds(app))
        again.append(milliseconds(app))
    for word, times in (("slider", moved), ("again", again)):
        print(
            f"{page:15} {model.name:27} {word:7} median {statistics.median(times):5.1f} ms, "
            f"least {min(times):5.1f} ms"
        )
    st.cache_resource.clear()


def main() -> None:
    """Measure every page with each model whose files are here."""
    for page, slider, names in PAGES:
        for model in map(card, names):
            if present(model):
                measure(page, slider, model)


if __name__ == "__main__":
    main()
