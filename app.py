"""The entry point of Blobscope: page settings, the list of pages, navigation."""

import streamlit as st

from pages.components.shell.errors import show_errors
from pages.components.shell.link_values import show_unknown_values
from pages.components.shell.navigation import ICON, inside_app, navigation
from pages.components.shell.server import guard_server
from pages.components.shell.visitor import as_visitor

guard_server()
page = navigation()
st.set_page_config(page_title=f"{page.title} · Blobscope", page_icon=ICON, layout="wide")
with inside_app(), show_unknown_values(), show_errors(), as_visitor():
    page.run()
