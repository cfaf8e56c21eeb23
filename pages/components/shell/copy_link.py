"""A button that copies the page's own address, with every setting in it."""

import streamlit as st

_HTML = """
<div class="copy-link">
  <button type="button">Copy link</button>
  <input type="text" readonly hidden aria-label="The link to this state">
  <span role="status"></span>
</div>
"""
# a component stands in the page itself, not in a frame: this is the page's own address
_JS = """
export default function ({ parentElement }) {
  const button = parentElement.querySelector('button')
  const field = parentElement.querySelector('input')
  const words = parentElement.querySelector('[role=status]')
  button.onclick = async () => {
    const link = window.location.href
    try {
      await navigator.clipboard.writeText(link)
      field.hidden = true
      words.textContent = 'Copied.'
    } catch {
      // browsers open the clipboard to https and localhost alone: let people copy it
      field.value = link
      field.hidden = false
      field.select()
      words.textContent = 'Press Ctrl+C or Cmd+C.'
    }
  }
}
"""
_CSS = """
.copy-link {
  display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center;
  font-family: var(--st-font); color: var(--st-text-color);
}
.copy-link button {
  font: inherit; color: inherit; cursor: pointer;
  min-height: 2.5rem; padding: 0.25rem 0.75rem;
  background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
.copy-link button:hover, .copy-link button:focus-visible {
  color: var(--st-primary-color); border-color: var(--st-primary-color);
}
.copy-link input {
  font: inherit; color: inherit; flex: 1 1 12rem; min-width: 0; min-height: 2.5rem;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color);
}
.copy-link input[hidden] { display: none; }
"""
_BUTTON = st.components.v2.component("copy_link", html=_HTML, js=_JS, css=_CSS)

_GIVEN = ("upload", "camera")  # sources whose pictures stay with their visitor


def copy_link(key: str) -> None:
    """Show the button, and say what travels with the link and what does not."""
    _BUTTON(key=key)
    travels = "The link carries every setting on this page and the sample's name."
    if st.session_state.get("picture") in _GIVEN:
        st.caption(
            f"{travels} **Your own picture does not travel:** whoever opens the link sees a "
            "sample with your settings, and can give the same picture."
        )
    else:
        st.caption(f"{travels} Uploads and snapshots never travel.")
