import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { minutes } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { platingMs, stopAgainMs, ticketAsksMs, ticketTimeMaxMs, unansweredMax } from './kitchen-delays.ts'
import { ticket } from './ticket.ts'
import { ticketRef } from './ticket-messages.ts'

const it = ticketRef('o-1')
let stage: Rehearsal
const reached = new Set<string>()
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const open = (items = [{ line: 0, dish: 'caprese', quantity: 2 }]): void =>
  tell('ticket.open', { order: 'o-1', site: 'riverside', items, promisedAt: 5 })
const state = (): unknown => stage.value(it)
/** What the order was told. */
const told = (): readonly Message[] =>
  stage.sent.filter(({ to }) => to === 'order/o-1').map(({ message }) => message)
const toDish = (plate: string): readonly string[] =>
  stage.sent.filter(({ to }) => to === `dish/${plate}`).map(({ message }) => message.type)
const [first, second] = ['o-1:0:1', 'o-1:0:2'] as const

beforeEach(() => {
  stage = new Rehearsal({ actors: [ticket], reached })
})

afterAll(() => {
  for (const value of Object.keys(ticket.machine.states)) {
    if (value !== 'new') expect(reached).toContain(`ticket:${value}`)
  }
  for (const type of ticket.messageTypes) expect(reached).toContain(`ticket<${type}`)
})

test('a dish for each portion of each line, with the promise', () => {
  open([
    { line: 0, dish: 'caprese', quantity: 2 },
    { line: 1, dish: 'sea-bass', quantity: 1 },
  ])
  expect(state()).toBe('waiting')
  expect(stage.sent.map(({ to }) => to)).toEqual(['dish/o-1:0:1', 'dish/o-1:0:2', 'dish/o-1:1:1'])
  expect(stage.sent[2]!.message).toEqual({
    type: 'dish.open',
    order: 'o-1',
    site: 'riverside',
    dish: 'sea-bass',
    promisedAt: 5,
  })
})

test('T1, T3: started by the first dish, plating after the last, plated when the plates are dressed', () => {
  open()
  tell('dish.begun', { plate: first })
  tell('dish.begun', { plate: second })
  tell('dish.plated', { plate: second })
  expect([state(), told()]).toEqual(['cooking', [{ type: 'ticket.started' }]])
  tell('dish.plated', { plate: first })
  expect(state()).toBe('plating')
  tell('ticket.cancel')
  stage.run(platingMs)
  expect(told().map(({ type }) => type)).toEqual(['ticket.started', 'ticket.plating', 'ticket.plated'])
  expect(state()).toBe('plated')
  expect(toDish(first)).toEqual(['dish.open', 'dish.confirm'])
})

test('a dish that is plated before anyone heard that it was begun starts the ticket', () => {
  open([{ line: 0, dish: 'caprese', quantity: 1 }])
  tell('dish.plated', { plate: first })
  expect(told().map(({ type }) => type)).toEqual(['ticket.started', 'ticket.plating'])
})

test('a dish that says its end twice is confirmed twice and counted once', () => {
  open()
  tell('dish.begun', { plate: first })
  tell('dish.plated', { plate: first })
  tell('dish.plated', { plate: first })
  expect(state()).toBe('cooking')
  expect(toDish(first)).toEqual(['dish.open', 'dish.confirm', 'dish.confirm'])
})

test('a dish that nobody knows fails the ticket at once', () => {
  open([{ line: 0, dish: 'unicorn', quantity: 1 }])
  expect(told()).toEqual([{ type: 'ticket.failed', reason: 'unknown-dish', wasted: false }])
  expect(stage.living).toEqual([])
})

test('opened twice, it goes on', () => {
  open()
  tell('dish.begun', { plate: first })
  open()
  expect(state()).toBe('cooking')
  expect(stage.context<{ plates: unknown[] }>(it).plates).toHaveLength(2)
})

describe('cancel', () => {
  test('before anyone began: nothing is wasted', () => {
    open()
    tell('ticket.cancel')
    tell('ticket.cancel')
    expect(state()).toBe('cancelling')
    expect(toDish(first)).toEqual(['dish.open', 'dish.cancel'])
    tell('dish.cancelled', { plate: first, wasted: false })
    expect(told()).toEqual([])
    tell('dish.cancelled', { plate: second, wasted: false })
    expect(told()).toEqual([{ type: 'ticket.cancelled', wasted: false }])
    tell('ticket.cancel')
    expect(stage.deadLetters).toEqual([])
  })

  const wasting: readonly (readonly [string, object])[] = [
    ['dish.cancelled', { wasted: true }],
    ['dish.plated', {}],
    ['dish.failed', { reason: 'burnt', wasted: true }],
  ]
  for (const [type, rest] of wasting) {
    test(`a dish that ends as ${type} was wasted`, () => {
      open()
      tell('dish.begun', { plate: second })
      tell('ticket.cancel')
      tell(type, { plate: second, ...rest })
      tell('dish.cancelled', { plate: first, wasted: false })
      expect(told().at(-1)).toEqual({ type: 'ticket.cancelled', wasted: true })
    })
  }

  test('a plate that was done before is wasted too, and not asked to stop', () => {
    open()
    tell('dish.begun', { plate: first })
    tell('dish.plated', { plate: first })
    tell('ticket.cancel')
    expect(toDish(first)).not.toContain('dish.cancel')
    tell('dish.cancelled', { plate: second, wasted: false })
    expect(told().at(-1)).toEqual({ type: 'ticket.cancelled', wasted: true })
  })

  test('T2: dishes that stay silent are asked again, and then given up', () => {
    open()
    tell('ticket.cancel')
    stage.run(stopAgainMs)
    expect(toDish(first)).toEqual(['dish.open', 'dish.cancel', 'dish.cancel'])
    stage.run(stopAgainMs * unansweredMax)
    expect(told()).toEqual([{ type: 'ticket.cancelled', wasted: true }])
  })
})

