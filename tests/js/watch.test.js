import assert from 'node:assert/strict'
import test from 'node:test'

import { frameRate, troubleOf } from '../../pages/components/live/watch.js'

test('the alert of streamlit-webrtc becomes a word that Python knows', () => {
  assert.equal(troubleOf('NotAllowedError: Permission denied'), 'denied')
  assert.equal(troubleOf('NotFoundError: Requested device not found'), 'missing')
  assert.equal(troubleOf('NotReadableError: Could not start video source'), 'busy')
  assert.equal(troubleOf('This page is not loaded securely'), 'insecure')
})

test('another alert is passed on, but not without end', () => {
  assert.equal(troubleOf('The moon is full'), 'The moon is full')
  assert.equal(troubleOf('x'.repeat(999)).length, 200)
})

test('frames a second are those between two looks', () => {
  assert.equal(frameRate({ frames: 10, at: 1000 }, { frames: 25, at: 2500 }), 10)
})

test('a first look, or a player that began anew, gives no rate', () => {
  assert.equal(frameRate(null, { frames: 25, at: 2500 }), null)
  assert.equal(frameRate({ frames: 99, at: 1000 }, { frames: 25, at: 2500 }), null)
})
