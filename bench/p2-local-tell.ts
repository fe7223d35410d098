/**
 * P2: a local tell to a machine actor, kernel only, beside nact that runs the same machine.
 *
 * Method: two hundred orders go their way in step: each is told the message that it waits for, then all the next
 * one. In the kernel a waiter tells them, one turn for two hundred tells; to nact's actors they are dispatched.
 * Both sides run what the machine's actions describe: a timer is a row and an entry of the kernel's heap here, a
 * `setTimeout` there. The kernel checks every message against its contract, closes batches of two hundred turns
 * and takes the snapshots that a store would write.
 */
import { dispatch, type Ref, spawn, start } from 'nact'
import {
  type AnyActorScope,
  type EventFromLogic,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { Machine } from '#kernel'
import type { Observer } from '#ports'
import { LoneKernel } from './lone-kernel.ts'
import {
  type OrderMessage,
  order,
  orderDay,
  orderMachine,
  orderRef,
  orderRegistry,
  orderStates,
  waiterRef,
} from './order.ts'
import { type Report, rateOf, SideBySide, type Way } from './side-by-side.ts'

const orders = 200

type Snapshot = SnapshotFrom<typeof orderMachine>
type Event = EventFromLogic<typeof orderMachine>
type Action = Parameters<AnyActorScope['actionExecutor']>[0]

const at = 1_000_000 as Instant
const birthOf = (n: number): Birth => ({ id: orderRef(n), key: `ord-${n}`, at })
const eventOf = (step: number): Delivered<OrderMessage> => ({
  ...(orderDay[step % orderDay.length] as OrderMessage),
  at,
})
const day = orderDay.map((_, step) => eventOf(step))

/** In which way a program steps a machine. */
interface Stepper {
  readonly born: (birth: Birth) => Snapshot
  readonly step: (snapshot: Snapshot, event: Event) => Snapshot
}

type Run = (action: Action) => void

function publicTransition(run: Run): Stepper {
  return {
    born: (birth) => initialTransition(orderMachine, birth)[0],
    step: (snapshot, event) => {
      const [next, actions] = transition(orderMachine, snapshot, event)
      for (const action of actions) run(action as unknown as Action)
      return next
    },
  }
}

function reusedScope(run: Run): Stepper {
  const scope = {
    self: {},
    system: { _sendInspectionEvent: () => {} },
    defer: () => {},
    actionExecutor: run,
  } as unknown as AnyActorScope
  return {
    born: (birth) => orderMachine.getInitialSnapshot(scope, birth),
    step: (snapshot, event) => orderMachine.transition(snapshot, event, scope),
  }
}

/** What a program without a runtime for it does with an action: calls it, and keeps delayed events as timeouts. */
class Timeouts {
  readonly #pending = new Map<string, NodeJS.Timeout>()

  readonly run: Run = ({ type, info, params, exec }) => {
    if (type === 'xstate.raise') {
      const { id = '', delay } = params as { id?: string; delay?: number }
      if (delay !== undefined) this.#pending.set(id, setTimeout(() => {}, delay).unref())
    } else if (type === 'xstate.cancel') {
      const { sendId } = params as { sendId: string }
      clearTimeout(this.#pending.get(sendId))
      this.#pending.delete(sendId)
    } else exec?.(info, params)
  }
}

function nact(stepperOf: (run: Run) => Stepper): Way {
  const system = start()
  let handled = 0
  let allHandled = (): void => {}
  const actors: Ref<Event>[] = []
  const states: string[] = []
  for (let n = 0; n < orders; n += 1) {
    const { born, step } = stepperOf(new Timeouts().run)
    const actor = spawn(
      system,
      (state: Snapshot, event: Event) => {
        const next = step(state, event)
        states[n] = String(next.value)
        handled += 1
        if (handled === orders) allHandled()
        return next
      },
      `order-${n}`,
      { initialState: born(birthOf(n)) },
    )
    actors.push(actor as Ref<Event>)
  }
  let steps = 0
  return (forMs) =>
    rateOf(forMs, orders, async () => {
      const all = new Promise<void>((resolve) => {
        allHandled = resolve
      })
      handled = 0
      const event = day[steps % day.length] as Event
      for (const actor of actors) dispatch(actor, event)
      await all
      check(states[0], steps)
      steps += 1
    })
}

/** Tells a second through the kernel, whose observer is told of them. */
export function kernel(observer?: Observer): Way {
  const lone = new LoneKernel(orderRegistry(16), {}, observer)
  const shards = [...lone.kernel.shards.values()]
  let steps = 0
  return (forMs) =>
    rateOf(forMs, orders, () => {
      const message = { type: 'waiter.serve', step: steps, from: 0, to: orders } as const
      lone.request(waiterRef(0), { kind: 'command', message })
      lone.run()
      const activation = shards
        .find((shard) => shard.activations.has(orderRef(0)))
        ?.activations.get(orderRef(0))
      check(activation?.state?.value, steps)
      steps += 1
    })
}

function bare(stepper: {
  born(): unknown
  step(state: unknown, event: Delivered<OrderMessage>): unknown
}): Way {
  let state = stepper.born()
  return (forMs) =>
    rateOf(forMs, day.length, () => {
      for (const event of day) state = stepper.step(state, event)
    })
}

/** Turns a second through the kernel's adapter, with nothing around it. */
export function machineAlone(): Way {
  const machine = new Machine(order)
  return bare({
    born: () => machine.birth(birthOf(0)).state,
    step: (state, event) => {
      const turn = machine.turn(state as Parameters<Machine['turn']>[0], event)
      if (turn === 'not-accepted') throw new Error(`The order did not accept ${event.type}.`)
      return turn.state
    },
  })
}

function check(state: unknown, step: number): void {
  const expected = orderStates[step % orderStates.length]
  if (state !== expected) throw new Error(`An order is '${String(state)}', not '${expected}'.`)
}

export async function measure(): Promise<Report> {
  const inert = reusedScope(() => {})
  const visible = publicTransition(() => {})
  const alone = ({ born, step }: Stepper): Way =>
    bare({ born: () => born(birthOf(0)), step: (state, event) => step(state as Snapshot, event) })
  const found = await SideBySide.run({
    kernel: kernel(),
    nactReused: nact(reusedScope),
    nactPublic: nact(publicTransition),
    adapter: machineAlone(),
    reused: alone(inert),
    public: alone(visible),
  })
  const rate = (what: string, name: Parameters<typeof found.median>[0]) => ({
    what,
    value: found.median(name),
    unit: 'tells/CPU s',
  })
  return {
    promise: 'P2',
    title: 'local tell to a machine actor, kernel only',
    figures: [
      rate('Brigade: Kernel.step', 'kernel'),
      rate('nact, the machine with one reused scope', 'nactReused'),
      rate('nact, the machine with public transition()', 'nactPublic'),
      rate('the machine alone: Machine.turn', 'adapter'),
      rate('the machine alone: XState with one scope, actions not run', 'reused'),
      rate('the machine alone: XState, public transition(), actions not run', 'public'),
    ],
    goals: [
      {
        what: 'Brigade / nact with a reused scope',
        value: found.ratio('kernel', 'nactReused'),
        unit: '×',
        atLeast: 1.2,
      },
      {
        what: 'Brigade / nact with public transition()',
        value: found.ratio('kernel', 'nactPublic'),
        unit: '×',
        atLeast: 3,
      },
    ],
    notMeasured: [
      'births: all actors are in memory before the first round',
      'a store: every batch counts as durable at once',
      'nact checks no contracts, journals nothing and takes no snapshots; its timeouts are lost with the process',
    ],
  }
}
