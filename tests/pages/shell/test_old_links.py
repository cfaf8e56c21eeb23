"""Links saved before an option was renamed open the same state."""

import pytest

from pages.components.shell.old_links import renamed
from tests.pages.conftest import Visit


def test_an_old_text_becomes_the_new_one_for_its_own_widget_only():
    assert renamed("detection.nms", "agnostic") == "class-agnostic"
    assert renamed("detection.nms", "class-agnostic") is None
    assert renamed("detection.starter.classes", "agnostic") is None


@pytest.mark.parametrize(
    ("page", "query", "key", "value"),
    [
        ("detection", "agnostic", "detection.nms", "class-agnostic"),
        ("detection", "as the model wants", "detection.fit", "model default"),
        ("detection", "Ledger", "detection.more", "NMS log"),
        ("classification", "Take home", "classification.more", "Export"),
        ("experiments", "Find the numbers", "experiment", "Infer preprocessing"),
        (
            "experiments",
            "mistake: scaled twice",
            "ab.classification.b.numbers",
            "mistake: scaled twice",
        ),
    ],
)
def test_an_old_link_opens_the_same_state(page, query, key, value, visit: Visit):
    app = visit(page, **{key.replace(".", "__"): query})
    assert app.session_state[key] == value
