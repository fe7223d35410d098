/**
 * The way in: requests through whichever edge answers, as a load balancer in front of gateways would send them.
 *
 * Owns:     the choice of an edge, and that every request is answered once, also when its edge dies.
 * Does not: send again: whoever asks knows whether that is safe, and for how long it is worth it.
 */
import type { ActorId, Message } from '#actor'
import { hash32 } from '#actor'
import type { Outcome, Request } from '#ports'
import type { SimCluster } from '#sim'

/** `unreachable`: no edge took it, so nothing has happened. `timeout`: nobody knows. */
export type Answer = Outcome | { readonly kind: 'unreachable' }

/** An edge that is silent is given up this long after the request's own deadline: it may be frozen. */
const graceUs = 500_000
/** Until a connection is refused by all of them. */
const refusedUs = 1_000

export class Door {
  readonly #cluster: SimCluster
  readonly #edges: readonly string[]
  /** By edge: what is told to the requests on their way through it when it dies. */
  readonly #open = new Map<string, Set<(answer: Answer) => void>>()
  #next = 0

  constructor(cluster: SimCluster, edges: readonly string[]) {
    this.#cluster = cluster
    this.#edges = edges
    for (const edge of edges) this.#open.set(edge, new Set())
    cluster.onEnd((node) => {
      for (const settle of [...(this.#open.get(node) ?? [])]) settle({ kind: 'timeout' })
    })
  }

  send(request: Omit<Request, 'id' | 'node'>, done: (answer: Answer) => void): void {
    const { timeline } = this.#cluster
    for (let tries = 0; tries < this.#edges.length; tries += 1) {
      const edge = this.#edges[this.#next % this.#edges.length] as string
      this.#next += 1
      const open = this.#open.get(edge) as Set<(answer: Answer) => void>
      const settle = (answer: Answer): void => {
        if (!open.delete(settle)) return
        timeline.cancel(giveUp)
        done(answer)
      }
      if (!this.#cluster.request(edge, request, settle)) continue
      open.add(settle)
      const giveUp = timeline.after(request.timeoutMs * 1_000 + graceUs, () => settle({ kind: 'timeout' }))
      return
    }
    timeline.after(refusedUs, () => done({ kind: 'unreachable' }))
  }

  command(actor: ActorId, message: Message, key: string, done: (answer: Answer) => void): void {
    this.send(
      {
        actor,
        body: { kind: 'command', message },
        key,
        fingerprint: fingerprintOf(message),
        timeoutMs: 5_000,
      },
      done,
    )
  }

  query(actor: ActorId, name: string, done: (answer: Answer) => void): void {
    this.send({ actor, body: { kind: 'query', name }, timeoutMs: 5_000 }, done)
  }
}

/** Whether the same request, sent again a little later, may get another answer. */
export function isWorthRepeating(answer: Answer): boolean {
  return ['unreachable', 'timeout', 'busy', 'running', 'moved', 'stopped'].includes(answer.kind)
}

/** The actor that an idempotency key creates: the same for each try, as at the gateway. */
export function orderIdOf(key: string): string {
  const lanes = [0, 0x9e3779b9].map((lane) => hash32(key, lane).toString(16).padStart(8, '0'))
  return `ord_${lanes.join('')}`
}

function fingerprintOf(message: Message): string {
  return hash32(JSON.stringify(message)).toString(16)
}
