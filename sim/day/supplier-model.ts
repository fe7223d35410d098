/**
 * The suppliers of a day, and how the simulator asks them.
 *
 * Does not: keep books (`SupplierLedger` does, the same as behind the live stub).
 */
import type { Instant } from '#actor'
import { supplierOperations } from '#actors'
import type { SupplierLedger, SupplierSettings, SupplyRecord } from '#outside'
import type { OutsideModel } from '#sim'
import { type Day, usualLead } from './day.ts'
import { durationMs } from './time-of-day.ts'

/** The world outside is not perfect: lorries are late or half empty, calls fail, and answers are lost. */
const usualSupplier = { latencyMs: 200, lateShare: 0.2, shortShare: 0.2, failShare: 0.1, silentShare: 0.05 }

export const suppliersOf = ({ stock }: Day): SupplierSettings => ({
  ...usualSupplier,
  leadMs: durationMs(stock.lead ?? usualLead),
  outage: false,
})

/** Of deliveries, those of which somebody of the house tells, and those that are told twice. */
const toldShare = 0.7
const toldTwiceShare = 0.2

export class SupplierModel {
  readonly ledger: SupplierLedger
  readonly #worldNow: () => Instant
  readonly #told: (record: SupplyRecord) => void

  /** `told` is called when an order is taken, for each time that its delivery will be told. */
  constructor(ledger: SupplierLedger, worldNow: () => Instant, told: (record: SupplyRecord) => void) {
    this.ledger = ledger
    this.#worldNow = worldNow
    this.#told = told
  }

  get models(): ReadonlyMap<string, OutsideModel> {
    return new Map(
      supplierOperations.map((operation): [string, OutsideModel] => [
        operation,
        (args, { draw }) => {
          const { outcome, delayMs, taken } = this.ledger.handle(operation, args, this.#worldNow(), draw)
          if (taken !== undefined) {
            if (draw() < toldShare) this.#told(taken)
            if (draw() < toldTwiceShare) this.#told(taken)
          }
          return { afterUs: delayMs * 1_000, outcome }
        },
      ]),
    )
  }
}
