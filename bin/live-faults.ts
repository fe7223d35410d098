/**
 * Breaking a live cluster on purpose: the launcher's faults, and messages to what stands in the kitchen.
 *
 * The launcher remembers all of them, also when this gateway ends: they end by themselves all the same. What a message
 * has broken a message must mend: the gateway that set it does so in time, or one that starts later and finds it.
 *
 * Owns:     what each kind of fault is in the launcher's words, and the way to an actor and back.
 * Does not: check who asks, or whether a fault leaves enough nodes (`#gateway`).
 */
import type { ActorId, Message } from '#actor'
import type {
  ActorRequest,
  ClusterClient,
  CommandOutcome,
  FaultControl,
  FaultView,
  NodeState,
  SetFault,
} from '#gateway'
import type {
  FaultStatus,
  FaultyLink,
  Injection,
  CommandOutcome as LauncherOutcome,
  NodeControl,
} from '#live'
import type { NodeId, Outcome } from '#ports'
import { type HouseFault, houseFaults, type Seen, spoils, unfitness } from './house-faults.ts'

const requestTimeoutMs = 3_000
/** What could not be mended is tried again so often: its actor may be on its way to another node. */
const triesMax = 60
const againMs = 1_000
/** Then nobody waits for it any more, and it is tried again so much later. */
const laterMs = 60_000

/** What is told has not happened, and will not. */
const untouched: ReadonlySet<Outcome['kind']> = new Set([
  'not-accepted',
  'unknown',
  'invalid',
  'busy',
  'moved',
  'stopped',
])
const isSettled: ReadonlySet<Outcome['kind']> = new Set(['done', 'not-accepted', 'unknown'])

const ofTheSimulator = 'npx brigade up --sim DAY has it.'
const off: FaultControl['off'] = {
  'power-loss': `The disk of a live cluster is this machine's, which keeps its power. ${ofTheSimulator}`,
  'crash-at': `A live process has no such point at which one could stand. ${ofTheSimulator}`,
  'slow-reads': `A live cluster reads from memory. ${ofTheSimulator}`,
  'write-fails': `A live disk that fails once is not to be trusted: every node would end. ${ofTheSimulator}`,
  'torn-write': `The disk of a live cluster is this machine's, which keeps its power. ${ofTheSimulator}`,
  'clock-drift': `A live clock can jump, and goes no faster. ${ofTheSimulator}`,
  'turns-throw': `The actors of a live cluster are as they are written. ${ofTheSimulator}`,
  'delivery-late': 'What is due is written in the file of a day. Take the suppliers out instead.',
}

type About = Omit<SetFault, 'id'>

export interface LiveFaultsParts {
  readonly control: Pick<NodeControl, 'command'>
  readonly client: Pick<ClusterClient, 'request' | 'cluster'>
}

export class LiveFaults implements FaultControl {
  readonly off = off
  readonly only = {}
  readonly #parts: LiveFaultsParts
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(parts: LiveFaultsParts) {
    this.#parts = parts
  }

  nowMs(): number {
    return performance.now()
  }

