"""A frozen frame and where it can go."""

import pytest

from core.picture.image import Picture
from core.render.encode import png
from pages.components.live.frozen import Frozen
from tests.live.films import plain


@pytest.mark.parametrize("page", ["Blob", "Classification", "Detection"])
def test_a_frozen_frame_becomes_the_snapshot_of_another_page(page, visit):
    app = visit("live")
    picture = Picture("live frame 7.png", png(plain(0, 0, 200)))
    app.session_state["live.frozen"] = Frozen(picture, picture.data, "Frame 7, 0.3 s: red")
    app.run()
    app.button(key=f"live.to.{page}").click().run()
    assert not app.exception
    assert app.session_state["picture.kept.camera"] == (picture,)
    app.switch_page(f"pages/{page.lower()}.py").run()  # an AppTest stays where it was
    app.segmented_control(key="picture").set_value("camera").run()
    assert [each.value for each in app.title] == [page]
    assert any("Kept from before: live frame 7" in each.value for each in app.caption)
