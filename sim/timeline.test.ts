import { describe, expect, test } from 'vitest'
import { BrokenInvariant, draw } from '#actor'
import { EventClass } from './event-queue.ts'
import { SimProcess } from './process.ts'
import { Timeline } from './timeline.ts'

describe('time', () => {
  test('L1: jumps from event to event and never goes back', () => {
    const timeline = new Timeline(1)
    const seen: number[] = []
    for (const at of [30, 10, 20]) timeline.at(at, EventClass.general, () => seen.push(timeline.now))
    expect(timeline.run()).toBe('quiet')
    expect(seen).toEqual([10, 20, 30])
    expect(() => timeline.at(29, EventClass.general, () => {})).toThrow(BrokenInvariant)
  })

  test('L1: an instant is an integer', () => {
    const timeline = new Timeline(1)
    expect(() => timeline.after(0.5, () => {})).toThrow(BrokenInvariant)
    expect(() => timeline.after(Number.NaN, () => {})).toThrow(BrokenInvariant)
  })

  test('L2: what an event starts at once runs after it', () => {
    const timeline = new Timeline(1)
    const seen: string[] = []
    timeline.after(0, () => {
      timeline.after(0, () => seen.push('second'))
      seen.push('first')
    })
    timeline.run()
    expect(seen).toEqual(['first', 'second'])
  })

  test('a run to an instant includes it and stands there', () => {
    const timeline = new Timeline(1)
    const seen: number[] = []
    for (const at of [10, 20, 30]) timeline.at(at, EventClass.general, () => seen.push(at))
    expect(timeline.run({ until: 20 })).toBe('until')
    expect(timeline.run({ until: 25 })).toBe('until')
    expect([timeline.now, seen]).toEqual([25, [10, 20]])
    expect(timeline.run({ until: 100 })).toBe('quiet')
    expect([timeline.now, timeline.events, timeline.pending]).toEqual([100, 3, 0])
  })

  test('a run stops after as many events as it may, and goes on from there', () => {
    const timeline = new Timeline(1)
    const again = (): void => void timeline.after(1, again)
    again()
    expect(timeline.run({ eventsMax: 5 })).toBe('limit')
    expect(timeline.run({ eventsMax: 5 })).toBe('limit')
    expect([timeline.now, timeline.events]).toEqual([10, 10])
  })

  test('what is cancelled does not happen', () => {
    const timeline = new Timeline(1)
    const event = timeline.after(10, () => expect.unreachable())
    expect(timeline.cancel(event)).toBe(true)
    expect(timeline.run()).toBe('quiet')
  })
})

describe('L3: draws', () => {
  test('are the same for the same seed, and others for another', () => {
    const draws = (seed: number): number[] => {
      const timeline = new Timeline(seed)
      return [timeline.draw('a'), timeline.draw('a'), timeline.draw('b')]
    }
    expect(draws(7)).toEqual(draws(7))
    expect(new Set([...draws(7), ...draws(8)]).size).toBe(6)
  })

  test('are those of the seed, the name and how often it was drawn, and of nothing else', () => {
    const timeline = new Timeline(7)
    expect([timeline.draw('a'), timeline.draw('a')]).toEqual([draw(7, 'a', 0), draw(7, 'a', 1)])
  })

  test('of one name do not change when another name is drawn between', () => {
    const [alone, mixed] = [new Timeline(7), new Timeline(7)]
    const before = [alone.draw('a'), alone.draw('a')]
    const first = mixed.draw('a')
    mixed.draw('fault')
    expect([first, mixed.draw('a')]).toEqual(before)
  })

  test('of a stream are those of its name', () => {
    const timeline = new Timeline(7)
    const next = new Timeline(7).stream('a')
    expect([next(), next()]).toEqual([timeline.draw('a'), timeline.draw('a')])
  })
})

describe('a process', () => {
  test('P1: what reaches it while frozen runs after the thaw, before whatever came at that instant', () => {
    const timeline = new Timeline(1)
    const process = new SimProcess(timeline)
    const seen: number[] = []
    for (const at of [1, 2, 3, 3, 4]) timeline.after(at, () => process.enter(() => seen.push(at)))
    process.freeze()
    timeline.at(3, EventClass.end, () => process.thaw())
    timeline.run({ until: 2 })
    expect(seen).toEqual([])
    timeline.run()
    expect(seen).toEqual([1, 2, 3, 3, 4])
  })

  test('P1: frozen again before it caught up, it stays frozen', () => {
    const timeline = new Timeline(1)
    const process = new SimProcess(timeline)
    const seen: string[] = []
    process.freeze()
    process.enter(() => seen.push('ran'))
    process.thaw()
    process.freeze()
    timeline.run()
    expect([process.state, seen]).toEqual(['frozen', []])
    process.thaw()
    timeline.run()
    expect([process.state, seen]).toEqual(['running', ['ran']])
  })

  test('P2: nothing runs after the end, and the end is told once', () => {
    const timeline = new Timeline(1)
    const process = new SimProcess(timeline)
    let told = 0
    process.onEnd(() => {
      told += 1
    })
    process.freeze()
    process.enter(() => expect.unreachable())
    process.end()
    process.end()
    process.thaw()
    process.enter(() => expect.unreachable())
    timeline.run()
    expect([process.state, told]).toEqual(['ended', 1])
  })
})
