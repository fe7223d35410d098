import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { describe, expect, test } from 'vitest'
import { definitions } from '#actors'
import {
  applianceThing,
  binThing,
  inMinutes,
  kitchenOf,
  probeThing,
  seven,
  stationThing,
  thingsIn,
  ticketThing,
  timerThing,
} from '../scene/kitchen-things.test-kit.ts'
import { commandsOf, heatTo } from './kitchen-commands.ts'
import { deviceRows, dishOf, lineOf } from './kitchen-words.ts'

const now = seven / 1_000
const food = { job: 'o1:0:1.1.0', since: inMinutes(0), ends: inMinutes(9), done: false }

describe('one line', () => {
  test.each([
    [applianceThing('oven', 'oven', 3, { reading: 181.5 }), 'oven 3 182 °C of 180'],
    [
      applianceThing('oven', 'oven', 3, { target: 0, reading: 22, doorOpen: true }),
      'oven 3 22 °C, door open',
    ],
    [applianceThing('pan', 'grill', 1, { fault: 'overheated' }), '✕ pan 1 180 °C of 180, overheated'],
    [probeThing('oven', 2, { sensor: 'stuck', reading: 54 }), '▲ probe 2 54 °C, sensor stuck'],
    [timerThing('oven', [{ alarm: 'a', rings: inMinutes(2), leftMs: 240_000 }]), 'timer 2:00'],
    [stationThing('grill', [], 2), 'station grill 0 in work, 0 waiting'],
    [ticketThing('o1', { promisedAt: inMinutes(-3) }), 'ticket o1 cooking, 3:00 late'],
    [binThing('basil', { free: 150 }), 'basil 150 g, low'],
    [binThing('basil', { free: 0, node: null }), '▲ basil 0 g, empty, no owner'],
  ])('of %#', (thing, line) => {
    expect(lineOf(thing, now)).toBe(line)
  })
})

test('the table has each device of each station, an appliance with its probe behind it', () => {
  const things = thingsIn(
    ...kitchenOf(),
    applianceThing('pan', 'grill', 1, { foods: [food, food] }),
    ticketThing('o1'),
  )
  const rows = deviceRows(things, now)
  const devices = kitchenOf().filter(({ kind }) => !['station', 'bin'].includes(kind))
  expect(rows).toHaveLength(devices.length)
  expect(rows.filter(({ device }) => device.station === 'grill').slice(0, 2)).toMatchObject([
    { name: 'pan 1', now: '180 °C', set: '180', inIt: '2 caprese' },
    { name: 'probe 1', now: '–' },
  ])
})

test('a dish whose ticket is gone is still a dish', () => {
  expect(dishOf('o1:0:1.1.0', thingsIn(ticketThing('o1')))).toBe('caprese')
  expect(dishOf('o9:0:1.1.0', thingsIn())).toBe('a dish')
  expect(dishOf('', thingsIn())).toBe('')
})

describe('commands', () => {
  const broken = { fault: 'overheated' }
  const all = [
    applianceThing('oven', 'oven', 1),
    applianceThing('oven', 'oven', 1, { doorOpen: true, foods: [food] }),
    applianceThing('oven', 'oven', 1, broken),
    applianceThing('pan', 'grill', 1, { sensor: 'stuck' }),
    applianceThing('fryer', 'grill', 1),
    probeThing('oven', 1),
    probeThing('oven', 1, { sensor: 'silent', fault: 'silent' }),
    timerThing('oven'),
    { ...timerThing('oven'), fault: 'stopped' },
    ticketThing('o1'),
    ticketThing('o1', { screen: 'accepted' }),
    ticketThing('o1', { screen: 'bumped' }),
    binThing('basil', { free: 10 }),
    stationThing('grill', [], 2),
  ]

  test('are messages that the actor takes', () => {
    for (const thing of all) {
      const type = definitions.find((definition) => definition.type === thing.kind)
      const takes = Compile(type?.accepts ?? Type.Never())
      for (const { message, words } of commandsOf(thing))
        expect(takes.Check(message), `${thing.id} ${words}`).toBe(true)
    }
  })

  test('that do harm say what they hit', () => {
    const words = commandsOf(applianceThing('oven', 'oven', 1, { foods: [food] })).flatMap(
      ({ words, radius }) => (radius === undefined ? [] : [`${words}: ${radius}`]),
    )
    expect(words).toEqual([
      'Stick the sensor of oven 1: It shows what it shows now, whatever the heat is.',
      'Break oven 1: What is in it is lost: 1.',
    ])
  })

  test('of what is broken mend it', () => {
    expect(commandsOf(applianceThing('oven', 'oven', 1, broken)).map(({ words }) => words)).toContain(
      'Mend oven 1',
    )
    expect(commandsOf(probeThing('oven', 1, { sensor: 'stuck' })).map(({ words }) => words)).toEqual([
      'Mend probe 1',
    ])
  })

  test('of heat have the temperature', () => {
    expect(heatTo(applianceThing('pan', 'grill', 1), 220).message).toEqual({
      type: 'appliance.heat',
      celsius: 220,
    })
  })
})
