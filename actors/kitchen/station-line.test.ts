import { describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import { draw, drawInteger } from '#actor'
import { means } from './kitchen-messages.ts'
import type { Assignment, Cook, Job, Line, Unit, Waiting } from './station-line.ts'
import { assignable, queued } from './station-line.ts'

const now = 1_000 as Instant
const wish = (job: string, celsius: number, promisedAt = 0): Waiting => ({
  job,
  promisedAt,
  means: celsius === 0 ? 'hands' : 'oven',
  celsius,
  minutes: 10,
  probed: false,
})
const cooks = (count: number): readonly Cook[] =>
  Array.from({ length: count }, (_, n) => ({ n: n + 1, skills: means, here: true, job: '' }))
const unit = (n: number, celsius: number, over: Partial<Unit> = {}): Unit => ({
  kind: 'oven',
  n,
  is: 'up',
  celsius,
  ready: true,
  asked: 0,
  spoilt: 0,
  until: 0 as Instant,
  ...over,
})
const inUnit = (index: number, count: number, celsius: number): readonly Job[] =>
  Array.from({ length: count }, (_, n) => ({
    ...wish(`in-${index}-${n}`, celsius),
    phase: 'cooking',
    cook: 0,
    unit: index,
    dueAt: now,
    outcome: 'done',
    tries: 0,
  }))
const line = (over: Partial<Line>): Line => ({
  queue: [],
  jobs: [],
  cooks: cooks(9),
  units: [],
  slots: 2,
  ...over,
})
const places = (found: readonly Assignment[]): readonly (readonly [string, number, number])[] =>
  found.map(({ waiting, cook, unit: index }) => [waiting.job, cook, index])

test('the queue is by promise, and by arrival among equal promises', () => {
  let queue: readonly Waiting[] = []
  for (let n = 0; n < 300; n += 1) queue = queued(queue, wish(`j${n}`, 180, drawInteger(20, 1, 'promise', n)))
  for (let n = 1; n < queue.length; n += 1) {
    const [a, b] = [queue[n - 1]!, queue[n]!]
    expect(a.promisedAt).toBeLessThanOrEqual(b.promisedAt)
    if (a.promisedAt === b.promisedAt) expect(Number(a.job.slice(1))).toBeLessThan(Number(b.job.slice(1)))
  }
})

describe('what may begin', () => {
  test('hands: as many as there are free cooks, oldest promise first', () => {
    const busy = [
      { n: 1, skills: means, here: true, job: 'x' },
      { n: 2, skills: means, here: false, job: '' },
      ...cooks(4).slice(2),
    ]
    const queue = ['a', 'b', 'c'].map((job) => wish(job, 0))
    expect(places(assignable(line({ queue, cooks: busy }), now))).toEqual([
      ['a', 3, -1],
      ['b', 4, -1],
    ])
    expect(assignable(line({ queue, cooks: [] }), now)).toEqual([])
  })

  test('L3: a cook who knows how; the one who knows least else, and what nobody can do waits for no other', () => {
    const crew: readonly Cook[] = [
      { n: 1, skills: means, here: true, job: '' },
      { n: 2, skills: ['hands'], here: true, job: '' },
      { n: 3, skills: ['pan'], here: true, job: '' },
    ]
    const units = [unit(1, 180), unit(2, 180)]
    const queue = [wish('a', 0), wish('b', 180), wish('c', 180), wish('d', 0)]
    expect(places(assignable(line({ queue, cooks: crew, units }), now))).toEqual([
      ['a', 2, -1],
      ['b', 1, 0],
    ])
    expect(places(assignable(line({ queue, cooks: crew.slice(1), units }), now))).toEqual([['a', 2, -1]])
  })

  test('an appliance that is hot already is filled first, the fullest before others', () => {
    const units = [unit(1, 0), unit(2, 180), unit(3, 180)]
    const found = assignable(
      line({ queue: [wish('a', 180), wish('b', 180)], units, jobs: inUnit(2, 1, 180) }),
      now,
    )
    expect(places(found)).toEqual([
      ['a', 1, 2],
      ['b', 2, 1],
    ])
  })

  test('else an empty one is turned, the nearest in temperature', () => {
    const units = [unit(1, 0), unit(2, 160), unit(3, 280)]
    expect(places(assignable(line({ queue: [wish('a', 180)], units }), now))).toEqual([['a', 1, 1]])
  })

  test('one temperature at a time: what is in it keeps it', () => {
    const full = line({
      queue: [wish('a', 280), wish('b', 180)],
      units: [unit(1, 180)],
      jobs: inUnit(0, 1, 180),
    })
    expect(assignable(full, now)).toEqual([])
  })

  test('L2: the emptiest takes no more when an older job waits for another temperature; others go on', () => {
    const units = [unit(1, 180), unit(2, 180)]
    const jobs = [...inUnit(0, 1, 180), ...inUnit(1, 1, 180)]
    const queue = [wish('old', 280), wish('a', 180), wish('b', 180)]
    expect(places(assignable(line({ queue, units, jobs, slots: 3 }), now))).toEqual([
      ['a', 1, 1],
      ['b', 2, 1],
    ])
  })

  test('a temperature that has an appliance waits for it, and claims no other', () => {
    const units = [unit(1, 280), unit(2, 180)]
    const jobs = [...inUnit(0, 2, 280), ...inUnit(1, 1, 180)]
    const queue = [wish('old', 280), wish('a', 180)]
    expect(places(assignable(line({ queue, units, jobs }), now))).toEqual([['a', 1, 1]])
  })

  test('broken, silent and suspect appliances are left alone, a suspect until its time is over', () => {
    const units = [
      unit(1, 180, { is: 'fault' }),
      unit(2, 180, { is: 'silent' }),
      unit(3, 180, { is: 'suspect', until: 2_000 as Instant }),
    ]
    const of = line({ queue: [wish('a', 180)], units })
    expect(assignable(of, now)).toEqual([])
    expect(places(assignable(of, 2_000 as Instant))).toEqual([['a', 1, 2]])
  })

  test('the kind matters', () => {
    const of = line({ queue: [{ ...wish('a', 180), means: 'pan' }], units: [unit(1, 180)] })
    expect(assignable(of, now)).toEqual([])
  })
})

test('whatever the line, no cook and no slot is given twice, and L1 holds', () => {
  for (let n = 0; n < 500; n += 1) {
    const pick = (what: string, bound: number): number => drawInteger(bound, 4, what, n)
    const units = Array.from({ length: pick('units', 5) }, (_, k) => unit(k + 1, 180 + 20 * pick(`u${k}`, 3)))
    const jobs = units.flatMap((one, index) => inUnit(index, pick(`j${index}`, 3), one.celsius))
    const queue = Array.from({ length: 12 }, (_, k) =>
      wish(`q${k}`, draw(4, `h${k}`, n) < 0.2 ? 0 : 180 + 20 * pick(`q${k}`, 3), k),
    )
    const of = line({ queue, units, jobs, cooks: cooks(pick('cooks', 8)) })
    const found = assignable(of, now)
    expect(new Set(found.map(({ cook }) => cook)).size).toBe(found.length)
    for (const [index, one] of units.entries()) {
      const mine = found.filter((assignment) => assignment.unit === index)
      const already = jobs.filter((job) => job.unit === index)
      expect(mine.length + already.length).toBeLessThanOrEqual(2)
      expect(
        new Set([...already, ...mine.map(({ waiting }) => waiting)].map(({ celsius }) => celsius)).size,
      ).toBeLessThanOrEqual(1)
      if (already.length > 0 && mine.length > 0) expect(mine[0]!.waiting.celsius).toBe(one.celsius)
    }
    for (const { waiting } of found) {
      const older = queue.filter(
        (other) => other.celsius === waiting.celsius && other.promisedAt < waiting.promisedAt,
      )
      expect(older.every((other) => found.some((assignment) => assignment.waiting === other))).toBe(true)
    }
  }
})
