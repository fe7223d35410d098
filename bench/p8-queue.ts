/**
 * P8: a queue with two servers (M/M/2, ρ = 0.8) in virtual time, beside SimPy.
 *
 * Method: the same model four ways, in turns: SimPy's customers are processes that ask for a resource; bare handlers
 * on the simulator's timeline; a desk that is a supervised actor with a machine, whose arrivals and ends of service
 * are durable timers, first in a kernel whose writes are durable at once, then on a simulated node with its journal
 * and its flushes. Rates are customers a second of CPU. Each way has to come to the wait that the formula gives.
 *
 * Source: Erlang's C: a wait of 1.7778 mean services. SimPy 3 is Debian's `python3-simpy3`.
 */
import { execFileSync } from 'node:child_process'
import { Type } from 'typebox'
import { assign, setup } from 'xstate'
import type { ActorId, Birth, Delivered, Effect, Instant, MessageOf } from '#actor'
import { defineActor, draw, ref, supervise } from '#actor'
import { defineCluster } from '#host'
import { Registry } from '#kernel'
import { EventClass, simulate, Timeline } from '#sim'
import { LoneKernel } from './lone-kernel.ts'
import { type Report, rateOf, SideBySide, type Way } from './side-by-side.ts'

const servers = 2
/** Of 0.8 of what two servers can do, with a mean service of a second. */
const meanGapUs = 625_000
const meanServiceUs = 1_000_000
const expectedWaitUs = 1_777_778
const wait = { tolerance: 0.25, customersMin: 20_000 }
const customersATime = 1_000

const exponential = (mean: number, uniform: number): number => Math.round(-mean * Math.log(1 - uniform))

/** What is known of the customers that were served so far. */
interface Served {
  readonly served: number
  readonly waitedUs: number
}

function checkWait(way: string, { served, waitedUs }: Served): void {
  const mean = waitedUs / served
  if (served < wait.customersMin || Math.abs(mean / expectedWaitUs - 1) <= wait.tolerance) return
  throw new Error(`${way}: ${served} customers waited ${(mean / 1e6).toFixed(3)} s each, not 1.778.`)
}

// ── SimPy ──

const simpy = `
import random, sys, time
try:
    import simpy
except ImportError:
    print('missing'); sys.exit(0)
waited = 0.0
def customer(env, desk):
    global waited
    came = env.now
    with desk.request() as turn:
        yield turn
        waited += env.now - came
        yield env.timeout(random.expovariate(1.0))
def source(env, desk, n):
    for _ in range(n):
        yield env.timeout(random.expovariate(1.6))
        env.process(customer(env, desk))
n, seed = int(sys.argv[1]), int(sys.argv[2])
random.seed(seed)
start = time.process_time()
env = simpy.Environment()
env.process(source(env, simpy.Resource(env, capacity=2), n))
env.run()
print(n / (time.process_time() - start), waited / n, simpy.__version__)
`

/** Debian's package is for Debian's own Python, which need not be the first one. */
const pythons = ['python3', '/usr/bin/python3']

interface SimPyRun {
  readonly rate: number
  readonly waitedUs: number
  readonly version: string
}

/** Undefined when it is not installed there. */
function simpyRun(python: string, customers: number, seed: number): SimPyRun | undefined {
  const printed = execFileSync(python, ['-c', simpy, String(customers), String(seed)], { encoding: 'utf8' })
  const [rate, waited, version = ''] = printed.trim().split(' ')
  if (rate === 'missing') return undefined
  return { rate: Number(rate), waitedUs: Number(waited) * 1e6, version }
}

function pythonWithSimPy(): { readonly python: string; readonly version: string } | undefined {
  for (const python of pythons) {
    try {
      const found = simpyRun(python, 1, 1)
      if (found !== undefined) return { python, version: found.version }
    } catch {
      // There is no such Python.
    }
  }
  return undefined
}

function simpyWay(python: string): Way {
  let seed = 0
  let sum: Served = { served: 0, waitedUs: 0 }
  return () => {
    seed += 1
    const customers = 10_000
    const found = simpyRun(python, customers, seed)
    if (found === undefined) throw new Error('SimPy has gone.')
    sum = { served: sum.served + customers, waitedUs: sum.waitedUs + found.waitedUs * customers }
    checkWait('SimPy', sum)
    return found.rate
  }
}

