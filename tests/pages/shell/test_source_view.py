"""The source beside the picture."""

import inspect

from streamlit.testing.v1 import AppTest

from core.blob.make import make_blob
from core.picture.placement import Placement


def page():
    from core.blob.make import make_blob
    from core.picture.placement import Placement
    from pages.components.shell.source_view import show_source

    show_source(make_blob, Placement)


KEY = "source.core.blob.make.make_blob+core.picture.placement.Placement"


def test_the_source_of_each_function_is_folded_away_word_for_word():
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    (expander,) = app.expander
    assert expander.label == "Source code"
    assert not expander.code, "what is folded away costs nothing"
    app.session_state[KEY] = True
    (expander,) = app.run().expander
    shown = [each.value for each in expander.code]
    assert shown == [inspect.getsource(each).strip() for each in (make_blob, Placement)]
    assert [each.value for each in expander.caption] == [
        "`core.blob.make.make_blob`",
        "`core.picture.placement.Placement`",
    ]
