/**
 * The payment provider, as the simulator asks it.
 *
 * Does not: keep books (`ProviderLedger` does, the same as behind the live stub).
 */
import { providerOperations } from '#actors'
import { callbackDelaysMs, type ProviderLedger, type ProviderNews } from '#outside'
import type { OutsideModel } from '#sim'

export class ProviderModel {
  readonly ledger: ProviderLedger
  readonly #tell: (news: ProviderNews, afterUs: number) => void

  /** `tell` is given what the provider tells by itself, and when: late, twice, or after newer news. */
  constructor(ledger: ProviderLedger, tell: (news: ProviderNews, afterUs: number) => void = () => {}) {
    this.ledger = ledger
    this.#tell = tell
  }

  get models(): ReadonlyMap<string, OutsideModel> {
    return new Map(
      providerOperations.map((operation): [string, OutsideModel] => [
        operation,
        (args, { key, draw }) => {
          const { outcome, delayMs, news } = this.ledger.handle(operation, args, key, draw)
          if (news !== undefined) {
            for (const afterMs of callbackDelaysMs(this.ledger.settings, draw)) {
              this.#tell(news, (delayMs + afterMs) * 1_000)
            }
          }
          return { afterUs: delayMs * 1_000, outcome }
        },
      ]),
    )
  }
}
