import { describe, expect, test } from 'vitest'
import { fingerprintOf, idempotencyKeyOf, requestKeyOf, requiredKeyOf } from './idempotency.ts'
import { Keyring } from './keyring.ts'
import { Problem } from './problems.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof Problem) return error.code
  }
  return 'accepted'
}

describe('the header', () => {
  const good = [
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['x', 'x'],
    ['k'.repeat(64), 'k'.repeat(64)],
  ] as const
  for (const [header, key] of good) {
    test(`${header} is the key ${key}`, () => expect(idempotencyKeyOf(header)).toBe(key))
  }

  for (const header of [
    '',
    '""',
    '"open',
    'two words',
    'k'.repeat(65),
    `"${'k'.repeat(65)}"`,
    'schlüssel',
    'a\tb',
  ]) {
    test(`'${header.slice(0, 20)}' of ${header.length} characters is refused`, () => {
      expect(codeOf(() => idempotencyKeyOf(header))).toBe('idempotency-key-invalid')
    })
  }

  test('quoted and bare are the same key', () => {
    expect(idempotencyKeyOf('"abc"')).toBe(idempotencyKeyOf('abc'))
  })

  test('where it is required, a missing one and one that can be guessed are refused', () => {
    expect(codeOf(() => requiredKeyOf(undefined))).toBe('idempotency-key-missing')
    expect(codeOf(() => requiredKeyOf('k'.repeat(21), 22))).toBe('idempotency-key-invalid')
    expect(requiredKeyOf('k'.repeat(22), 22)).toHaveLength(22)
  })
})

describe('the request key', () => {
  const scope = { subject: 's', method: 'POST', path: '/p', key: 'k' }
  const keyring = new Keyring(new Uint8Array(32))

  test('the same request has the same key on every gateway over the same data', () => {
    expect(requestKeyOf(keyring, scope)).toBe(requestKeyOf(new Keyring(new Uint8Array(32)), { ...scope }))
    expect(requestKeyOf(keyring, scope)).toMatch(/^[0-9a-f]{64}$/)
  })

  for (const change of [{ subject: 't' }, { method: 'PUT' }, { path: '/q' }, { key: 'l' }]) {
    test(`another ${Object.keys(change)[0]} is another request`, () => {
      expect(requestKeyOf(keyring, { ...scope, ...change })).not.toBe(requestKeyOf(keyring, scope))
    })
  }

  test('it cannot be computed without the secret of the data', () => {
    expect(requestKeyOf(new Keyring(new Uint8Array(32).fill(1)), scope)).not.toBe(
      requestKeyOf(keyring, scope),
    )
  })
})

describe('the fingerprint', () => {
  test('does not depend on the order of members', () => {
    expect(fingerprintOf({ a: 1, b: { c: [1, 2], d: null } })).toBe(
      fingerprintOf({ b: { d: null, c: [1, 2] }, a: 1 }),
    )
  })

  const pairs = [
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: 1 }, { a: 1, b: null }],
    [{ 'a":1,"b': 2 }, { a: 1, b: 2 }],
    [undefined, {}],
    [null, undefined],
  ]
  for (const [a, b] of pairs) {
    test(`${JSON.stringify(a)} differs from ${JSON.stringify(b)}`, () => {
      expect(fingerprintOf(a)).not.toBe(fingerprintOf(b))
    })
  }
})
