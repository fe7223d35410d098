import { expect, test } from 'vitest'
import { whyCut, whyRefused } from './why-lost.ts'

test.each([
  [1008, 'This page may not look any more.'],
  [1001, 'The gateway ends.'],
  [1006, 'The line was cut.'],
])('a line that was cut with %s says so', (code, words) => {
  expect(whyCut(code)).toBe(words)
})

test.each([
  [
    { status: 503, code: 'too-many-streams', title: 'Too many', detail: 'There are 50 viewers already.' },
    'Too many viewers. There are 50 viewers already.',
  ],
  [{ status: 403, code: 'origin-refused', title: 'Another origin' }, 'Not allowed. Another origin'],
  [{ status: 500, code: 'internal', title: 'It failed' }, 'It failed'],
  [
    { status: 426, code: 'upgrade-required', title: 'Upgrade', detail: 'Ask for inspector.v1.' },
    'It cannot be reached: no WebSocket gets through.',
  ],
  [
    { status: 426, code: 'upgrade-required', title: 'Upgrade', detail: 'Ask for inspector.v2.' },
    'another-build',
  ],
])('one that was refused says what was answered: %o', (answer, words) => {
  expect(whyRefused(answer)).toBe(words)
})

test('one that nobody answers says that', () => {
  expect(whyRefused(undefined)).toBe('Nobody answers.')
})
