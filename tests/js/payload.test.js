import assert from 'node:assert/strict'
import test from 'node:test'

import { unpack } from '../../pages/components/browser/payload.js'
import { cases } from './cases.js'

test('values and bytes come back as they were', { skip: !cases && 'no cases given' }, () => {
  for (const { head, parts, packed } of cases) {
    const sent = unpack(Uint8Array.from(Buffer.from(packed, 'base64')))
    for (const [name, value] of Object.entries(head)) assert.deepEqual(sent[name], value)
    for (const [name, bytes] of Object.entries(parts)) {
      assert.equal(Buffer.from(sent[name]).toString('base64'), bytes)
      assert.equal(sent[name].byteOffset, 0)
    }
  }
})

test('bytes that begin in the middle of a buffer are read from there', () => {
  const head = new TextEncoder().encode('{"a": 1, "parts": [["b", 2]]}')
  const whole = Uint8Array.of(9, 9, 9, head.length, 0, 0, 0, ...head, 7, 8)
  assert.deepEqual([...unpack(whole.subarray(3)).b], [7, 8])
})
