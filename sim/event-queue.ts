/**
 * What is going to happen, in order of time, class and arrival in the queue.
 *
 * Owns:     the order, and the removal of what will not happen after all.
 * Does not: run anything or know what time it is (`timeline.ts`).
 *
 * A heap with four children a node: half the depth of a binary one, so fewer cache misses when many
 * events are pending. Each event knows its slot; cancelling leaves nothing behind. Beside it a list of what happens
 * at once, which is nearly half of all events of a run and needs no heap: it comes in the order in which it leaves.
 *
 * Invariants:
 *   Q1. Events leave in order of (at, class, sequence), whatever was added or cancelled meanwhile.
 */

/** At one instant the lower class happens first: what ends frees what begins. */
export const EventClass = {
  end: 0,
  release: 1,
  capacityChange: 2,
  queueServed: 3,
  general: 4,
  arrival: 5,
} as const

export type EventClass = (typeof EventClass)[keyof typeof EventClass]

// Class and sequence in one number: 2^48 events of each class stay exact.
const classSpan = 2 ** 48

/** A pending event. Its owner may only cancel it. */
export class SimEvent {
  readonly at: number
  readonly order: number
  readonly run: () => void
  /** Its place in the heap, or -1 once it has left, or while it is in the list. */
  slot = -1
  /** The one behind it in the list. */
  next: SimEvent | undefined

  constructor(at: number, order: number, run: () => void) {
    this.at = at
    this.order = order
    this.run = run
  }
}

export class EventQueue {
  #heap: SimEvent[] = []
  #sequence = 0
  /** What happens at once: ends of the list, and how long it is. */
  #soonest: SimEvent | undefined
  #latest: SimEvent | undefined
  #soon = 0

  get size(): number {
    return this.#heap.length + this.#soon
  }

  /** The event that is next, left where it is. */
  get first(): SimEvent | undefined {
    const top = this.#heap[0]
    const soonest = this.#soonest
    return soonest === undefined || (top !== undefined && precedes(top, soonest)) ? top : soonest
  }

  add(at: number, eventClass: EventClass, run: () => void): SimEvent {
    const event = new SimEvent(at, eventClass * classSpan + this.#sequence, run)
    this.#sequence += 1
    this.#rise(this.#heap.length, event)
    return event
  }

  /** Like `add` of a general event, which cannot be cancelled. `at` is never earlier than it was the last time. */
  addSoon(at: number, run: () => void): SimEvent {
    const event = new SimEvent(at, EventClass.general * classSpan + this.#sequence, run)
    this.#sequence += 1
    this.#soon += 1
    if (this.#latest === undefined) this.#soonest = event
    else this.#latest.next = event
    this.#latest = event
    return event
  }

  take(): SimEvent | undefined {
    const { first } = this
    if (first === undefined) return undefined
    if (first !== this.#soonest) this.#removeAt(0, first)
    else {
      this.#soonest = first.next
      if (first.next === undefined) this.#latest = undefined
      this.#soon -= 1
    }
    return first
  }

  /** False when it has happened or was cancelled before. */
  cancel(event: SimEvent): boolean {
    if (event.slot < 0) return false
    this.#removeAt(event.slot, event)
    return true
  }

  #removeAt(slot: number, event: SimEvent): void {
    event.slot = -1
    const last = this.#heap.pop()
    if (last === undefined || last === event) return
    const parent = this.#heap[(slot - 1) >> 2]
    if (slot > 0 && parent !== undefined && precedes(last, parent)) this.#rise(slot, last)
    else this.#sink(slot, last)
  }

  #rise(from: number, event: SimEvent): void {
    const heap = this.#heap
    let slot = from
    while (slot > 0) {
      const up = (slot - 1) >> 2
      const parent = heap[up] as SimEvent
      if (precedes(parent, event)) break
      heap[slot] = parent
      parent.slot = slot
      slot = up
    }
    heap[slot] = event
    event.slot = slot
  }

  #sink(from: number, event: SimEvent): void {
    const heap = this.#heap
    const size = heap.length
    let slot = from
    for (let child = 4 * slot + 1; child < size; child = 4 * slot + 1) {
      let least = heap[child] as SimEvent
      const end = Math.min(child + 4, size)
      for (let sibling = child + 1; sibling < end; sibling += 1) {
        const other = heap[sibling] as SimEvent
        if (!precedes(other, least)) continue
        least = other
        child = sibling
      }
      if (precedes(event, least)) break
      heap[slot] = least
      least.slot = slot
      slot = child
    }
    heap[slot] = event
    event.slot = slot
  }
}

const precedes = (a: SimEvent, b: SimEvent): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
