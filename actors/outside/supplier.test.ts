import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { OutboundCall } from '#ports'
import { SupplierLedger } from './supplier.ts'
import { supplierHandlers } from './supplier-client.ts'
import { type SupplierServer, startSupplier } from './supplier-server.ts'

const leadMs = 60_000
const at = (seconds: number): Instant => (1_000_000 + seconds * 1_000_000) as Instant
const wish = { order: 'main:basil:1', site: 'main', ingredient: 'basil', amount: 50 }
const never = (): number => 0.99
const always = (): number => 0.4

describe('the books of suppliers', () => {
  const order = (ledger: SupplierLedger, now = at(0), draw = never) =>
    ledger.handle('supplier.order', wish, now, draw)
  const lookup = (ledger: SupplierLedger, now: Instant) =>
    ledger.handle('supplier.lookup', { order: wish.order }, now, never).outcome
  const done = (result: object) => ({ kind: 'done', result })

  test('an order is promised, and has come when its time is over by the clock of the world', () => {
    const ledger = new SupplierLedger({ leadMs })
    expect(lookup(ledger, at(0))).toEqual(done({ status: 'none' }))
    expect(order(ledger).outcome).toEqual(done({ status: 'ordered', dueAt: at(60) }))
    expect(lookup(ledger, at(59))).toEqual(done({ status: 'ordered', dueAt: at(60) }))
    expect(lookup(ledger, at(60))).toEqual(done({ status: 'delivered', amount: 50 }))
  })

  test('L1: ordered again it is the same order', () => {
    const ledger = new SupplierLedger({ leadMs })
    order(ledger)
    const again = order(ledger, at(30))
    expect([again.outcome, again.taken]).toEqual([done({ status: 'ordered', dueAt: at(60) }), undefined])
    expect(ledger.orders).toHaveLength(1)
  })

  test('what is late says so when its time is over, and what is short is at least one', () => {
    const late = new SupplierLedger({ leadMs, lateShare: 0.5 })
    order(late, at(0), always)
    expect(lookup(late, at(59))).toEqual(done({ status: 'ordered', dueAt: at(60) }))
    expect(lookup(late, at(60))).toEqual(done({ status: 'ordered', dueAt: at(84) }))
    expect(lookup(late, at(84))).toEqual(done({ status: 'delivered', amount: 50 }))
    const short = new SupplierLedger({ leadMs, shortShare: 0.5 })
    order(short, at(0), always)
    expect(lookup(short, at(60))).toEqual(done({ status: 'delivered', amount: 20 }))
    const scant = new SupplierLedger({ leadMs, shortShare: 0.5 })
    scant.handle('supplier.order', { ...wish, amount: 1 }, at(0), always)
    expect(scant.orders[0]?.brings).toBe(1)
  })

  test('who is not available has done nothing, and who is silent has done it', () => {
    const ledger = new SupplierLedger({ leadMs })
    const outage = ledger.disturb()
    expect([order(ledger).outcome, ledger.orders, outage.met]).toMatchObject([{ kind: 'unknown' }, [], 1])
    outage.heal()
    ledger.settings.failShare = 1
    expect([order(ledger).outcome, ledger.orders]).toMatchObject([{ kind: 'unknown' }, []])
    Object.assign(ledger.settings, { failShare: 0, silentShare: 1 })
    expect([order(ledger).outcome, ledger.orders.length]).toEqual(['never', 1])
  })

  test('what is no order is refused', () => {
    const ledger = new SupplierLedger()
    for (const args of [{}, null, { ...wish, amount: 0 }, { ...wish, order: '' }, { ...wish, site: 1 }]) {
      expect(ledger.handle('supplier.order', args, at(0), never).outcome).toMatchObject({ kind: 'refused' })
    }
  })
})

describe('over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-supplier-'))
  const file = join(folder, 'supplier-ledger.jsonl')
  let now = at(0)
  let server: SupplierServer
  const start = async (): Promise<void> => {
    server = await startSupplier({ worldNow: () => now, file, settings: { leadMs, latencyMs: 1 } })
  }
  afterEach(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const call = (handler: 'supplier.order' | 'supplier.lookup', args: object, withinMs = 5_000) =>
    supplierHandlers(server.url)[handler](
      {
        actor: 'replenisher/main' as ActorId,
        handler,
        args,
        key: 'k',
      } as Partial<OutboundCall> as OutboundCall,
      AbortSignal.timeout(withinMs),
    )

  test('an order is made, looked for, and known after a restart', async () => {
    await start()
    const ordered = { kind: 'done', result: { status: 'ordered', dueAt: at(60) } }
    expect(await call('supplier.order', wish)).toEqual(ordered)
    expect(await call('supplier.lookup', wish)).toEqual(ordered)
    await server.close()
    expect(await call('supplier.order', wish)).toMatchObject({ kind: 'unknown' })
    await start()
    now = at(60)
    expect(await call('supplier.order', wish)).toEqual({
      kind: 'done',
      result: { status: 'delivered', amount: 50 },
    })
    expect(await call('supplier.lookup', { order: 'main:leek:1' })).toEqual({
      kind: 'done',
      result: { status: 'none' },
    })

    expect(await call('supplier.order', { ...wish, order: 'main:leek:1', amount: -1 })).toEqual({
      kind: 'refused',
      detail: 'bad-request',
    })
    server.ledger.settings.outage = true
    expect(await call('supplier.lookup', wish)).toMatchObject({ kind: 'unknown' })
    Object.assign(server.ledger.settings, { outage: false, silentShare: 1 })
    expect(await call('supplier.lookup', wish, 100)).toMatchObject({ kind: 'unknown' })
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
  })
})
