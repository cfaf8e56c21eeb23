"""The ledger on the page: what became of every raw row."""

import re

import pytest

from core.pipeline import Thresholds, suppression_ledger
from core.results.ledger import OUTCOMES
from tests.pages.detection.test_box_canvas import answered, visit_low
from tests.pages.screen import metric


def test_the_ledger_adds_up_and_its_kept_rows_are_the_table(visit):
    app = visit_low(visit, detection__more="NMS log")
    (total,) = (each.value for each in app.markdown if "raw predictions** =" in each.value)
    whole, parts = total.replace(",", "").split(" = ")
    counts = [int(part.split(" ", 1)[0]) for part in parts.split(" + ")]
    assert sum(counts) == int(re.sub(r"\D", "", whole)) == 6300
    table, lines = (each.value for each in app.dataframe)
    assert len(table) == int(metric(app, "Detections"))
    kept = lines[lines["fate"] == "kept"]
    assert kept["raw row"].tolist() == table["raw prediction"].tolist()
    assert set(lines["fate"]) == {"kept", "suppressed"}
    suppressed = lines[lines["fate"] == "suppressed"]
    assert set(suppressed["removed by row"]) <= set(kept["raw row"])
    assert set(suppressed["removed by #"]) <= set(table["#"])
    assert (suppressed["IoU"] > 0.45).all()


def test_the_ledger_is_filtered_by_fate_and_by_the_chosen_box(visit):
    app = visit_low(visit, detection__more="NMS log")
    app.pills(key="detection.ledger.fates").set_value(["suppressed"]).run()
    _, lines = (each.value for each in app.dataframe)
    assert set(lines["fate"]) == {"suppressed"}
    app.toggle(key="detection.ledger.mine").set_value(True).run()
    chosen = app.selectbox(key="detection.box").value
    _, mine = (each.value for each in app.dataframe)
    assert 0 < len(mine) < len(lines)
    assert set(mine["removed by row"]) == {chosen}
    app.pills(key="detection.ledger.fates").set_value([]).run()
    assert any("No prediction has this status" in each.value for each in app.info)
    assert not app.exception


def test_of_thousands_of_rows_the_table_shows_some_and_says_so(visit):
    app = visit_low(visit, detection__more="NMS log")
    app.pills(key="detection.ledger.fates").set_value(list(OUTCOMES)).run()
    _, lines = (each.value for each in app.dataframe)
    assert len(lines) == 2000
    assert any("first 2,000 of 6,300 predictions" in each.value for each in app.caption)
    assert any("dashed: 300 of" in str(each.captions) for each in app.image)


@pytest.mark.parametrize("method", ["hard", "soft"])
def test_the_ledger_knows_what_soft_nms_did(method, visit):
    app = visit_low(visit, detection__more="NMS log", detection__method=method)
    _, lines = (each.value for each in app.dataframe)
    run = answered()
    book = suppression_ledger(run, Thresholds(0.1, soft=method == "soft"))
    assert ("softened" in set(lines["fate"])) == (method == "soft")
    assert len(lines) == sum(
        count
        for outcome, count in book.counts().items()
        if outcome not in ("below confidence", "no box")
    )
