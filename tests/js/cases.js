// The cases that a test in Python made, as JSON in the file that it names.

import { readFileSync } from 'node:fs'

export const cases = process.env.CASES
  ? JSON.parse(readFileSync(process.env.CASES, 'utf8')) : null
