// Elements of the page, and what Streamlit calls a component with.

/**
 * The argument of a component's function, as far as it is used here.
 *
 * @typedef {object} Mount
 * @property {any} data what Python gave as `data`
 * @property {HTMLElement | ShadowRoot} parentElement around the component's HTML
 * @property {(name: string, value: unknown) => void} setTriggerValue tells Python once
 * @property {(name: string, value: unknown) => void} setStateValue tells Python for good
 */

/**
 * Make an element of this class with these children.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [name]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, name = '', ...children) {
  const made = document.createElement(tag)
  if (name) made.className = name
  made.append(...children)
  return made
}

/**
 * Find an element that the component's own HTML holds.
 *
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function part(parent, selector) {
  const found = parent.querySelector(selector)
  if (!found) throw new Error(`the component has no ${selector}`)
  return /** @type {HTMLElement} */ (found)
}

/**
 * Make a canvas that the keyboard reaches and a screen reader hands its keys to.
 *
 * @param {string} kind what a screen reader calls it: "picture with boxes"
 * @param {string} hint the id of the element that says which keys do what
 * @returns {HTMLCanvasElement}
 */
export function keyboardCanvas(kind, hint) {
  const canvas = element('canvas')
  canvas.tabIndex = 0
  canvas.setAttribute('role', 'application')
  canvas.setAttribute('aria-roledescription', kind)
  canvas.setAttribute('aria-describedby', hint)
  return canvas
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function context2d(canvas) {
  const context = canvas.getContext('2d')
  if (!context) throw new Error('this browser cannot draw on a canvas')
  return context
}
