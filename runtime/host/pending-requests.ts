/**
 * Requests that this node sent for someone outside, until they are answered.
 *
 * Owns:     matching responses, waiting out a move, sending again what is safe to send again, the deadline.
 * Does not: route (the node does) or remember answers (the actor's shard does).
 *
 * Invariants:
 *   Q1. `done` is called exactly once for each request.
 *   Q2. A command without an idempotency key is sent again only if its first try was refused as `moved`.
 *   Q3. A request that was sent again is not told that it is running: it may be its own first try that runs.
 */
import type { Instant } from '#actor'
import { after } from '#actor'
import type { NodeId, Outcome, Request, RequestId, Response, ShardId } from '#ports'

interface Pending {
  readonly request: Request
  readonly shard: ShardId
  readonly deadline: Instant
  readonly done: (outcome: Outcome) => void
  /** The node it was last sent to; undefined while it waits for a route. */
  sentTo: NodeId | undefined
  nextTry: Instant
  tries: number
  /** It said that it does not own the shard: it is asked again only after a while. */
  refusedBy: NodeId | undefined
}

/** Before the same request is sent again when nothing was heard; doubles per try. Milliseconds. */
const retryMinMs = 25
const retryMaxMs = 1_000

export class PendingRequests {
  readonly #pending = new Map<RequestId, Pending>()
  readonly #send: (request: Request, shard: ShardId) => NodeId | undefined

  /** `send` routes a request and says to which node it went; undefined when the shard has no known owner. */
  constructor(send: (request: Request, shard: ShardId) => NodeId | undefined) {
    this.#send = send
  }

  get size(): number {
    return this.#pending.size
  }

  add(request: Request, shard: ShardId, now: Instant, done: (outcome: Outcome) => void): void {
    const pending: Pending = {
      request,
      shard,
      deadline: after(now, request.timeoutMs),
      done,
      sentTo: undefined,
      nextTry: now,
      tries: 0,
      refusedBy: undefined,
    }
    this.#pending.set(request.id, pending)
    this.#try(pending, now)
  }

  /** Returns the shard whose route was wrong, when the answer of `from` says so. */
  settle(response: Response, from: NodeId, now: Instant): ShardId | undefined {
    const pending = this.#pending.get(response.id)
    if (pending === undefined) return undefined
    if (response.outcome.kind === 'moved') {
      // Frames may be doubled: a second `moved` says nothing of the try that is on its way to another node.
      if (pending.sentTo !== from) return undefined
      pending.sentTo = undefined
      pending.refusedBy = from
      pending.nextTry = after(now, Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(pending.tries, 5)))
      return pending.shard
    }
    this.#pending.delete(response.id)
    pending.done(response.outcome)
    return undefined
  }

  /** The shard has an owner: what waited for one, or was sent to another, goes there. */
  routed(shard: ShardId, owner: NodeId, now: Instant): void {
    for (const pending of this.#pending.values()) {
      if (pending.shard !== shard || pending.sentTo === owner || pending.refusedBy === owner) continue
      if (pending.sentTo === undefined || repeatable(pending.request)) this.#try(pending, now)
    }
  }

  /** Sends again what is due, ends what is past its deadline. Returns when to look again. */
  tick(now: Instant): Instant | undefined {
    let next: Instant | undefined
    for (const [id, pending] of this.#pending) {
      if (pending.deadline <= now) {
        this.#pending.delete(id)
        pending.done({ kind: 'timeout' })
        continue
      }
      if (pending.nextTry <= now && (pending.sentTo === undefined || repeatable(pending.request)))
        this.#try(pending, now)
      const at = Math.min(
        pending.deadline,
        pending.nextTry > now ? pending.nextTry : pending.deadline,
      ) as Instant
      if (next === undefined || at < next) next = at
    }
    return next
  }

  #try(pending: Pending, now: Instant): void {
    pending.sentTo = this.#send(pending.request, pending.shard)
    pending.tries += 1
    const base = pending.sentTo === undefined ? retryMinMs : retryMaxMs / 4
    pending.nextTry = after(now, Math.min(retryMaxMs, base * 2 ** Math.min(pending.tries - 1, 5)))
  }
}

function repeatable(request: Request): boolean {
  return (
    request.key !== undefined ||
    request.body.kind === 'query' ||
    (request.body.kind === 'operate' && request.body.command.kind === 'inspect')
  )
}
