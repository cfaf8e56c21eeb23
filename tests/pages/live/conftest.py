"""The live page without a server."""

import pytest


@pytest.fixture(autouse=True)
def no_session(monkeypatch):
    """streamlit-webrtc looks for the session of a real server, which an AppTest has not."""
    for place in ("component", "shutdown"):
        monkeypatch.setattr(f"streamlit_webrtc.{place}.get_this_session_info", lambda: None)
