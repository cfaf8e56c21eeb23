// The table of the pixel lab: each step of the arithmetic, a row each.

import { element } from '../../browser/dom.js'
import { steps } from './arithmetic.js'

/** @import { Arithmetic, Step } from './arithmetic.js' */
/** @import { Sent } from './sent.js' */

/**
 * The children of the table.
 *
 * @param {Sent} sent
 * @param {Arithmetic} found
 */
export function tabulated(sent, found) {
  const body = element('tbody')
  for (const row of steps(sent, found)) {
    if (row.reordered) body.append(header(sent.blobOrder, row.name))
    body.append(tableRow(row))
  }
  const index = element('tr', 'index', heading('row', 'index in the blob'),
    ...found.index.map((each) => element('td', '', `[${each.join(',')}]`)))
  body.append(index)
  return [element('thead', '', header(sent.order, 'step')), body]
}

/**
 * @param {string[]} letters
 * @param {string} first
 */
function header(letters, first) {
  return element('tr', 'letters', heading('col', first), ...letters.map((letter) => {
    const cell = heading('col', letter)
    cell.classList.add(letter)
    return cell
  }))
}

/** @param {Step} step */
function tableRow({ name, cells, tail, share, reordered }) {
  const first = heading('row', reordered ? 'value in the blob' : name.replace('pixel ', ''))
  if (tail) {
    first.prepend(element('span', 'word', 'pixel '))
    const [weights, percent] = tail.replace('weight ', '').split(' = ')
    first.append(element('span', 'percent', percent), element('small', '', weights))
    first.style.setProperty('--share', `${share}%`)
    first.classList.add('weighed')
  }
  return element('tr', reordered ? 'result' : '', first, ...cells.map(({ how, value }) =>
    element('td', '', ...(how ? [element('small', '', how)] : []), String(value))))
}

/**
 * @param {'row' | 'col'} scope
 * @param {string} text
 */
function heading(scope, text) {
  const made = element('th', '', text)
  made.scope = scope
  return made
}