// ── bare handlers ──

class Handlers {
  readonly #timeline = new Timeline(1)
  readonly #gap = this.#timeline.stream('gap')
  readonly #service = this.#timeline.stream('service')
  readonly #waiting: number[] = []
  #busy = 0
  served = 0
  waitedUs = 0

  constructor() {
    this.#arrive()
  }

  /** Until so many more customers have come to a server. */
  run(customers: number): void {
    const until = this.served + customers
    while (this.served < until) this.#timeline.run({ eventsMax: customers })
  }

  readonly #arrive = (): void => {
    if (this.#busy < servers) this.#serve(this.#timeline.now)
    else this.#waiting.push(this.#timeline.now)
    const gap = exponential(meanGapUs, this.#gap())
    this.#timeline.at(this.#timeline.now + gap, EventClass.arrival, this.#arrive)
  }

  #serve(since: number): void {
    this.#busy += 1
    this.served += 1
    this.waitedUs += this.#timeline.now - since
    const service = exponential(meanServiceUs, this.#service())
    this.#timeline.at(this.#timeline.now + service, EventClass.end, this.#end)
  }

  readonly #end = (): void => {
    this.#busy -= 1
    const since = this.#waiting.shift()
    if (since !== undefined) this.#serve(since)
  }
}

function handlersWay(): Way {
  const handlers = new Handlers()
  return async (forMs) => {
    const rate = await rateOf(forMs, customersATime, () => handlers.run(customersATime))
    checkWait('handlers', handlers)
    return rate
  }
}

// ── actors ──

const DeskMessage = Type.Object({ type: Type.Literal('desk.open') })
type Timer = { readonly type: 'desk.arrival' } | { readonly type: 'desk.end'; readonly server: number }
type DeskEvent = Delivered<MessageOf<typeof DeskMessage> | Timer>

interface Desk extends Served {
  readonly id: ActorId
  readonly came: number
  /** When those came who wait. */
  readonly waiting: readonly Instant[]
  readonly busy: readonly boolean[]
}

const timer = (id: string, meanUs: number, uniform: number, message: Timer): Effect => ({
  kind: 'schedule',
  id,
  delayMs: exponential(meanUs, uniform) / 1_000,
  message,
  clock: 'world',
})

const arrivalTimer = ({ came }: Desk): Effect =>
  timer('arrival', meanGapUs, draw(1, 'gap', came), { type: 'desk.arrival' })
const serviceTimer = ({ served }: Desk, server: number): Effect =>
  timer(`server-${server}`, meanServiceUs, draw(1, 'service', served), { type: 'desk.end', server })

const freeServer = ({ busy }: Desk): number => busy.indexOf(false)
const withServer = ({ busy }: Desk, server: number, isBusy: boolean): readonly boolean[] =>
  busy.with(server, isBusy)

const deskMachine = setup({
  types: { context: {} as Desk, events: {} as DeskEvent, input: {} as Birth },
  actions: {
    awaitNext: ({ context }) => arrivalTimer(context),
    serveNow: ({ context }) => serviceTimer(context, freeServer(context)),
    serveNext: ({ context, event }) => serviceTimer(context, event.type === 'desk.end' ? event.server : 0),
    took: assign(({ context }) => ({
      came: context.came + 1,
      served: context.served + 1,
      busy: withServer(context, freeServer(context), true),
    })),
    queued: assign(({ context, event }) => ({
      came: context.came + 1,
      waiting: [...context.waiting, event.at],
    })),
    tookNext: assign(({ context, event }) => ({
      waiting: context.waiting.slice(1),
      served: context.served + 1,
      waitedUs: context.waitedUs + event.at - (context.waiting[0] as Instant),
    })),
    freed: assign(({ context, event }) => ({
      busy: withServer(context, event.type === 'desk.end' ? event.server : 0, false),
    })),
  },
  guards: {
    isFree: ({ context }) => freeServer(context) >= 0,
    isWaitedFor: ({ context }) => context.waiting.length > 0,
  },
}).createMachine({
  context: ({ input }) => ({
    id: input.id,
    came: 0,
    served: 0,
    waitedUs: 0,
    waiting: [],
    busy: Array.from({ length: servers }, () => false),
  }),
  on: {
    'desk.open': { actions: 'awaitNext' },
    'desk.arrival': [
      { guard: 'isFree', actions: ['awaitNext', 'serveNow', 'took'] },
      { actions: ['awaitNext', 'queued'] },
    ],
    'desk.end': [{ guard: 'isWaitedFor', actions: ['serveNext', 'tookNext'] }, { actions: 'freed' }],
  },
})

