"""Where a stream's frames come from."""

from tests.pages.screen import sentence


def test_a_moving_sample_needs_no_camera(visit):
    app = visit("live")
    app.segmented_control(key="live.source").set_value("video").run()
    (player,) = (each for each in app.get("component_instance"))
    assert '"mode": "RECVONLY"' in player.proto.json_args


def test_a_file_that_is_no_video_gets_a_sentence(visit):
    app = visit("live")
    app.segmented_control(key="live.source").set_value("video").run()
    app.file_uploader(key="live.upload").upload("mine.mp4", b"no video", "video/mp4").run()
    assert not app.exception
    assert "no video that Blobscope opens" in sentence(app)


def test_the_limit_of_a_video_is_said_before_and_kept_by_the_browser(visit):
    app = visit("live")
    app.segmented_control(key="live.source").set_value("video").run()
    uploader = app.file_uploader(key="live.upload")
    assert "up to 20 MB" in uploader.label
    assert uploader.proto.max_upload_size_mb == 20


def test_the_page_says_what_of_a_camera_is_kept_and_for_how_long(visit):
    said = " ".join(each.value for each in visit("live").caption)
    assert "crops of recent detections until STOP" in said
    assert "Nothing is kept" not in said