  async faults(): Promise<readonly FaultView[]> {
    return (await this.#statuses()).flatMap(viewOf)
  }

  async unfit(fault: Pick<SetFault, 'kind' | 'target'>): Promise<string | undefined> {
    if (houseFaults[fault.kind] === undefined) return undefined
    return unfitness(fault, await this.#inspect(fault.target.actor as ActorId))
  }

  async strike(fault: SetFault): Promise<CommandOutcome> {
    return settled(async () => {
      if (fault.kind === 'spoilage') return this.#spoil(fault)
      if (houseFaults[fault.kind] !== undefined) return this.#breakInHouse(fault)
      const injection = await this.#injectionOf(fault)
      return meaningOf(await this.#parts.control.command({ kind: 'inject', ...injection }), fault)
    })
  }

  async revert(id?: string): Promise<CommandOutcome> {
    return settled(async () => {
      const broken = (await this.#statuses()).filter(
        (one) => one.ended === undefined && (id === undefined || one.id === id),
      )
      // The rest is healed first: an actor may be behind a link that is cut.
      if (id === undefined) await this.#parts.control.command({ kind: 'heal' })
      else for (const one of broken) if (!one.isMendedFirst) await this.#heal(one.id)
      const mended = await Promise.all(
        broken.filter((one) => one.isMendedFirst).map((one) => this.#mend(one, 'reverted')),
      )
      return mended.find(({ kind }) => kind !== 'accepted') ?? { kind: 'accepted' }
    })
  }

  /** Those that an earlier gateway has set with messages, and that are to be mended in their time. */
  async adopt(): Promise<void> {
    for (const one of await this.#statuses())
      if (one.isMendedFirst && one.ended === undefined && one.leftMs !== undefined)
        this.#mendIn(one, one.leftMs)
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  async #statuses(): Promise<readonly FaultStatus[]> {
    const outcome = await this.#parts.control.command({ kind: 'status' })
    return outcome.kind === 'status' ? outcome.faults : []
  }

  async #injectionOf(fault: SetFault): Promise<Injection> {
    const { id, kind, target, params, forMs } = fault
    const node = target.node as NodeId
    const common = { id, about: aboutOf(fault), ...(forMs !== undefined && { forMs }) }
    const ofProcess = (broken: object): Injection => ({
      ...common,
      processes: [{ ...broken, ...(target.node !== undefined && { node }) }],
    })
    const onLinks = (broken: Omit<FaultyLink, 'from' | 'to'>): Injection => ({
      ...common,
      links: linksOf(fault).map(([from, to]) => ({ from, to, ...broken })),
    })
    const share = Number(params.share)
    const byMs = Number(params.byMs)
    switch (kind) {
      case 'crash-node':
        return { ...common, strikes: { how: 'crash', nodes: [node] } }
      case 'pause-node':
        return { ...common, strikes: { how: 'pause', nodes: [node] } }
      case 'drain-node':
        return { ...common, strikes: { how: 'drain', nodes: [node] } }
      case 'rolling-restart':
        return { ...common, strikes: { how: 'restart', nodes: await this.#hosts('up') } }
      case 'restart-cluster':
        return { ...common, strikes: { how: 'crash', nodes: await this.#hosts('up', 'cordoned') } }
      case 'long-gc':
        return ofProcess({ stallMs: params.pauseMs })
      case 'slow-disk':
        return ofProcess({ flushDelayMs: byMs })
      case 'full-disk':
        return ofProcess({ isDiskFull: true })
      case 'clock-step':
        return ofProcess({ clockStepMs: byMs })
      case 'mail-outage':
        return ofProcess({ deadHandlers: ['mail.send'] })
      case 'sms-outage':
        return ofProcess({ deadHandlers: ['sms.send'] })
      case 'webhook-outage':
        return ofProcess({ deadHandlers: ['webhook.deliver'] })
      case 'partition':
        return onLinks({ cut: true })
      case 'delay-frames':
        return onLinks({ delayMs: byMs })
      case 'drop-frames':
        return onLinks({ drop: share })
      case 'duplicate-frames':
        return onLinks({ duplicate: share })
      case 'reorder-frames':
        return onLinks({ reorder: share })
      case 'corrupt-frames':
        return onLinks({ corrupt: share })
      default:
        return { ...common, outside: { kind, ...params } }
    }
  }

  async #hosts(...states: readonly NodeState[]): Promise<readonly NodeId[]> {
    const { nodes } = await this.#parts.client.cluster()
    return nodes.filter(({ group, state }) => group !== 'edge' && states.includes(state)).map(({ id }) => id)
  }

  /** It is remembered first: whoever comes after this gateway finds it, and mends it. */
  async #breakInHouse(fault: SetFault): Promise<CommandOutcome> {
    const { id, kind, target, params, forMs } = fault
    const house = houseFaults[kind]
    const actor = target.actor as ActorId
    if (house === undefined) return { kind: 'failed', detail: `${kind} is no fault of the house` }
    const remembered = {
      ...{ id, about: aboutOf(fault), isMendedFirst: true },
      ...(forMs !== undefined && { forMs }),
    }
    await this.#parts.control.command({ kind: 'inject', ...remembered })
    const outcome = await this.#tell(actor, house.breaks(params), `${id} breaks`)
    if (outcome.kind !== 'done') {
      if (untouched.has(outcome.kind)) await this.#heal(id)
      // It may break yet.
      else void settled(() => this.#mend({ id, about: remembered.about }, 'reverted'))
      return { kind: 'refused', reason: 'invalid-transition', detail: refusalIn(outcome, actor) }
    }
    const met = (await this.#shows(actor, house)) ? 1 : 0
    const again = await this.#parts.control.command({ kind: 'inject', ...remembered, met })
    if (again.kind === 'refused') {
      // Reverted while it struck: what mended it may have come before what broke it.
      void settled(() => this.#mend({ id, about: remembered.about }, 'reverted', `${id} mends again`))
      return { kind: 'refused', reason: 'invalid-transition', detail: `${actor} was reverted meanwhile.` }
    }
    if (forMs !== undefined) this.#mendIn({ id, about: aboutOf(fault) }, forMs)
    return { kind: 'accepted' }
  }

  async #spoil(fault: SetFault): Promise<CommandOutcome> {
    const actor = fault.target.actor as ActorId
    for (let n = 0; n < triesMax; n += 1) {
      const level = await this.#request({ actor, body: { kind: 'query', name: 'level' } })
      const message =
        level.kind === 'answer' ? spoils(Number(level.value), Number(fault.params.share)) : undefined
      if (message === undefined)
        return {
          kind: 'refused',
          reason: 'invalid-transition',
          detail: `Nothing in ${actor} is free to spoil.`,
        }
      const outcome = await this.#tell(actor, message, `${fault.id} ${n}`)
      // Some of it was taken meanwhile: what is left has spoiled as well.
      if (outcome.kind === 'done' && outcome.reply?.type === 'bin.negative-stock') continue
      if (outcome.kind !== 'done')
        return { kind: 'refused', reason: 'invalid-transition', detail: refusalIn(outcome, actor) }
      const { id } = fault
      await this.#parts.control.command({ kind: 'inject', id, about: aboutOf(fault), met: 1 })
      await this.#heal(id, true)
      return { kind: 'accepted' }
    }
    return { kind: 'failed', detail: `${actor} changes too fast` }
  }

  #mendIn(fault: Pick<FaultStatus, 'id' | 'about'>, ms: number): void {
    clearTimeout(this.#timers.get(fault.id))
    const timer = setTimeout(() => void settled(() => this.#mend(fault, 'over')), Math.max(0, ms))
    this.#timers.set(fault.id, timer.unref())
  }

  async #mend(
    { id, about }: Pick<FaultStatus, 'id' | 'about'>,
    how: 'over' | 'reverted',
    key = `${id} mends`,
  ): Promise<CommandOutcome> {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    const { kind, target } = about as About
    const house = houseFaults[kind]
    for (let n = 0; n < triesMax; n += 1) {
      const outcome = house && (await this.#tell(target.actor as ActorId, house.mends, key))
      // One that does not take it is whole already.
      if (outcome === undefined || isSettled.has(outcome.kind)) {
        await this.#heal(id, how === 'over')
        return { kind: 'accepted' }
      }
      await new Promise((resolve) => setTimeout(resolve, againMs))
    }
    this.#mendIn({ id, about }, laterMs)
    return {
      kind: 'failed',
      detail: `${target.actor} does not answer. Mending it is tried again in ${laterMs / 1_000} s.`,
    }
  }

  async #heal(id: string, isOver = false): Promise<void> {
    await this.#parts.control.command({ kind: 'heal', id, isOver })
  }

  #tell(actor: ActorId, message: Message, key: string): Promise<Outcome> {
    return this.#request({ actor, body: { kind: 'command', message }, key, fingerprint: '' })
  }

  async #shows(actor: ActorId, house: HouseFault): Promise<boolean> {
    const outcome = await this.#inspect(actor)
    return outcome.kind === 'answer' && house.shows(outcome.value as Seen)
  }

  #inspect(actor: ActorId): Promise<Outcome> {
    return this.#request({ actor, body: { kind: 'operate', command: { kind: 'inspect' } } })
  }

  #request(request: Omit<ActorRequest, 'timeoutMs'>): Promise<Outcome> {
    return this.#parts.client.request({ ...request, timeoutMs: requestTimeoutMs })
  }
}

const aboutOf = ({ id: _, ...about }: SetFault): About => about

/** Both ways, unless it is one-way. */
function linksOf({ target: { a = [], b = [] }, params }: SetFault): readonly (readonly [NodeId, NodeId])[] {
  const there = a.flatMap((from) => b.map((to) => [from as NodeId, to as NodeId] as const))
  return params.oneWay === true
    ? there
    : there.flatMap(([from, to]) => [[from, to] as const, [to, from] as const])
}

function viewOf({ id, about, met, ageMs, leftMs, ended }: FaultStatus): readonly FaultView[] {
  // Others may use the launcher, too.
  const said = about as About | undefined
  if (said?.kind === undefined) return []
  return [
    {
      ...said,
      id,
      met,
      ageMs,
      ...(leftMs !== undefined && { leftMs: Math.max(0, leftMs) }),
      ...(ended && { ended }),
    },
  ]
}

function meaningOf(outcome: LauncherOutcome, { target, kind }: SetFault): CommandOutcome {
  switch (outcome.kind) {
    case 'gone':
      return { kind: 'refused', reason: 'node-gone', detail: outcome.detail }
    case 'unknown-node':
      return { kind: 'unknown-node', node: (target.node ?? '') as NodeId }
    case 'refused':
      return { kind: 'refused', reason: 'unsupported', detail: `${kind}: ${outcome.detail}` }
    default:
      return { kind: 'accepted' }
  }
}

function refusalIn(outcome: Outcome, actor: ActorId): string {
  return outcome.kind === 'not-accepted'
    ? `${actor} does not take this in its state ${JSON.stringify(outcome.state)}.`
    : `${actor} did not answer (${outcome.kind}).`
}

async function settled(act: () => Promise<CommandOutcome>): Promise<CommandOutcome> {
  try {
    return await act()
  } catch (error) {
    return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}
