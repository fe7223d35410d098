/**
 * A guest's day over HTTP, from the first registration to the receipt, told by every channel, and a second order that is
 * called off; and the same with a node killed at every step.
 *
 * Goal: nothing twice and nothing lost, for a client that knows no other answer to trouble than the same request again
 * with the same key. Method: one cluster of real processes at sixty times the speed of the world. Each step is sent
 * while the node that owns its actor is killed: the request is on its way, or has just come, or finds nobody.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { departuresIn, outboxFileIn } from '#outside'
import type { NodeId } from '#ports'
import { brigade } from './brigade.ts'
import { Device } from './testing/device.ts'
import { type Answered, Insistent } from './testing/insistent.ts'
import { recordingTerminal } from './testing/recording-terminal.ts'
import { Up } from './testing/up.ts'
import { WebhookReceiver } from './testing/webhook-receiver.ts'

const api = '/api/v1'
const password = 'a long enough password'
const folder = mkdtempSync(join(tmpdir(), 'brigade-guest-'))
const dataFolder = join(folder, 'data')
let up: Up
let receiver: WebhookReceiver
let device: Device | undefined
let guests = 0

interface Order {
  readonly id: string
  readonly state: string
  readonly total: { readonly amount: number }
}
interface Payment {
  readonly state: string
  readonly captured: { readonly amount: number }
  readonly refunded: { readonly amount: number }
}
interface List<Item> {
  readonly items: readonly Item[]
}

beforeAll(async () => {
  receiver = await WebhookReceiver.start()
  up = new Up({ dataFolder, kitchenScale: 4 })
  expect(await up.started()).toBeUndefined()
}, 90_000)

afterEach(() => {
  device?.switchOff()
  receiver.failsFirst = false
})

afterAll(async () => {
  receiver.close()
  up.process.kill('SIGTERM')
  await up.exited
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** Who owns the actors of this type whose id begins so; any node when nobody has one yet. */
async function ownerOf(type: string, id: string): Promise<NodeId> {
  const { items } = await up.ops<List<{ id: string; node?: NodeId }>>(`actors?type=${type}&limit=200`)
  return items.find((item) => item.id.startsWith(`${type}/${id}`))?.node ?? ('node-1' as NodeId)
}

/** Waits until the killed one is back, so that the next step has three to choose from. */
async function allUp(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { nodes } = await up.ops<{ nodes: { state: string }[] }>('cluster')
    if (nodes.every(({ state }) => state === 'up')) return
    await sleep(100)
  }
  throw new Error('A node does not come back.')
}

/** Sends the request, and kills `node` while it is on its way. */
async function whileKilling<Body>(
  node: NodeId,
  send: () => Promise<Answered<Body>>,
  delayMs: number,
): Promise<Answered<Body>> {
  const sent = send()
  await sleep(delayMs)
  await up.execute({ kind: 'crash', node, force: true })
  return sent
}

/** Reads until it is so. A wish that does not come true ends the test by its timeout. */
async function eventually<Body>(
  read: () => Promise<Answered<Body>>,
  isSo: (body: Body) => boolean,
): Promise<Body> {
  for (;;) {
    const { body } = await read()
    if (isSo(body)) return body
    await sleep(200)
  }
}

const events = (client: Insistent, id: string) =>
  client.send<List<{ events: readonly string[] }>>('GET', `${api}/orders/${id}/events?limit=200`, {
    headers: { accept: 'application/json' },
  })

const topics = ['ready', 'receipt', 'trouble']
const everyWay = ['in-app', 'email', 'sms', 'push']

/** Wishes to be told by every channel until it is so: of a wish that was not answered nobody knows whether it counted. */
async function prefer(guest: Insistent, contact: { readonly email: string; readonly phone: string }) {
  const path = `${api}/notifications/preferences`
  const channels = {
    progress: [],
    ...Object.fromEntries(topics.map((topic) => [topic, everyWay])),
  }
  for (;;) {
    const now = await guest.send<{ contact: { phone: string | null } }>('GET', path)
    if (now.body.contact.phone === contact.phone) return now
    const headers = { 'if-match': now.headers.get('etag') ?? '' }
    await guest.send('PATCH', path, { body: { channels, contact }, headers })
  }
}

/** The guest has heard of it on the phone, by mail, by text message and by webhook. */
async function toldByEveryWay(
  notice: string,
  [email, phone]: readonly [string, string],
  words: string,
): Promise<void> {
  const left = (channel: string, to: string) =>
    departuresIn(outboxFileIn(dataFolder)).filter(
      (one) => one.channel === channel && one.to === to && one.summary.startsWith(words),
    )
  const isTold = () =>
    device?.shown.has(notice) === true &&
    left('mail', email).length > 0 &&
    left('sms', phone).length > 0 &&
    receiver.answersTo(notice).includes(204)
  while (!isTold()) await sleep(100)
  // A try that was sent again has the key of the first: a mailbox keeps one.
  expect([left('mail', email).length, left('sms', phone).length]).toEqual([1, 1])
}

