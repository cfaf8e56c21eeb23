"""The Batch page: choosing, the table, and what stays."""

import csv
import io

import pytest

from core.picture.samples import sample_picture, samples
from core.series import many as many_module
from pages.components.series import many as component


def table(app):
    return app.dataframe[0].value


def begin(app):
    return app.button(key="many.start").click().run()


def upload(app, **files: bytes):
    uploader = app.file_uploader(key="many.files.upload")
    for name, data in files.items():
        uploader.upload(f"{name}.png", data, "image/png")
    return app.run()


def test_the_samples_work_at_once(visit):
    app = visit("many")
    assert any("press Start" in each.value for each in app.info)
    begin(app)
    assert not app.error
    assert len(table(app)) == len(samples())
    assert [each.value for each in app.metric if each.label == "Problems"] == ["0"]


def test_a_broken_file_gets_its_own_row_and_the_rest_goes_on(visit):
    app = visit("many", many__source="files")
    good = sample_picture("cat").data
    upload(app, first=good, broken=good[:500], last=good)
    begin(app)
    assert not app.error
    assert list(table(app)["file"]) == ["first.png", "broken.png", "last.png"]
    assert "damaged" in table(app)["prediction"][1]
    assert table(app)["picture"][0].startswith("data:image/jpeg;base64,")
    assert [bool(each) for each in table(app)["picture"]] == [True, False, True]


def test_the_table_can_show_some_classes_or_the_problems_only(visit):
    app = visit("many", many__source="files")
    good = sample_picture("cat").data
    upload(app, first=good, broken=good[:500])
    begin(app)
    app.multiselect(key="many.only").set_value(["a problem"]).run()
    assert list(table(app)["file"]) == ["broken.png"]
    app.multiselect(key="many.only").set_value(["cat"]).run()
    assert list(table(app)["file"]) == ["first.png"]


def test_a_classifier_names_the_likeliest_class(visit):
    app = visit("many", many__task="classification")
    begin(app)
    assert not app.error
    assert "cat" in table(app)["prediction"][0]


def test_results_outlive_a_change_of_page_and_of_settings(visit):
    app = begin(visit("many"))
    before = list(table(app)["ms"])
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/many.py").run()
    assert list(table(app)["ms"]) == before
    app.slider(key="many.detection.starter-detector-darknet.confidence").set_value(0.9).run()
    assert list(table(app)["ms"]) == before, "settings count from the next start"


def test_the_csv_offered_has_every_file(visit):
    app = begin(visit("many"))
    entries = app.session_state["many.work"].job.came
    lines = list(csv.DictReader(io.StringIO(component.many_csv(entries))))
    assert {line["file"] for line in lines} == {entry.name for entry in entries}
    (offered,) = app.get("download_button")
    assert offered.proto.label == "results.csv"


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("stopped", "Stopped after 3 of 9"),
        ("forgotten", "was not open"),
        ("overdue", "can run for 20 min"),
    ],
)
def test_what_came_before_a_stop_is_shown_with_the_reason(ending, words, visit):
    app = begin(visit("many"))
    job = app.session_state["many.work"].job
    job._came[:] = job._came[:3]
    job.total, job.ending = 9, ending
    app.run()
    assert any(words in each.value for each in app.info)
    assert len(table(app)) == 3


def test_limits_are_told_and_the_first_files_are_taken(visit, monkeypatch):
    monkeypatch.setattr(many_module, "MOST_PICTURES", 2)
    app = visit("many", many__source="files")
    upload(app, a=b"1", b=b"2", c=b"3")
    assert "first 2 of your 3 files" in app.warning[0].value
    assert app.button(key="many.start").label == "Start: 2 pictures"


def test_without_files_there_is_nothing_to_start(visit):
    app = visit("many", many__source="files")
    assert app.button(key="many.start").disabled
    assert app.file_uploader(key="many.files.upload").value == []


def test_a_folder_is_asked_for_as_a_folder(visit):
    app = visit("many", many__source="folder")
    proto = app.file_uploader(key="many.folder.upload").proto
    assert proto.accept_directory
    jpeg, phones = {".jpg", ".jpeg"}, {".avif", ".heic", ".heif"}
    others = {".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
    assert set(proto.type) == jpeg | phones | others


def test_names_of_files_never_become_markup(visit):
    app = visit("many", many__source="files", **{"many__tab": "Contact sheet"})
    upload(app, **{"![x](http://evil)": sample_picture("cat").data})
    begin(app)
    assert not any("![x](" in each.value for each in app.caption)
