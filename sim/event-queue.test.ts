import { describe, expect, test } from 'vitest'
import { drawInteger } from '#actor'
import { EventClass, EventQueue, type SimEvent } from './event-queue.ts'

const classes = Object.values(EventClass)
const nothing = (): void => {}

// Goal: whatever is added, taken and cancelled, the queue agrees with a sorted list.
// Method: random operations on both; few distinct times, so that ties are the rule.
describe('Q1: order of (at, class, sequence)', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    test(`agrees with a sorted list, seed ${seed}`, () => {
      const queue = new EventQueue()
      let model: SimEvent[] = []
      // Those that happen at once: they cannot be cancelled, and come in order of time.
      const soon = new Set<SimEvent>()
      const takeBoth = (): void => {
        model.sort((a, b) => a.at - b.at || a.order - b.order)
        expect(queue.first).toBe(model[0])
        expect(queue.take()).toBe(model.shift())
      }
      for (let n = 0; n < 400; n += 1) {
        const what = drawInteger(10, seed, 'what', n)
        if (what < 2) {
          const event = queue.addSoon(Math.floor(n / 20), nothing)
          soon.add(event)
          model.push(event)
        } else if (what < 6) {
          const eventClass = classes[drawInteger(classes.length, seed, 'class', n)]!
          model.push(queue.add(drawInteger(20, seed, 'at', n), eventClass, nothing))
        } else if (what < 8) {
          takeBoth()
        } else {
          const victim = model[drawInteger(model.length + 1, seed, 'victim', n)]
          if (victim === undefined) continue
          expect(queue.cancel(victim)).toBe(!soon.has(victim))
          if (soon.has(victim)) continue
          expect(queue.cancel(victim)).toBe(false)
          model = model.filter((event) => event !== victim)
        }
        expect(queue.size).toBe(model.length)
      }
      while (model.length > 0) takeBoth()
      expect(queue.take()).toBeUndefined()
    })
  }

  test('at one instant what ends goes before what begins, and equals in the order added', () => {
    const queue = new EventQueue()
    const names = ['arrival', 'general', 'queueServed', 'capacityChange', 'release', 'end'] as const
    const taken: string[] = []
    for (const name of names) {
      for (const n of [1, 2]) queue.add(7, EventClass[name], () => taken.push(`${name} ${n}`))
    }
    for (let event = queue.take(); event !== undefined; event = queue.take()) event.run()
    expect(taken).toEqual([...names].reverse().flatMap((name) => [`${name} 1`, `${name} 2`]))
  })

  test('an event that was taken cannot be cancelled', () => {
    const queue = new EventQueue()
    const event = queue.add(1, EventClass.general, nothing)
    queue.take()
    expect(queue.cancel(event)).toBe(false)
  })
})
