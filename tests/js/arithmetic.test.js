import assert from 'node:assert/strict'
import test from 'node:test'

import {
  arithmetic, digits, hundredths, lines, neighbours, positions, sourcePixel, toEven,
} from '../../pages/components/blob/pixel_lab/arithmetic.js'
import { cases } from './cases.js'

test('a float32 is written with the fewest digits that give it back', () => {
  assert.equal(digits(Math.fround(1 / 255)), '0.003921569')
  assert.equal(digits(1 / 255), '0.00392156862745098')
  assert.equal(digits(-104), '-104')
  assert.equal(digits(2e-7), '2e-7')
})

test('whatever digits writes gives the float32 back', () => {
  const random = new Uint32Array(2000).map((_, i) => Math.imul(i + 1, 2654435761))
  for (const value of new Float32Array(random.buffer).filter(Number.isFinite)) {
    assert.equal(Math.fround(Number(digits(value))), value)
  }
})

test('halves go to the even number, in hundredths up', () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.4, 2.6].map(toEven), [0, 2, 2, 2, 3])
  assert.deepEqual([27.125, 41.666, 0].map(hundredths), ['27.13', '41.67', '0.00'])
})

test('two neighbours share the weight, and one at the left edge has it all', () => {
  assert.deepEqual(neighbours(0, 2, 10, 2048, true), [[0, 1024], [1, 1024]])
  assert.deepEqual(neighbours(0, 0.5, 10, 2048, true), [[0, 2048]])
  assert.deepEqual(neighbours(0, 0.5, 10, 2048, false), [[0, 512], [0, 1536]])
})

test('positions invert a list of indices', () => {
  assert.deepEqual([...positions(Int32Array.of(1, 4), 6)], [-1, 0, -1, -1, 1, -1])
})

test('of a picture sent in part, only what was sent is known', () => {
  const columns = Int32Array.of(0, 2)
  const part = {
    image: [3, 2], order: ['B', 'G', 'R'], source: Uint8Array.from({ length: 6 }, (_, i) => i),
    columns, columnOf: positions(columns, 3), rowOf: positions(Int32Array.of(1), 2),
  }
  assert.deepEqual([...sourcePixel(part, 2, 1)], [3, 4, 5])
  assert.equal(sourcePixel(part, 1, 1), null)
  assert.equal(sourcePixel(part, 2, 0), null)
})

test('core says the same, word for word', { skip: !cases && 'no cases given' }, () => {
  for (const { head, parts, points } of cases) {
    const bytes = (name) => Uint8Array.from(Buffer.from(parts[name], 'base64'))
    const numbers = bytes('numbers')
    const traced = {
      ...head,
      source: bytes('source'),
      fitted: bytes('fitted'),
      numbers: head.type === 'float32' ? new Float32Array(numbers.buffer) : numbers,
    }
    for (const [x, y, words] of points) {
      assert.deepEqual(lines(traced, arithmetic(traced, x, y)), words)
    }
  }
})
