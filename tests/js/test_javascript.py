"""The JavaScript of the components, without a browser: its types, and its rules.

Node runs the tests in ``*.test.js``; where a rule is that of core once more, the cases are made
here, and core's answer is what is expected. `make node_modules` installs TypeScript.
"""

import base64
import json
import os
import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from core.blob.arithmetic import arithmetic
from core.blob.spec import BlobSpec
from core.blob.trace import trace
from core.picture.placement import letterbox, stretch
from core.picture.size import Size
from core.results.detections import FLOOR, Detections
from pages.components.blob import pixel_lab
from pages.components.browser.payload import pack
from tests.pages.screen import unpacked

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TSC = ROOT / "node_modules/typescript/bin/tsc"

needs_node = pytest.mark.skipif(which("node") is None, reason="no Node on this machine")
needs_typescript = pytest.mark.skipif(
    which("node") is None or not TSC.is_file(),
    reason="no TypeScript on this machine (where npm is, `make node_modules` installs it)",
)


def node(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )


def nms_cases() -> list[dict]:
    """Crowds of boxes at many thresholds, and what core keeps of them."""
    rng = np.random.default_rng(11)
    return [nms_case(rng, number) for number in range(400)]


def nms_case(rng: np.random.Generator, number: int) -> dict:
    count = int(rng.integers(0, 40))
    corner, side = rng.uniform(-40, 300, (count, 2)), rng.uniform(0, 150, (count, 2))
    if number % 3 == 0:  # whole pixels: equal overlaps, and overlaps of just the threshold
        corner, side = corner.round(-1), side.round(-1)
    boxes = np.hstack([corner, corner + side])
    if number % 8 == 0:
        boxes[: count // 4, 2:] *= 1e5  # they end further away than NMS looks
    confidence = rng.uniform(0, 1, count).astype(np.float32)
    detections = Detections(boxes, confidence, rng.integers(0, 3, count), range(count))
    candidates = detections.above(0.0)
    threshold, iou = (
        float(rng.choice([0.0, 0.1, 0.25, 0.5])),
        float(rng.choice([0.1, 1 / 3, 0.5, 0.9])),
    )
    per_class, soft = bool(rng.integers(2)), bool(rng.integers(2))
    size, into = Size(500, 375), Size(320, 320)
    placement = letterbox(size, into=into) if number % 2 else stretch(size, into=into)
    confident = candidates.above(threshold)
    after_nms = (
        confident.softened(iou=iou, per_class=per_class, method="linear").above(threshold)
        if soft
        else confident.suppressed(iou=iou, per_class=per_class)
    )
    kept = after_nms.on_image(placement).clipped(size)
    rank = {row: index for index, row in enumerate(candidates.row.tolist())}
    rows = zip(kept.row.tolist(), kept.confidence.tolist(), kept.xyxy.tolist(), strict=True)
    return {
        "boxes": candidates.xyxy.tolist(),
        "confidence": candidates.confidence.tolist(),
        "classId": candidates.class_id.tolist(),
        "perClass": per_class,
        "soft": soft,
        "floor": FLOOR,
        "scale": placement.scale,
        "offset": placement.offset,
        "image": size.cv2,
        "threshold": threshold,
        "maxIou": iou,
        "kept": [
            [rank[row], sure, box]
            for row, sure, box in rows
            if box[2] - box[0] > 0 and box[3] - box[1] > 0
        ],
    }


def arithmetic_cases() -> list[dict]:
    """Random pictures, and what core says of random points of their blobs."""
    rng = np.random.default_rng(11)
    torch = {"scalefactor": (1 / 255,) * 3, "std": (0.229, 0.224, 0.225), "swap_rb": True}
    specs = [
        BlobSpec(Size(20, 14), mean=(123.675, 116.28, 103.53), **torch),
        BlobSpec(Size(24, 24), fit="letterbox", pad_value=(114.0,) * 3, **torch),
        BlobSpec(Size(13, 19), fit="crop", mean=(104.0, 117.0, 123.0)),
        BlobSpec(Size(90, 70), layout="NHWC", **torch),
        BlobSpec(Size(20, 14), ddepth="uint8"),
        BlobSpec(Size(20, 14), channels=1),
        BlobSpec(),
    ]
    return [arithmetic_case(rng, spec) for spec in specs]


def arithmetic_case(rng: np.random.Generator, spec: BlobSpec) -> dict:
    image = rng.integers(0, 256, (37, 53, 3), np.uint8)
    traced = trace(image, spec)
    head, parts = unpacked(pixel_lab.packed(traced, spec, b""))
    width, height = traced.placement.blob.cv2
    corners = [(0, 0), (width - 1, height - 1)]
    points = corners + [(int(x), int(y)) for x, y in rng.integers(0, (width, height), (40, 2))]
    return {
        "head": head,
        "parts": {name: base64.b64encode(data).decode() for name, data in parts.items()},
        "points": [(x, y, arithmetic(traced, spec, x=x, y=y).lines) for x, y in points],
    }


def payload_cases() -> list[dict]:
    heads = [{}, {"a": 1.5, "ä": ["→", None, {"b": False}]}]
    payloads = [{}, {"empty": b"", "ü": bytes(range(256)), "last": b"\0"}]
    return [
        {
            "head": head,
            "parts": {name: base64.b64encode(data).decode() for name, data in parts.items()},
            "packed": base64.b64encode(pack(head, parts)).decode(),
        }
        for head in heads
        for parts in payloads
    ]


CASES = {
    "arithmetic": arithmetic_cases,
    "nms": nms_cases,
    "payload": payload_cases,
    "watch": list,
}


@needs_node
@pytest.mark.parametrize("name", sorted(each.name for each in HERE.glob("*.test.js")))
def test_the_rules_in_the_browser_are_those_of_core(name, tmp_path):
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(CASES[name.removesuffix(".test.js")]()), encoding="utf-8")
    done = node("--test", "--test-reporter=tap", str(HERE / name), CASES=str(cases))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# skipped 0\n" in done.stdout
    assert "\n# pass 0\n" not in done.stdout


@needs_typescript
def test_the_types_of_the_javascript_agree():
    done = node(str(TSC), "--project", str(ROOT))
    assert done.returncode == 0, done.stdout


@needs_typescript
def test_a_wrong_type_is_found(tmp_path):
    nms = ROOT / "pages/components/detection/box_canvas/nms.js"
    (tmp_path / "wrong.js").write_text(
        f"import {{ iou }} from {str(nms)!r}\nconsole.log(iou('no boxes', 0, 1))\n"
    )
    settings = {"extends": str(ROOT / "tsconfig.json"), "include": ["wrong.js"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    done = node(str(TSC), "--project", str(tmp_path))
    assert "wrong.js(2,17): error TS2345" in done.stdout
