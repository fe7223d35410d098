/**
 * Goal:   what nobody has touched goes back into its bin when the kitchen gives up, and what a cook has begun does not.
 * Method: the whole house but the guests, with one station closed before the order comes.
 */
import { describe, expect, test } from 'vitest'
import type { CallEffect } from '#actor'
import { hours } from '#actor'
import { Floor } from './floor.test-kit.ts'
import { hardwareActors } from './hardware/index.ts'
import { houseKitchen, kitchenActors, stationRef } from './kitchen/index.ts'
import { quote } from './orders/menu.ts'
import { recipes } from './orders/menu-data.ts'
import { orderRef } from './orders/messages.ts'
import type { OrderContext } from './orders/order.ts'
import { order } from './orders/order.ts'
import { ProviderLedger } from './outside/provider.ts'
import type { BinContext } from './pantry/bin.ts'
import { bin } from './pantry/bin.ts'
import { binRef } from './pantry/messages.ts'
import { reservation } from './pantry/reservation.ts'
import { payment } from './till/payment.ts'
import type { ProviderOperation } from './till/provider-contract.ts'

const site = 'main'
const opening = 1_000

function ordered(dish: 'caprese' | 'cheeseburger', closed: string) {
  const ledger = new ProviderLedger()
  const floor = new Floor({
    actors: [order, bin, reservation, payment, ...kitchenActors, ...hardwareActors],
    outside: (call: CallEffect, key: string) =>
      ledger.handle(call.handler as ProviderOperation, call.args, key, () => 0.5),
    choose: () => 0,
  })
  for (const { ingredient } of recipes[dish].needs) {
    floor.tell(binRef(site, ingredient), { type: 'bin.open', opening, par: opening, low: 0 })
  }
  for (const station of houseKitchen(site, 0.1)) floor.tell(stationRef(site, station.name), station)
  floor.tell(stationRef(site, closed), { type: 'station.close' })
  floor.settle()
  const { name, price, needs: of } = recipes[dish]
  const menu = [{ dish, name, price, available: true, needs: of }]
  const { items, needs, total } = quote(menu, [{ dish, quantity: 1 }])
  floor.tell(orderRef('ord_1'), {
    type: 'order.place',
    site,
    items: [...items],
    needs: [...needs],
    total,
    serve: 'table',
    promisedAt: 0,
    token: 'tok_ok',
  })
  floor.elapse(hours(3))
  const { outcome, reason, wasted } = floor.stage(orderRef('ord_1')).context as unknown as OrderContext
  const bins = of.map(({ ingredient, amount }) => {
    const { free, held, issued } = floor.stage(binRef(site, ingredient)).context as unknown as BinContext
    return { amount, free, held, issued }
  })
  return { outcome, reason, wasted, bins, kept: ledger.totals.captured - ledger.totals.refunded }
}

describe('an order for a station that is closed is cancelled, the money comes back, and', () => {
  test('the stock is whole when nobody has touched it', () => {
    const { bins, ...end } = ordered('caprese', 'garde-manger')
    expect(end).toEqual({ outcome: 'cancelled', reason: 'station-closed', wasted: false, kept: 0 })
    for (const { free, held, issued } of bins) expect([free, held, issued]).toEqual([opening, 0, 0])
  })

  test('the stock is waste when another station has cooked it before', () => {
    const { bins, ...end } = ordered('cheeseburger', 'garde-manger')
    expect(end).toEqual({ outcome: 'cancelled', reason: 'station-closed', wasted: true, kept: 0 })
    for (const { amount, free, held, issued } of bins)
      expect([free, held, issued]).toEqual([opening - amount, 0, amount])
  })
})
