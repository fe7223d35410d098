/**
 * Mail server, SMS provider and receivers of webhooks, as the simulator asks them.
 *
 * Does not: keep books (`OfficeLedger` does).
 */
import { officeCalls } from '#actors'
import type { OfficeLedger } from '#outside'
import type { OutsideModel } from '#sim'

export class OfficeModel {
  readonly ledger: OfficeLedger

  constructor(ledger: OfficeLedger) {
    this.ledger = ledger
  }

  get models(): ReadonlyMap<string, OutsideModel> {
    return new Map(
      officeCalls.map((party): [string, OutsideModel] => [
        party,
        (args, { key, draw }) => {
          const { outcome, delayMs } = this.ledger.handle(party, args, key, draw)
          return { afterUs: delayMs * 1_000, outcome }
        },
      ]),
    )
  }
}
