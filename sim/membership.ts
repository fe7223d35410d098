/**
 * Which nodes there are, as the simulated launcher tells it.
 *
 * Owns:     the view, and how long each node waits for its next one.
 * Does not: start or end processes; it is told.
 */
import { assert } from '#actor'
import type { Member, Membership, NodeId } from '#ports'
import { EventClass } from './event-queue.ts'
import type { SimProcess } from './process.ts'
import type { Timeline } from './timeline.ts'

interface Watcher {
  readonly node: NodeId
  readonly process: SimProcess
  readonly change: (members: readonly Member[]) => void
  /** When the last view was due there: a newer one never overtakes it. */
  due: number
}

export class SimMembership {
  #timeline: Timeline
  #delayMaxUs: number
  #members = new Map<NodeId, { readonly member: Member; readonly process: SimProcess }>()
  #watchers: Watcher[] = []

  constructor(timeline: Timeline, delayMaxUs = 2_000) {
    this.#timeline = timeline
    this.#delayMaxUs = delayMaxUs
  }

  get members(): readonly Member[] {
    return [...this.#members.values()].map(({ member }) => member)
  }

  /** What the process of `node` is given as its port. */
  port(node: NodeId, process: SimProcess): Membership {
    return {
      watch: (change) => {
        const watcher = { node, process, change, due: 0 }
        this.#watchers.push(watcher)
        this.#push(watcher)
      },
    }
  }

  join(member: Member, process: SimProcess): void {
    this.#members.set(member.node, { member, process })
    this.#changed()
  }

  /** M1: only a node whose process has ended leaves. */
  leave(node: NodeId): void {
    const process = this.#members.get(node)?.process
    if (process === undefined) return
    assert(process.state === 'ended', 'M1', `'${node}' is ${process.state} and cannot leave`)
    this.#members.delete(node)
    this.#changed()
  }

  /** A test's lie: the node is announced as ended while its process lives. Safety must not rest on M1. */
  announceEnd(node: NodeId): void {
    if (this.#members.delete(node)) this.#changed()
  }

  setState(node: NodeId, state: Member['state']): void {
    const entry = this.#members.get(node)
    if (entry === undefined) return
    this.#members.set(node, { ...entry, member: { ...entry.member, state } })
    this.#changed()
  }

  #changed(): void {
    this.#watchers = this.#watchers.filter(({ process }) => process.state !== 'ended')
    for (const watcher of this.#watchers) this.#push(watcher)
  }

  #push(watcher: Watcher): void {
    const { node, process, change } = watcher
    const view = this.members
    const delay = Math.floor(this.#timeline.draw(`membership.${node}`) * this.#delayMaxUs)
    watcher.due = Math.max(watcher.due, this.#timeline.now + delay)
    this.#timeline.at(watcher.due, EventClass.general, () => process.enter(() => change(view)))
  }
}
