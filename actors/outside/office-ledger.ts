/**
 * The books of those who carry things out of the house: the mail server, the SMS provider, receivers of webhooks.
 *
 * Outside parties: the simulator asks them directly, and the stub of the SMS provider speaks for one of them over HTTP.
 * They are the other side of the check on notices.
 *
 * Owns:     what was done under which key, and what is wrong with a party at the moment.
 * Does not: wait, or know a wire.
 *
 * Invariants:
 *   L1. What is asked for again under a key that is known is not done again.
 */
import type { DeliveryArgs, LetterArgs, OfficeCall } from '#actors'
import type { CallOutcome } from '#ports'

/** Something that was done, once. */
export interface Deed {
  readonly party: OfficeCall
  readonly key: string
  /** Which notification or delivery. */
  readonly about: string
  readonly order: string
  readonly to: string
  /** How often it was asked for. */
  readonly asked: number
}

export interface OfficeSettings {
  /** The middle of the time that an answer takes. */
  latencyMs: number
  /** Share of calls that fail, with nothing done. */
  failShare: number
  /** Share of calls that are done, and are not heard of. */
  silentShare: number
}

export interface OfficeDisturbance {
  /** Calls that met it: the proof that it struck. */
  readonly met: number
  heal(): void
}

export interface OfficeResult {
  readonly outcome: CallOutcome | 'never'
  readonly delayMs: number
}

/** Mail to an address that begins so is refused for good: there is no such mailbox. */
export const bouncing = 'bounce'

export class OfficeLedger {
  readonly settings: OfficeSettings
  readonly #deeds = new Map<string, Deed>()
  readonly #outages = new Set<{ readonly party: OfficeCall; met: number }>()

  constructor(settings: Partial<OfficeSettings> = {}) {
    this.settings = { latencyMs: 60, failShare: 0, silentShare: 0, ...settings }
  }

  get deeds(): readonly Deed[] {
    return [...this.#deeds.values()]
  }

  /** From now on this party does nothing, and says so. */
  disturb(party: OfficeCall): OfficeDisturbance {
    const outage = { party, met: 0 }
    this.#outages.add(outage)
    return {
      get met() {
        return outage.met
      },
      heal: () => void this.#outages.delete(outage),
    }
  }

  /** `draw` gives the next number in [0, 1). */
  handle(party: OfficeCall, args: unknown, key: string, draw: () => number): OfficeResult {
    const { latencyMs, failShare, silentShare } = this.settings
    const delayMs = Math.round(latencyMs * (0.5 + draw()))
    const outages = [...this.#outages].filter((outage) => outage.party === party)
    for (const outage of outages) outage.met += 1
    if (outages.length > 0 || draw() < failShare) {
      return { outcome: { kind: 'unknown', detail: 'not available' }, delayMs }
    }
    const deed = deedOf(party, args, key)
    if (deed.to.startsWith(bouncing)) {
      return { outcome: { kind: 'refused', detail: 'no such mailbox' }, delayMs }
    }
    const known = this.#deeds.get(key)
    this.#deeds.set(key, known === undefined ? deed : { ...known, asked: known.asked + 1 })
    const isSilent = draw() < silentShare
    return { outcome: isSilent ? 'never' : { kind: 'done', result: { status: 200 } }, delayMs }
  }
}

function deedOf(party: OfficeCall, args: unknown, key: string): Deed {
  if (party === 'webhook.deliver') {
    const { webhook, body } = args as DeliveryArgs
    return { party, key, about: `${webhook} ${body.id}`, order: body.order, to: webhook, asked: 1 }
  }
  const { notification, notice, to } = args as LetterArgs
  return { party, key, about: notification, order: notice.order, to, asked: 1 }
}
