"""What needs torch, which the app does not install: folding, decoding, loss, optimiser."""

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch; the app does not")

from training.detection import assigned, decoded, detection_loss, overlap  # noqa: E402
from training.export import narrowed  # noqa: E402
from training.keep import kept, restored  # noqa: E402
from training.models import ANCHORS, STRIDES, Classifier, Detector  # noqa: E402
from training.optimisation import Progress, orthogonalised, rate  # noqa: E402
from training.scribe import classifier_graph, detector_graph, detector_scribe  # noqa: E402
from training.warm import started_detector  # noqa: E402
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


def heads_that_see(class_id):
    """Return raw numbers of three heads that find a class everywhere."""
    heads = tuple(torch.full((1, 45, 32 // s, 32 // s), -9.0) for s in STRIDES)
    for raw in heads:
        raw.view(1, 3, 15, -1)[:, :, 4] = 4.0
        raw.view(1, 3, 15, -1)[:, :, 5 + class_id] = 9.0
    return heads


def test_finding_what_nobody_drew_is_punished_but_where_a_teacher_sees_it():
    target = torch.tensor([[0, 0, 0.5, 0.5, 0.9, 0.9, -1.0]])
    nothing = detection_loss(heads_that_see(0), target[:0])
    assert detection_loss(heads_that_see(0), target) < nothing


def test_a_doubtful_box_asks_for_less_objectness_than_a_certain_one():
    heads = tuple(torch.zeros(1, 45, 32 // s, 32 // s, requires_grad=True) for s in STRIDES)
    slopes = []
    for probability in (0.2, 1.0):
        target = torch.tensor([[0, 0, 0.5, 0.5, 0.5, 0.5, probability]])
        slopes.append(torch.autograd.grad(detection_loss(heads, target), heads)[0])
    objectness = [slope.view(1, 3, 15, -1)[:, :, 4].min() for slope in slopes]
    assert objectness[1] < objectness[0]


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


def test_a_halving_stem_averages_before_it_convolves(tmp_path):
    net = unsettled(Classifier(20))
    files = caffe.write(classifier_graph(net, size=(64, 64)), tmp_path, half=False)
    read = cv2.dnn.readNet(*map(str, files))
    blob = np.random.default_rng(1).random((2, 3, 64, 64), np.float32)
    read.setInput(blob)
    with torch.inference_mode():
        halved = torch.nn.functional.avg_pool2d(torch.from_numpy(blob), 2)
        wanted = net(halved).softmax(dim=1).numpy()
    np.testing.assert_allclose(read.forward(), wanted, atol=1e-4)


def test_a_started_detector_says_what_the_shipped_files_say(tmp_path):
    net, blob = unsettled(Detector(10)), torch.rand(4, 3, 64, 64)
    path = tmp_path / "net.weights"
    path.write_bytes(darknet.weighed(tuple(detector_scribe(net).layers)))
    other = Detector(10)
    started_detector(other, path, blob, classes=10)
    with torch.inference_mode():
        for mine, theirs in zip(other.eval()(blob), net(blob), strict=True):
            torch.testing.assert_close(mine, theirs, atol=2e-3, rtol=1e-3)


def test_kept_weights_come_back(tmp_path):
    net = unsettled(Detector(10))
    kept(net.state_dict(), tmp_path / "net.npz")
    other = restored(Detector(10), tmp_path / "net.npz")
    for mine, theirs in zip(other.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=1e-3)


def test_a_narrowed_detector_finds_its_first_classes_as_before():
    net = unsettled(Detector(12))
    blob = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        wide, small = decoded(net(blob)), decoded(narrowed(net, 10)(blob))
    torch.testing.assert_close(small, wide[..., :15])