/** One whole day. `kill` is told before each step, and may send the step its own way. */
async function guestDay(
  email: string,
  step: <Body>(
    name: string,
    actor: readonly [type: string, id: string],
    send: () => Promise<Answered<Body>>,
  ) => Promise<Answered<Body>>,
): Promise<void> {
  const guest = new Insistent(up.url)
  const registering = { body: { email, password }, key: crypto.randomUUID() }
  const registered = await step<{ id: string }>('register', ['address', ''], () =>
    guest.send('POST', `${api}/auth/register`, registering),
  )
  expect(registered.status).toBe(201)
  const account = registered.body.id
  const again = await guest.send<{ id: string }>('POST', `${api}/auth/register`, registering)
  expect([again.status, again.body.id]).toEqual([201, account])

  const loggedIn = await step<{ accessToken: string }>('log in', ['account', account], () =>
    guest.send('POST', `${api}/auth/login`, { body: { email, password } }),
  )
  expect(loggedIn.status).toBe(200)
  guest.accessToken = loggedIn.body.accessToken
  const renewed = await step<{ accessToken: string }>('renew', ['session', account], () =>
    guest.send('POST', `${api}/auth/refresh`),
  )
  expect(renewed.status).toBe(200)
  guest.accessToken = renewed.body.accessToken

  guests += 1
  const phone = `+4930${String(guests).padStart(7, '0')}`
  await step('prefer', ['inbox', account], () => prefer(guest, { email, phone }))
  const subscribing = {
    body: { url: receiver.url, events: ['order.ready', 'order.completed'] },
    key: crypto.randomUUID(),
  }
  const subscribed = await step<{ secret: string }>('subscribe', ['inbox', account], () =>
    guest.send('POST', `${api}/webhooks`, subscribing),
  )
  expect(subscribed.status).toBe(201)
  receiver.secret = subscribed.body.secret
  device = new Device(up.url, () => guest.accessToken ?? '')

  const menu = await step<List<{ dish: string }>>('menu', ['menu', 'main'], () =>
    guest.send('GET', `${api}/menu`),
  )
  expect(menu.body.items.length).toBeGreaterThanOrEqual(12)
  const items = [{ dish: 'caprese', quantity: 2 }]
  const quoted = await step<{ total: { amount: number } }>('quote', ['bin', 'main:tomatoes'], () =>
    guest.send('POST', `${api}/quotes`, { body: { items } }),
  )
  expect(quoted.status).toBe(200)

  const placing = { body: { items, total: quoted.body.total }, key: crypto.randomUUID() }
  const placed = await step<Order>('order', ['order', ''], () => guest.send('POST', `${api}/orders`, placing))
  expect(placed.status).toBe(201)
  const { id } = placed.body
  expect((await guest.send<Order>('POST', `${api}/orders`, placing)).body.id).toBe(id)
  await eventually(
    () => guest.send<Order>('GET', `${api}/orders/${id}`),
    ({ state }) => state === 'paying',
  )
  const paying = { body: { token: 'tok_ok' }, key: crypto.randomUUID() }
  const paid = await step('pay', ['order', id], () =>
    guest.send('POST', `${api}/orders/${id}/payments`, paying),
  )
  expect(paid.status).toBe(201)
  const payment = () => guest.send<Payment>('GET', `${api}/payments/${id}`)
  await step('cook', ['ticket', id], payment)
  await eventually(
    () => guest.send<Order>('GET', `${api}/orders/${id}`),
    ({ state }) => state === 'ready',
  )

  await step('be told', ['inbox', account], () => guest.send('GET', `${api}/notifications`))

  const collected = await step<Order>('collect', ['order', id], () =>
    guest.send('POST', `${api}/orders/${id}/collection`),
  )
  expect(collected.body.state).toBe('completed')
  expect((await payment()).body).toMatchObject({
    captured: { amount: quoted.body.total.amount },
    refunded: { amount: 0 },
  })
  const story = (await events(guest, id)).body.items.flatMap(({ events }) => events)
  for (const once of [
    'order.created',
    'payment.requested',
    'order.paid',
    'cooking.started',
    'order.ready',
    'order.completed',
  ]) {
    expect([once, story.filter((event) => event === once).length]).toEqual([once, 1])
  }
  const notices = await eventually(
    () => guest.send<List<{ event: string; amount?: { amount: number } }>>('GET', `${api}/notifications`),
    ({ items }) => items.some(({ event }) => event === 'order.completed'),
  )
  const receipts = notices.items.filter(({ event }) => event === 'order.completed')
  expect(receipts).toMatchObject([{ amount: { amount: quoted.body.total.amount } }])

  await toldByEveryWay(`${id}.order.ready`, [email, phone], 'Your order is ready')
  await toldByEveryWay(`${id}.order.completed`, [email, phone], 'Your receipt')
  expect(receiver.received.filter(({ isSigned }) => !isSigned)).toEqual([])

  const second = await guest.send<Order>('POST', `${api}/orders`, {
    body: { items: [{ dish: 'margherita-pizza', quantity: 1 }], payment: { token: 'tok_ok' } },
  })
  await eventually(
    () => guest.send<Payment>('GET', `${api}/payments/${second.body.id}`),
    ({ captured }) => captured?.amount > 0,
  )
  const calledOff = await step('cancel', ['payment', second.body.id], () =>
    guest.send('POST', `${api}/orders/${second.body.id}/cancellation`),
  )
  expect(calledOff.status).toBe(202)
  await eventually(
    () => guest.send<Order>('GET', `${api}/orders/${second.body.id}`),
    ({ state }) => state === 'cancelled',
  )
  const { body: refunded } = await guest.send<Payment>('GET', `${api}/payments/${second.body.id}`)
  expect(refunded.refunded).toEqual(refunded.captured)

  const mine = await eventually(
    () => guest.send<List<Order>>('GET', `${api}/orders?limit=200`),
    ({ items }) => items.length >= 2,
  )
  expect(mine.items.map(({ id }) => id).toSorted()).toEqual([id, second.body.id].toSorted())
}

