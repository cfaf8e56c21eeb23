"""The frame of Blobscope: page settings, the list of pages, navigation."""

import streamlit as st

from pages.components.frame import entered, navigation, spoken_errors

st.set_page_config(page_title="Blobscope", page_icon=":material/grid_on:", layout="wide")

page = navigation()
with entered(), spoken_errors():
    page.run()
