import { describe, expect, test } from 'vitest'
import { effectScope } from 'vue'
import { commandOf, keyMap, onCommand, type Press, say } from './keys.ts'
import { rooms } from './rooms.ts'

const goTo = new Map([
  ['O', '/'],
  ['C', '/chaos'],
])
const press = (key: string, held: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
})
const heard = (given: Press, where = {}) =>
  commandOf(given, { before: '', goTo, isTyping: false, isOnControl: false, ...where })

describe('a key', () => {
  test.each([
    ['d', {}, 'theme'],
    ['D', { shiftKey: true }, 'theme'],
    ['?', { shiftKey: true }, 'keys'],
    ['k', { ctrlKey: true }, 'palette'],
    ['k', { metaKey: true }, 'palette'],
    ['k', {}, 'row-before'],
    [' ', {}, 'pause'],
    ['ArrowLeft', {}, 'incident-before'],
    ['ArrowLeft', { shiftKey: true }, 'second-back'],
    ['Escape', {}, 'up'],
    ['x', {}, undefined],
    ['d', { altKey: true }, undefined],
  ])('%s with %j asks for %s', (key, held, command) => {
    expect(heard(press(key, held)).command).toBe(command)
  })

  test('in a text it is a letter, but for the palette', () => {
    const typing = { isTyping: true }
    expect(heard(press('d'), typing)).toEqual({ before: '' })
    expect(heard(press('g'), typing)).toEqual({ before: '' })
    expect(heard(press('z', { ctrlKey: true }), typing)).toEqual({ before: '' })
    expect(heard(press('k', { ctrlKey: true }), typing).command).toBe('palette')
  })

  test('on a button, Space and Enter press it', () => {
    for (const key of [' ', 'Enter']) expect(heard(press(key), { isOnControl: true }).command).toBeUndefined()
    expect(heard(press('d'), { isOnControl: true }).command).toBe('theme')
  })

  test('G and a letter go to a screen, and another letter goes nowhere', () => {
    expect(heard(press('g'))).toEqual({ before: 'G' })
    expect(heard(press('c'), { before: 'G' })).toEqual({ command: 'go /chaos', before: '' })
    expect(heard(press('d'), { before: 'G' })).toEqual({ before: '' })
  })
})

test('each key asks for one thing, and each screen has a letter of its own or none', () => {
  expect(new Set(keyMap.map(({ keys }) => keys)).size).toBe(keyMap.length)
  const letters = rooms.flatMap(({ letter }) => letter ?? [])
  expect(new Set(letters).size).toBe(letters.length)
  expect(new Set(rooms.map(({ path }) => path)).size).toBe(rooms.length)
})

test('the last who listens is asked, until it is gone', () => {
  const asked: string[] = []
  const [shell, room] = [effectScope(), effectScope()]
  expect(say('open')).toBe(false)
  shell.run(() => onCommand('open', () => asked.push('shell')))
  room.run(() => onCommand('open', () => asked.push('room')))
  say('open')
  room.stop()
  say('open')
  shell.stop()
  expect([say('open'), asked]).toEqual([false, ['room', 'shell']])
})