test('a day without trouble', { timeout: 60_000 }, async () => {
  receiver.failsFirst = true
  await guestDay('ada@example.org', (_name, _actor, send) => send())
  // A receiver that has failed is told again, and once it has taken it, no more; and so is a phone.
  const deliveries = [...new Set(receiver.received.map(({ delivery }) => delivery))]
  expect(deliveries.map((delivery) => receiver.answersTo(delivery))).toEqual([
    [500, 204],
    [500, 204],
  ])
  const shown = [...(device?.shown ?? [])]
  expect(shown.filter(([, times]) => times !== 1)).toEqual([])
  expect(shown.map(([notice]) => notice)).toEqual(expect.arrayContaining(deliveries))
  const terminal = recordingTerminal()
  expect(await brigade(['outbox', '--data', dataFolder], terminal)).toBe(0)
  for (const way of ['mail', 'sms', 'webhook']) expect(terminal.printed()).toMatch(new RegExp(` ${way} +\\S`))
  expect(terminal.printed()).toContain('order.ready: HTTP 500')
  expect(terminal.printed()).toContain('order.ready: taken')
})

const steps = [
  ...['register', 'log in', 'renew', 'prefer', 'subscribe', 'menu', 'quote', 'order', 'pay', 'cook'],
  ...['be told', 'collect', 'cancel'],
]

test.each(steps.map((name, n) => [name, n] as const))(
  'a day on which the owner is killed at: %s',
  {
    timeout: 90_000,
  },
  async (fatal, n) => {
    await allUp()
    let killed = false
    await guestDay(`guest-${n}@example.org`, async (name, [type, id], send) => {
      if (name !== fatal) return send()
      killed = true
      return whileKilling(await ownerOf(type, id), send, n % 3)
    })
    expect(killed).toBe(true)
  },
)

test('an account and an order are made once while the gateway is killed', { timeout: 120_000 }, async () => {
  await allUp()
  const guest = new Insistent(up.url)
  const gateway = 'edge-1' as NodeId
  const registering = { body: { email: 'unlucky@example.org', password }, key: crypto.randomUUID() }
  const register = () => guest.send<{ id: string }>('POST', `${api}/auth/register`, registering)
  const registered = await whileKilling(gateway, register, 1)
  expect((await register()).body.id).toBe(registered.body.id)
  const body = { items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }
  const placing = { body, key: crypto.randomUUID() }
  const place = () => guest.send<Order>('POST', `${api}/orders`, placing)
  const placed = await whileKilling(gateway, place, 2)
  expect([placed.status, (await place()).body.id]).toEqual([201, placed.body.id])
})

test('a phone is shown everything while the gateway is killed under its line', {
  timeout: 120_000,
}, async () => {
  await allUp()
  const email = 'patient@example.org'
  const guest = new Insistent(up.url)
  await guest.send('POST', `${api}/auth/register`, { body: { email, password } })
  const login = { body: { email, password } }
  guest.accessToken = (
    await guest.send<{ accessToken: string }>('POST', `${api}/auth/login`, login)
  ).body.accessToken
  await prefer(guest, { email, phone: '+49301234567' })
  const phone = new Device(up.url, () => guest.accessToken ?? '')
  device = phone
  const body = { items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }
  const placed: string[] = []
  for (let kills = 0; kills < 2; kills += 1) {
    for (let n = 0; n < 4; n += 1)
      placed.push((await guest.send<Order>('POST', `${api}/orders`, { body })).body.id)
    // In the middle of them: one was shown, and of the others some are on their way.
    const { size } = phone.shown
    while (phone.shown.size === size) await sleep(5)
    await up.execute({ kind: 'crash', node: 'edge-1' as NodeId, force: true })
  }
  const ready = placed.map((id) => `${id}.order.ready`)
  // Of one whose acknowledgement went under with the gateway the phone is told nothing more. All may have been shown
  // before the second kill: a third line comes all the same.
  while (!ready.every((notice) => phone.shown.has(notice)) || phone.lines < 3) await sleep(100)
  expect(phone.again).toEqual([])
})
