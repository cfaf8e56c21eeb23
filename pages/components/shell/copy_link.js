// Copies the address of the page. A component is part of the page, not of an iframe, so
// this is the address that people see.

/** @import { Mount } from '../browser/dom.js' */

/** @param {Mount} mount */
export default function ({ parentElement }) {
  const button = /** @type {HTMLButtonElement} */ (parentElement.querySelector('button'))
  const field = /** @type {HTMLInputElement} */ (parentElement.querySelector('input'))
  const words = /** @type {HTMLElement} */ (parentElement.querySelector('[role=status]'))
  button.onclick = async () => {
    const link = window.location.href
    try {
      await navigator.clipboard.writeText(link)
      field.hidden = true
      words.textContent = 'Copied.'
    } catch {
      // browsers allow the clipboard on https and localhost only: let people copy by hand
      field.value = link
      field.hidden = false
      field.select()
      words.textContent = 'Press Ctrl+C or Cmd+C.'
    }
  }
}
