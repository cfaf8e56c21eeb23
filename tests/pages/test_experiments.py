"""What a visitor is promised on the page of experiments."""

from core.nets.catalog import card_named
from core.nets.downloads import download
from tests.pages.lab.test_bench import bench, heading
from tests.pages.lab.test_finder import find, forgotten
from tests.pages.screen import metric, table
from tests.shared import needs_shared


def test_the_first_visit_shows_a_mistake_without_a_click(visit):
    app = visit("experiments")
    assert not app.error
    assert list(table(app, "setting")["setting"]) == ["swapRB"]
    assert float(metric(app, "Largest difference")) > 0


def test_hidden_tabs_run_no_net(visit, forwards):
    app = visit("experiments", experiment="Infer preprocessing")
    forgotten(forwards)
    app.run()
    assert not forwards


@needs_shared
def test_squeezenet_is_compared_broken_and_found(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = bench(visit, model="SqueezeNet v1.1")
    assert "Egyptian cat" in heading(app, "A:")
    assert heading(app, "A:")[8:] != heading(app, "B:")[8:]
    assert set(table(app, "change")["change"]) != {"same"}
    query = {"breaks__classification__model": "SqueezeNet v1.1"}
    app = visit("experiments", experiment="Common preprocessing mistakes", **query)
    rows = table(app, "mistake").set_index("mistake")
    assert rows["prediction"].iloc[0] == "Egyptian cat"
    assert "size halved" in rows.index
    app = find(visit, model="SqueezeNet v1.1")
    app.button(key="find.go").click().run()
    assert "✓" in set(table(app, "score")["model card"][:2])


@needs_shared
def test_yolo_is_compared_and_broken(visit):
    download(card_named("yolo-fastest-1.1-coco"))
    app = bench(visit, "detection", "YOLO-Fastest 1.1", "motorcycle")
    assert "motorbike" in heading(app, "A:")
    assert "IoU" in table(app, "change")
    query = {"breaks__detection__model": "YOLO-Fastest 1.1", "lab__task": "detection"}
    app = visit(
        "experiments", sample="motorcycle", experiment="Common preprocessing mistakes", **query
    )
    rows = table(app, "mistake").set_index("mistake")
    assert rows["boxes"].iloc[0] >= 1
    assert "before" in " ".join(rows["change"])
