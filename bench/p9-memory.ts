/**
 * P9: what an order costs in memory while it is resident, and after it has left.
 *
 * Method: a kernel takes a hundred thousand orders to the state in which they wait for a cook, each told three
 * messages; the heap is compared before and after, with the garbage collected. Then they idle until they leave.
 */
import { LoneKernel } from './lone-kernel.ts'
import { orderRegistry, waiterRef } from './order.ts'
import { heapBytes, type Report } from './side-by-side.ts'

const orders = 100_000
const burst = 1_000
const told = 3

function residentOrders(lone: LoneKernel): readonly { readonly context: unknown; readonly value: unknown }[] {
  return [...lone.kernel.shards.values()].flatMap((shard) =>
    [...shard.activations.values()].flatMap(({ id, state }) =>
      id.startsWith('order/') && state !== undefined ? [state] : [],
    ),
  )
}

/** The orders of one waiter are told one message. */
function serve(lone: LoneKernel, step: number, from: number): void {
  const message = { type: 'waiter.serve', step, from, to: from + burst } as const
  lone.request(waiterRef(0), { kind: 'command', message })
  lone.run()
}

/** Characters of the context, after checking that every order waits for a cook. */
function contextLength(lone: LoneKernel): number {
  const waiting = residentOrders(lone).filter(({ value }) => value === 'queued')
  if (waiting.length !== orders + burst) throw new Error(`${waiting.length} orders wait for a cook.`)
  return JSON.stringify(waiting[0]?.context).length
}

export async function measure(): Promise<Report> {
  const lone = new LoneKernel(orderRegistry(64))
  // What is made once is made before the first look.
  for (let step = 0; step < told; step += 1) serve(lone, step, orders)
  const before = heapBytes()
  for (let step = 0; step < told; step += 1) {
    for (let from = 0; from < orders; from += burst) serve(lone, step, from)
  }
  const resident = (heapBytes() - before) / orders
  const context = contextLength(lone)
  // Idle for longer than they stay.
  for (let minute = 0; minute < 30; minute += 1) {
    lone.feed({ kind: 'wake' })
    lone.run(60_000)
  }
  if (residentOrders(lone).length > 0) throw new Error('Orders are resident that nobody asks for.')
  const passivated = (heapBytes() - before) / orders
  return {
    promise: 'P9',
    title: `an order in memory, over ${orders.toLocaleString('en')}`,
    figures: [
      { what: 'resident: activation, mailbox and snapshot', value: resident, unit: 'B' },
      { what: 'its context as JSON', value: context, unit: 'characters' },
    ],
    goals: [
      { what: 'resident, above its context', value: resident - context, unit: 'B', atMost: 1_024 },
      // The first orders, which left too, and noise: nothing for each of a hundred thousand.
      { what: 'passivated', value: Math.max(0, Math.round(passivated)), unit: 'B', atMost: 0 },
    ],
    notMeasured: [
      'memory outside of the heap',
      'timers: an order that waits for a cook has none here',
      'remembered answers to idempotency keys',
    ],
  }
}
