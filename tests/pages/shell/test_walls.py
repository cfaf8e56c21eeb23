"""A visitor can see what the process that reads their files is refused, and what it is not."""

from dataclasses import fields

from core.sandbox import worker
from core.sandbox.walls import Walls
from pages.components.shell.walls import TITLE


def listed(app) -> list[str]:
    (folded,) = (each for each in app.expander if each.label == TITLE)
    return folded.markdown[-1].value.split("\n")


def test_the_video_page_lists_every_wall_of_the_process_that_read_its_video(visit):
    lines = listed(visit("video"))
    walls = worker.known_walls()
    assert walls is not None
    assert len(lines) == len(fields(Walls))
    assert sum("check" in each for each in lines) == len(walls.up)


def test_a_wall_that_this_system_lacks_is_named_as_missing(visit, monkeypatch):
    visit("video")
    monkeypatch.setitem(worker._known, "walls", Walls(memory=True))
    (there, *missing) = listed(visit("video"))
    assert "memory" in there
    assert "Not in force" not in there
    assert all("Not in force here" in each for each in missing)
