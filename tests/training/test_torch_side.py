"""What needs torch, which the app does not install: folding, decoding, loss, optimiser."""

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch; the app does not")

from training.close_ups import GROUPS, group_loss  # noqa: E402
from training.data import CLASSES, LABELS  # noqa: E402
from training.detection import assigned, decoded, detection_loss, overlap  # noqa: E402
from training.models import ANCHORS, STRIDES, Classifier, Detector  # noqa: E402
from training.optimisation import Progress, orthogonalised, rate  # noqa: E402
from training.scribe import classifier_graph, detector_graph  # noqa: E402
from training.writers import caffe, darknet  # noqa: E402


def unsettled(net):
    """Give every normalisation something to do."""
    torch.manual_seed(1)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    return net.eval()


def test_the_folded_classifier_says_what_torch_says(tmp_path):
    net = unsettled(Classifier(20))
    blob = np.random.default_rng(1).random((2, 3, 64, 64), np.float32)
    files = caffe.write(classifier_graph(net, size=(64, 64)), tmp_path, half=False)
    read = cv2.dnn.readNet(*map(str, files))
    read.setInput(blob)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(blob)).softmax(dim=1).numpy()
    np.testing.assert_allclose(read.forward(), wanted, atol=1e-4)


@pytest.mark.parametrize("side", [128, 160])
def test_the_darknet_detector_finds_what_torch_finds(side, tmp_path):
    net = unsettled(Detector())
    files = darknet.write(detector_graph(net, size=(128, 128)), tmp_path)
    read = cv2.dnn.readNet(*map(str, files))
    blob = np.random.default_rng(2).random((1, 3, side, side), np.float32)
    read.setInput(blob)
    heads = read.forward(read.getUnconnectedOutLayersNames())
    with torch.inference_mode():
        wanted = decoded(net(torch.from_numpy(blob)))[0].numpy()
    wanted[:, 5:] *= wanted[:, 4:5]
    wanted[:, 5:][wanted[:, 5:] <= darknet.LEAST_CONFIDENCE] = 0
    cells = [(side // stride) ** 2 for stride in STRIDES]
    starts = np.cumsum([0, *(3 * n for n in cells)])
    for head, start, n in zip(
        sorted(heads, key=len, reverse=True), starts[:-1], cells, strict=True
    ):
        # torch: anchor by anchor; Darknet: cell by cell
        rows = (
            wanted[start : start + 3 * n]
            .reshape(3, n, -1)
            .transpose(1, 0, 2)
            .reshape(3 * n, -1)
        )
        np.testing.assert_allclose(head, rows, atol=1e-4)


def test_a_target_is_answered_for_by_its_cell_and_the_two_nearest():
    target = torch.tensor([[0, 3, 0.53, 0.58, 0.2, 0.2]])
    anchors = torch.tensor([[2.0, 2.0], [40.0, 40.0]])
    number, anchor, row, column = assigned(target, anchors, 10, 10)
    assert set(zip(row.tolist(), column.tolist(), strict=True)) == {(5, 5), (5, 4), (6, 5)}
    assert anchor.tolist() == [0, 0, 0]
    assert number.tolist() == [0, 0, 0]


def test_overlap_agrees_with_a_case_worked_out_by_hand():
    iou, complete = overlap(torch.tensor([[1.0, 1, 2, 2]]), torch.tensor([[2.0, 1, 2, 2]]))
    assert iou.item() == pytest.approx(1 / 3)
    assert complete.item() == pytest.approx(1 / 3 - 1 / 13)


def test_finding_an_unlabelled_class_is_not_punished():
    heads = tuple(torch.full((1, 45, 32 // s, 32 // s), -9.0) for s in STRIDES)
    for raw in heads:
        raw.view(1, 3, 15, -1)[:, :, 4] = 4.0
        raw.view(1, 3, 15, -1)[:, :, 5] = 9.0
    nothing, unlabelled = torch.zeros(0, 6), torch.zeros(1, 10, dtype=torch.bool)
    assert detection_loss(heads, nothing, unlabelled) > 100
    unlabelled[0, 0] = True
    assert detection_loss(heads, nothing, unlabelled) == 0


def test_an_orthogonalised_matrix_has_singular_values_near_one():
    torch.manual_seed(2)
    values = torch.linalg.svdvals(orthogonalised(torch.randn(16, 60)))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_the_rate_rises_falls_and_ends_at_nothing():
    assert rate(0) < rate(0.02) == 1 > rate(0.5) > rate(1) == pytest.approx(0)


def test_progress_counts_epochs_or_minutes():
    assert Progress(epochs=10, minutes=0).at(5) == 0.5
    assert Progress(epochs=10, minutes=2, spent=60).at(0) == pytest.approx(0.5, abs=0.01)
    assert len(ANCHORS) == len(STRIDES) == 3


def test_the_loss_of_a_group_asks_only_that_its_labels_share_all_confidence():
    logits = torch.tensor([[9.0, 9.0, -9.0], [9.0, -9.0, -9.0], [-9.0, -9.0, 9.0]])
    right = torch.tensor([[True, True, False]]).repeat(3, 1)
    loss = group_loss(logits, right)
    assert loss[:2].tolist() == pytest.approx([0, 0], abs=1e-4)
    assert loss[2].item() == pytest.approx(18 - np.log(2), abs=1e-4)


def test_groups_of_real_photos_name_labels_and_classes_that_exist():
    root = Path(__file__).parents[2]
    labels = {line.split("\t")[0] for line in (root / LABELS).read_text("utf-8").splitlines()}
    assert {label for group in GROUPS.values() for label in group} <= labels
    assert set(GROUPS) <= set(CLASSES)
