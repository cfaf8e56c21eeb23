"""Long work on a page: one job a visitor, its limits and its end."""

import threading

import streamlit as st

from core.jobs import MOST_ADDRESS_JOBS, MOST_JOBS, Job, start_job
from pages.components.shell import jobs
from pages.components.shell.jobs import watch


def begin(app):
    return app.button(key="many.start").click().run()


def at_work(leave: threading.Event):
    """Steps of which the first takes until leave is given."""
    assert leave.wait(20)
    yield 1
    yield 2


def others(leave: threading.Event, count: int) -> list[Job]:
    return [start_job(at_work(leave), 2) for _ in range(count)]


def test_a_start_stops_the_page_s_own_job_and_takes_its_place(visit):
    leave, leave_mine = threading.Event(), threading.Event()
    running = others(leave, MOST_JOBS - 1)
    app = visit("many")
    mine = start_job(at_work(leave_mine), 2)
    app.session_state["work.own"] = "many", mine

    def end_late():  # the step ends while the start waits
        assert mine._stop.wait(20)
        threading.Event().wait(0.2)
        leave_mine.set()

    threading.Thread(target=end_late).start()
    begin(app)
    leave.set()
    assert not app.warning
    assert mine.ending == "stopped"
    assert app.session_state["many.work"].job.ending == "finished"
    assert all(job.wait(20) for job in running)


def test_the_tabs_of_one_address_leave_a_place_to_others(visit, monkeypatch):
    leave, address = threading.Event(), "192.0.2.1"
    tabs = [start_job(at_work(leave), 2, visitor=address) for _ in range(MOST_ADDRESS_JOBS)]
    monkeypatch.setattr(type(st.context), "ip_address", address)
    app = begin(visit("many"))
    assert "limit per address" in app.warning[0].value
    monkeypatch.setattr(type(st.context), "ip_address", "192.0.2.2")
    assert not begin(visit("many")).warning
    leave.set()
    assert all(job.wait(20) for job in tabs)


def test_a_start_does_not_wait_for_ever(visit, monkeypatch):
    monkeypatch.setattr(jobs, "END_SECONDS", 0.01)
    leave = threading.Event()
    app = visit("many")
    app.session_state["work.own"] = "many", (mine := others(leave, 1)[0])
    begin(app)
    assert "still stopping" in app.warning[0].value
    leave.set()
    assert mine.wait(20)


def test_a_visitor_runs_one_job_at_a_time_over_all_pages(visit):
    leave = threading.Event()
    app = visit("many")
    app.session_state["work.own"] = "video", (mine := others(leave, 1)[0])
    begin(app)
    assert "running on another page" in app.warning[0].value
    assert "many.work" not in app.session_state
    leave.set()
    assert mine.wait(20)
    assert mine.ending == "finished", "it was left in peace"
    assert not begin(app).warning


def test_the_video_page_has_the_same_one_job(visit):
    leave = threading.Event()
    app = visit("video", video__stride="60")
    app.session_state["work.own"] = "many", (mine := others(leave, 1)[0])
    app.button(key="video.start").click().run()
    assert "running on another page" in app.warning[0].value
    leave.set()
    assert mine.wait(20)


def test_a_job_is_watched_until_it_is_over():
    looks: list[int] = []
    looked = threading.Event()

    def steps():
        yield 1
        assert looked.wait(20)
        yield 2

    def look(job):
        looks.append(job.count)
        looked.set()

    job = start_job(steps(), 2)
    watch(job, key="test", noun="steps", show=look)
    assert (job.ending, job.came) == ("finished", (1, 2))
    assert looks


def test_a_machine_at_its_limit_says_so_and_starts_nothing(visit):
    leave = threading.Event()
    running = others(leave, MOST_JOBS)
    app = begin(visit("many"))
    assert "limit" in app.warning[0].value
    assert "many.work" not in app.session_state
    leave.set()
    assert all(job.wait(20) for job in running)
    assert not begin(app).warning
