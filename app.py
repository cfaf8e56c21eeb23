"""The frame of Blobscope: page settings, the list of pages, navigation."""

import streamlit as st

from pages.components.shell.navigation import ICON, entered, navigation, spoken_errors

page = navigation()
st.set_page_config(page_title=f"{page.title} · Blobscope", page_icon=ICON, layout="wide")
with entered(), spoken_errors():
    page.run()