const desk = defineActor({
  type: 'desk',
  accepts: DeskMessage,
  creates: ['desk.open'],
  machine: deskMachine,
})
const deskRef = ref<MessageOf<typeof DeskMessage>>('desk', 'one')
const departments = [{ name: 'desks', shards: 1, actors: [desk] }]
const supervision = supervise({ name: 'root', children: [desk] })
const open = { kind: 'command', message: { type: 'desk.open' } } as const

function actorWay(way: string, kernel: () => LoneKernel['kernel'] | undefined, step: () => void): Way {
  const served = (): Served => {
    for (const { activations } of kernel()?.shards.values() ?? []) {
      const state = activations.get(deskRef)?.state
      if (state !== undefined) return state.context as Desk
    }
    return { served: 0, waitedUs: 0 }
  }
  const run = (customers: number): void => {
    for (const until = served().served + customers; served().served < until; ) step()
  }
  return async (forMs) => {
    const rate = await rateOf(forMs, customersATime, () => run(customersATime))
    checkWait(way, served())
    return rate
  }
}

function kernelWay(): Way {
  const lone = new LoneKernel(new Registry({ departments, supervision }))
  lone.request(deskRef, open)
  lone.run()
  return actorWay(
    'kernel',
    () => lone.kernel,
    () => lone.wake(),
  )
}

function nodeWay(): Way {
  const cluster = defineCluster({
    departments,
    supervision,
    groups: { main: { departments: ['desks'], nodes: 1, nodesMax: 1 } },
  })
  const world = simulate(cluster, { seed: 1, copies: false })
  world.runFor(5_000)
  world.request('edge-1', { actor: deskRef, body: open, timeoutMs: 5_000 }, () => {})
  return actorWay(
    'node',
    () => world.nodeOf('node-1')?.kernel,
    () => world.runFor(60_000),
  )
}

export async function measure(): Promise<Report> {
  const peer = pythonWithSimPy()
  const ours = { handlers: handlersWay(), kernel: kernelWay(), node: nodeWay() }
  const rounds = { rounds: 7, roundMs: 500 }
  const title = 'a queue with two servers (M/M/2, ρ = 0.8) in virtual time'
  const notMeasured = [
    'a cluster of several nodes: one desk is one actor, and lives on one',
    'customers that are actors: here they are what the desk knows of them',
  ]
  const figuresOf = (found: { median(name: keyof typeof ours): number }) => [
    { what: 'bare event handlers', value: found.median('handlers'), unit: 'customers/s' },
    { what: 'a supervised actor, in a kernel alone', value: found.median('kernel'), unit: 'customers/s' },
    {
      what: 'the same on a simulated node, with its journal',
      value: found.median('node'),
      unit: 'customers/s',
    },
  ]
  if (peer === undefined) {
    const found = await SideBySide.run(ours, rounds)
    const missing = 'SimPy, which is not here, and with it the goals: apt-get install python3-simpy3'
    return {
      promise: 'P8',
      title,
      figures: figuresOf(found),
      goals: [],
      notMeasured: [missing, ...notMeasured],
    }
  }
  const found = await SideBySide.run({ simpy: simpyWay(peer.python), ...ours }, rounds)
  return {
    promise: 'P8',
    title,
    figures: [
      { what: `SimPy ${peer.version}`, value: found.median('simpy'), unit: 'customers/s' },
      ...figuresOf(found),
    ],
    goals: [
      {
        what: 'bare event handlers, of SimPy',
        value: found.ratio('handlers', 'simpy'),
        unit: '×',
        atLeast: 10,
      },
      {
        what: 'a supervised actor, in a kernel alone, of SimPy',
        value: found.ratio('kernel', 'simpy'),
        unit: '×',
        atLeast: 1,
      },
      {
        what: 'the same on a simulated node, with its journal, of SimPy',
        value: found.ratio('node', 'simpy'),
        unit: '×',
        atLeast: 1,
      },
    ],
    notMeasured,
  }
}
