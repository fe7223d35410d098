/**
 * The payment provider, as the simulator asks it.
 *
 * Owns:     the count of what an outage has swallowed, so that an outage can show that it happened.
 * Does not: keep books (`ProviderLedger` does, the same as behind the live stub).
 */
import { providerOperations } from '#actors'
import type { ProviderLedger } from '#outside'
import type { OutsideModel } from '#sim'

export class ProviderModel {
  readonly ledger: ProviderLedger
  /** Calls that met an outage. */
  swallowed = 0

  constructor(ledger: ProviderLedger) {
    this.ledger = ledger
  }

  get models(): ReadonlyMap<string, OutsideModel> {
    return new Map(
      providerOperations.map((operation): [string, OutsideModel] => [
        operation,
        (args, { key, draw }) => {
          if (this.ledger.settings.outage) this.swallowed += 1
          const { outcome, delayMs } = this.ledger.handle(operation, args, key, draw)
          return { afterUs: delayMs * 1_000, outcome }
        },
      ]),
    )
  }
}
