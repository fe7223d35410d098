/**
 * The payment provider, as the simulator asks it.
 *
 * Does not: keep books (`ProviderLedger` does, the same as behind the live stub).
 */
import { providerOperations } from '#actors'
import type { ProviderLedger } from '#outside'
import type { OutsideModel } from '#sim'

export class ProviderModel {
  readonly ledger: ProviderLedger

  constructor(ledger: ProviderLedger) {
    this.ledger = ledger
  }

  get models(): ReadonlyMap<string, OutsideModel> {
    return new Map(
      providerOperations.map((operation): [string, OutsideModel] => [
        operation,
        (args, { key, draw }) => {
          const { outcome, delayMs } = this.ledger.handle(operation, args, key, draw)
          return { afterUs: delayMs * 1_000, outcome }
        },
      ]),
    )
  }
}
