"""Keys of widgets whose values follow the visitor."""

import streamlit as st


def kept(key: str) -> str:
    """Return the key, having made sure that its value survives a page change.

    Streamlit carries the value of a bound widget from page to page, but one that came with
    a link and was never touched arrives behind the widget's default. Assigning it to itself
    puts it in front. Not for widgets whose limits change: a value beyond them would raise.
    """
    if key in st.session_state:
        st.session_state[key] = st.session_state[key]
    return key
