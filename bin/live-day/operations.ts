/**
 * What a live day asks of the operator API: telling an actor something, and finding and probing actors.
 *
 * Does not: crash or freeze nodes (the launcher is at hand for that).
 */
import { type ActorId, type Message, typeOf } from '#actor'
import { operatorHeaders } from '../settings.ts'
import type { DayClock } from './day-clock.ts'
import { type Answer, type Asked, ask, insist } from './requests.ts'

interface Listed {
  readonly id: ActorId
  readonly status: string
  readonly state: unknown
}

/** What an actor did with a message: where it stands afterwards, and what it replied. */
interface Done {
  readonly state: unknown
  readonly reply?: Message
}

const hasEnded = ({ id, status, state }: Listed): boolean =>
  status === 'archived' || (typeOf(id) === 'payment' && state === 'settled')

const pageSize = 200
const tellMs = 60_000

export class Operations {
  readonly #url: string
  readonly #clock: DayClock

  constructor(opsUrl: string, clock: DayClock) {
    this.#url = `${opsUrl}/ops/v1`
    this.#clock = clock
  }

  /** Tells it once: nothing is sent again that may have been heard. What it did, when it is known. */
  async tell(actor: ActorId, message: Message): Promise<Done | undefined> {
    const untilMs = performance.now() + tellMs
    for (;;) {
      const answer = await this.#ask<Done>(this.#at(actor, 'messages'), {
        method: 'POST',
        body: { message },
      })
      if (answer.kind === 'done') return answer.body
      if (answer.kind !== 'unheard' || performance.now() > untilMs) return undefined
      await this.#clock.pause(Math.max(100, answer.retryAfterMs))
    }
  }

  /** Brings it to its bin at this time of the day. */
  async deliver(at: number, bin: ActorId, amount: number): Promise<Done | undefined> {
    await this.#clock.reached(at)
    return this.tell(bin, { type: 'bin.deliver', amount } as Message)
  }

  /** The state machine's inside, as its node shows it. */
  inspect(
    actor: ActorId,
    withinMs?: number,
  ): Promise<Answer<{ readonly state: unknown; readonly inside: unknown }>> {
    return this.#ask(this.#at(actor, 'snapshot'), withinMs === undefined ? {} : { withinMs })
  }

  /** An actor that lives on this node, if one does. */
  async actorOn(node: string): Promise<ActorId | undefined> {
    const answer = await this.#ask<{ readonly items: readonly Listed[] }>(
      `${this.#url}/actors?node=${encodeURIComponent(node)}&limit=1`,
    )
    return answer.kind === 'done' ? answer.body.items[0]?.id : undefined
  }

  /** Whether every actor of this type has ended, or is a payment that only stays because money may still be given back. */
  async allEnded(type: string): Promise<boolean> {
    let cursor = ''
    for (;;) {
      const { answer } = await insist(this.#clock, performance.now() + tellMs, () =>
        this.#ask<{ readonly items: readonly Listed[]; readonly nextCursor?: string }>(
          `${this.#url}/actors?type=${type}&limit=${pageSize}${cursor}`,
        ),
      )
      if (answer.kind !== 'done') return false
      const { items, nextCursor } = answer.body
      if (items.some((actor) => !hasEnded(actor))) return false
      if (nextCursor === undefined) return true
      cursor = `&cursor=${encodeURIComponent(nextCursor)}`
    }
  }

  #ask<Body>(url: string, asked: Asked = {}): Promise<Answer<Body>> {
    return ask(url, { ...asked, headers: operatorHeaders() })
  }

  #at(actor: ActorId, what: string): string {
    return `${this.#url}/actors/${encodeURIComponent(actor)}/${what}`
  }
}