describe('failing', () => {
  for (const [name, prepare] of [
    ['waiting', () => {}],
    ['cooking', () => tell('dish.begun', { plate: second })],
  ] as const) {
    test(`a dish that fails while ${name} stops the others; the ticket fails with its reason`, () => {
      open()
      prepare()
      expect(state()).toBe(name)
      tell('dish.failed', { plate: first, reason: 'burnt', wasted: true })
      expect(state()).toBe('failing')
      expect(toDish(second)).toContain('dish.cancel')
      tell('ticket.cancel')
      tell('dish.failed', { plate: second, reason: 'raw', wasted: true })
      expect(told().at(-1)).toEqual({ type: 'ticket.failed', reason: 'burnt', wasted: true })
    })
  }

  // A ticket has wasted what any of its dishes has.
  const ends: readonly (readonly [string, object, boolean])[] = [
    ['dish.failed', { reason: 'no-cooks', wasted: false }, false],
    ['dish.failed', { reason: 'raw', wasted: true }, true],
    ['dish.cancelled', { wasted: false }, false],
    ['dish.cancelled', { wasted: true }, true],
    ['dish.plated', {}, true],
  ]
  for (const [type, rest, wasted] of ends) {
    test(`one dish refused, the other ${type} ${JSON.stringify(rest)}: ${wasted ? 'waste' : 'nothing was used'}`, () => {
      open()
      tell('dish.failed', { plate: first, reason: 'station-closed', wasted: false })
      tell(type, { plate: second, ...rest })
      expect(told()).toEqual([{ type: 'ticket.failed', reason: 'station-closed', wasted }])
    })
  }

  test('T2: past all patience it fails without the silent ones', () => {
    open()
    tell('dish.failed', { plate: first, reason: 'station-closed', wasted: false })
    stage.run(stopAgainMs * (unansweredMax + 1))
    // Of the silent one nobody knows.
    expect(told()).toEqual([{ type: 'ticket.failed', reason: 'station-closed', wasted: true }])
  })

  for (const begun of [false, true]) {
    test(`too late: ${begun ? 'cooking' : 'waiting'} for longer than a ticket may take`, () => {
      open()
      if (begun) tell('dish.begun', { plate: first })
      stage.run(ticketTimeMaxMs + ticketAsksMs)
      expect(state()).toBe('failing')
      tell('dish.cancelled', { plate: first, wasted: true })
      tell('dish.cancelled', { plate: second, wasted: false })
      expect(told().at(-1)).toEqual({ type: 'ticket.failed', reason: 'too-late', wasted: true })
    })
  }
})

test('dishes of which nothing is heard are opened again', () => {
  open()
  stage.run(ticketAsksMs)
  expect(toDish(first)).toEqual(['dish.open', 'dish.open'])
  tell('dish.begun', { plate: first })
  tell('dish.plated', { plate: first })
  stage.run(ticketAsksMs + minutes(1))
  expect(toDish(first)).toEqual(['dish.open', 'dish.open', 'dish.confirm'])
  expect(toDish(second)).toHaveLength(3)
})

test('the view shows the plates', () => {
  open()
  expect(stage.query(it, 'view')).toMatchObject({
    state: 'waiting',
    plates: [{ is: 'open' }, { is: 'open' }],
  })
})

describe('T4: the screen in the kitchen', () => {
  const screen = (): string => stage.query<{ screen: string }>(it, 'view').screen

  test('seen, off the screen, back on it; the order hears nothing of it', () => {
    open()
    expect(screen()).toBe('new')
    tell('ticket.accept')
    expect([state(), screen()]).toEqual(['waiting', 'accepted'])
    tell('dish.begun', { plate: first })
    tell('ticket.bump')
    tell('ticket.bump')
    tell('ticket.accept')
    expect([state(), screen()]).toEqual(['cooking', 'bumped'])
    tell('ticket.recall')
    expect(screen()).toBe('accepted')
    for (const plate of [first, second]) tell('dish.plated', { plate })
    tell('ticket.bump')
    expect([state(), screen()]).toEqual(['plating', 'bumped'])
    stage.run(platingMs)
    expect(told().map(({ type }) => type)).toEqual(['ticket.started', 'ticket.plating', 'ticket.plated'])
  })

  test('what nobody has begun is not done, and what was not taken off need not come back', () => {
    open()
    tell('ticket.bump')
    tell('ticket.recall')
    expect([state(), screen()]).toEqual(['waiting', 'new'])
    tell('dish.begun', { plate: first })
    tell('ticket.recall')
    expect(screen()).toBe('new')
  })
})
