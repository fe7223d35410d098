/**
 * How much goes on in a cluster per second, from counters that only grow.
 *
 * Owns:     the few seconds over which it is measured. A process that was started again counts from zero, and
 *           nothing of it is negative.
 */
import type { NodeStatus } from '#live'

export interface Rates {
  readonly messages: number
  readonly turns: number
  readonly commits: number
}

interface Sample {
  readonly at: number
  readonly sums: Rates
}

const windowMs = 3_000

export class Traffic {
  readonly #seen = new Map<string, Rates>()
  #total: Rates = { messages: 0, turns: 0, commits: 0 }
  #samples: Sample[] = []

  /** Takes the counters of now (`performance.now()`), and returns the rates of the last seconds. */
  take(nodes: readonly NodeStatus[], at: number): Rates {
    for (const { node, life, health } of nodes) {
      if (health === undefined) continue
      const { turns = 0, messagesLocal = 0, messagesSent = 0, batches = 0 } = health.counters
      const now = { turns, messages: messagesLocal + messagesSent, commits: batches }
      const process = `${node} ${life}`
      this.#total = sum(this.#total, now, this.#seen.get(process))
      this.#seen.set(process, now)
    }
    this.#samples.push({ at, sums: this.#total })
    // The last one before the window stays: who asks rarely is told of the time since.
    const outside = this.#samples.findLastIndex((sample) => sample.at <= at - windowMs)
    this.#samples = this.#samples.slice(Math.max(0, Math.min(outside, this.#samples.length - 2)))
    const first = this.#samples[0]
    const seconds = first === undefined ? 0 : (at - first.at) / 1_000
    const rate = (key: keyof Rates): number =>
      first === undefined || seconds === 0 ? 0 : Math.round((this.#total[key] - first.sums[key]) / seconds)
    return { messages: rate('messages'), turns: rate('turns'), commits: rate('commits') }
  }
}

function sum(total: Rates, now: Rates, before: Rates = { messages: 0, turns: 0, commits: 0 }): Rates {
  return {
    messages: total.messages + now.messages - before.messages,
    turns: total.turns + now.turns - before.turns,
    commits: total.commits + now.commits - before.commits,
  }
}
