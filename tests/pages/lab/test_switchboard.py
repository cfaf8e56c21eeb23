"""Every well-known mistake and what it does."""

import pytest

from tests.pages.lab.test_bench import TASKS, TINY
from tests.pages.screen import table


@pytest.mark.parametrize("task", TASKS)
def test_the_switchboard_has_a_row_for_swap_rb_with_another_answer(task, visit):
    app = visit(
        "experiments",
        sample="colour-bars" if task == "detection" else "coffee",
        lab__task=task,
        experiment="Common preprocessing mistakes",
        **{f"breaks__{task}__model": TINY[task]},
    )
    rows = table(app, "mistake").set_index("mistake")
    assert rows.index[0].startswith("none")
    assert rows["change"].iloc[0] == ""
    assert rows["change"]["swapRB flipped"] not in ("", "same class, same confidence")
    assert not app.error


def test_coming_back_to_the_switchboard_runs_no_net_again(visit, forwards):
    app = visit("experiments", experiment="Common preprocessing mistakes")
    before = len(forwards)
    app.run()
    assert before
    assert len(forwards) == before
