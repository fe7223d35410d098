/**
 * The parent of all node processes, and the one who can prove that a node has ended.
 *
 * It owns no shard and sees no domain message. What the cluster rests on is that its word about an end is true:
 * a node leaves the membership when the exit of its process has been observed, and for no other reason.
 *
 * Owns:     the nodes of one machine: their processes, phases and lives; the membership.
 * Does not: know comedy (`forked-node.ts`), what runs in a node (`node-process.ts` and its body), which faults are in force
 *           (`fault-board.ts`), when a process is overdue (`pulse.ts`), or how often a node may come back
 *           (`restart-policy.ts`).
 *
 * Invariants:
 *   L1. A member leaves the view only after the exit of its process was observed (`announce-end` breaks this, and
 *       needs the test switches).
 *   L2. A node has at most one process, and the view holds only processes that said that they are ready.
 *   L3. When `exited` resolves no node process runs, and another launcher may take the folder.
 */
import type { Member, NodeId } from '#ports'
import type {
  CommandOutcome,
  Injection,
  LauncherCommand,
  MembersView,
  NodeHealth,
  NodePhase,
  NodeStatus,
  StartOrder,
} from './control.ts'
import { type DataLock, lockDataFolder } from './data-lock.ts'
import { type Fault, FaultBoard, type OutsideTrouble } from './fault-board.ts'
import { ForkedNode, type ProcessEnd } from './forked-node.ts'
import { type LauncherSettings, launcherSettings } from './launcher-defaults.ts'
import { LauncherMembership } from './launcher-membership.ts'
import { isStopped, queuedMs } from './process-identity.ts'
import { ProcessRecord } from './process-record.ts'
import { Pulse } from './pulse.ts'
import { RestartPolicy } from './restart-policy.ts'

export interface LauncherOptions {
  /** Created if need be. One launcher at a time. */
  readonly dataFolder: string
  /**
   * Drained in reverse order at the end: name the one that lets requests in last. A function is called when the
   * folder is held and nothing of an earlier launcher runs any more; if it rejects, nothing is launched.
   */
  readonly groups: readonly LaunchGroup[] | (() => Promise<readonly LaunchGroup[]>)
  /** Called when no node runs any more, before another launcher may take the folder. */
  ended?(): Promise<void>
  readonly settings?: Partial<LauncherSettings>
  /** Allows commands that make the launcher lie. For tests of what must hold even then. */
  readonly testSwitches?: boolean
  /** Brings trouble to a party outside, in the words of `Injection.outside`. Undefined: it knows no such trouble. */
  trouble?(words: unknown): OutsideTrouble | undefined
  /** What happens, for logs. */
  report?(event: LauncherEvent): void
}

export interface LaunchGroup {
  readonly name: string
  /** Its nodes are called `prefix-1`, `prefix-2`, …; groups may share one. */
  readonly prefix: string
  readonly nodes: number
  /** `add-node` goes no further. */
  readonly nodesMax: number
  /** URL of the module whose `startNode` is the body. */
  readonly module: string
  /** Given to the body. JSON. */
  readonly config: unknown
}

export type LauncherEvent =
  | { readonly kind: 'orphan-ended'; readonly node: NodeId; readonly pid: number }
  | { readonly kind: 'spawned'; readonly node: NodeId; readonly life: number; readonly pid: number }
  | { readonly kind: 'ready'; readonly node: NodeId; readonly life: number; readonly address: string }
  | { readonly kind: 'start-failed'; readonly node: NodeId; readonly life: number; readonly error: string }
  | { readonly kind: 'ended'; readonly node: NodeId; readonly life: number; readonly how: string }
  | { readonly kind: 'given-up'; readonly node: NodeId; readonly restarts: number }
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  | { readonly kind: 'halted'; readonly cause: string }

interface Slot {
  readonly node: NodeId
  readonly group: LaunchGroup
  readonly policy: RestartPolicy
  phase: NodePhase
  life: number
  process?: ForkedNode | undefined
  address: string
  cordoned: boolean
  /** What follows the next exit; absent: the restart policy decides. */
  next?: 'down' | 'start' | undefined
  /** Why the launcher killed it. */
  killedFor?: string | undefined
  /** Of its process. */
  pulse: Pulse
  health?: NodeHealth | undefined
  /** The life that was stopped by `pause` and not resumed since. */
  pausedLife?: number | undefined
  /** The life whose end was announced and has not happened. */
  buriedLife?: number | undefined
  lastEnd?: string | undefined
  /** Of the phase; ends with it. */
  timer?: NodeJS.Timeout | undefined
}

type Options = LauncherOptions & { readonly groups: readonly LaunchGroup[] }

export class Launcher {
  readonly #settings: LauncherSettings
  readonly #options: Options
  readonly #lock: DataLock
  readonly #record: ProcessRecord
  readonly #slots = new Map<NodeId, Slot>()
  readonly #faults = new FaultBoard()
  #waiters: { readonly holds: () => boolean; readonly resolve: () => void }[] = []
  #view: MembersView = { version: 0, members: [] }
  readonly #joined: Member[] = []
  readonly #watchers: ((view: MembersView) => void)[] = []
  #ending = false
  #ended = false
  #heart: NodeJS.Timeout | undefined
  #finish: (code: 0 | 1) => void = () => {}

  /** 0 after `stop`; 1 when no node is left, or after `halt`. */
  readonly exited: Promise<0 | 1>

  /**
   * Takes the data folder, ends what an earlier launcher left, and starts the nodes. Throws DATA_IN_USE when
   * another launcher holds the folder.
   */
  static async launch(options: LauncherOptions): Promise<Launcher> {
    const settings = launcherSettings(options.settings)
    const lock = lockDataFolder(options.dataFolder)
    try {
      const record = new ProcessRecord(options.dataFolder)
      const orphans = await record.endOrphans(settings.orphanEndBoundMs)
      for (const [node, pid] of orphans) options.report?.({ kind: 'orphan-ended', node, pid })
      const groups = typeof options.groups === 'function' ? await options.groups() : options.groups
      return new Launcher({ ...options, groups }, settings, lock, record)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  private constructor(options: Options, settings: LauncherSettings, lock: DataLock, record: ProcessRecord) {
    this.#options = options
    this.#settings = settings
    this.#lock = lock
    this.#record = record
    this.exited = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#heart = setInterval(() => this.#beat(), settings.heartbeatIntervalMs)
    for (const group of options.groups) {
      for (let n = 0; n < group.nodes; n++) this.#start(this.#newSlot(group))
    }
  }

  /** Every node that was asked for is a member, or has failed once. */
  settled(): Promise<void> {
    return this.#until(() =>
      [...this.#slots.values()].every((slot) => isMember(slot) || slot.lastEnd !== undefined),
    )
  }

  get members(): readonly Member[] {
    return this.#view.members
  }

  /** The membership as this process sees it. */
  membership(): LauncherMembership {
    const membership = new LauncherMembership(this.#view)
    this.#watchers.push((view) => membership.update(view))
    return membership
  }

  /**
   * Adds a member that lives in this very process: it ends when the launcher does. It must own nothing, because
   * nobody would announce its end.
   */
  join(member: Member): void {
    this.#joined.push(member)
    this.#announce()
  }

  /** Drains everything, group by group, and ends. Processes that are not gone within `drainBoundMs` are killed. */
  stop(): Promise<0 | 1> {
    if (!this.#ending) void this.#drainAll()
    return this.exited
  }

  async execute(command: LauncherCommand): Promise<CommandOutcome> {
    switch (command.kind) {
      case 'status':
        return {
          kind: 'status',
          nodes: this.#status(),
          faults: this.#faults.statuses(performance.now()),
        }
      case 'stop':
        void this.stop()
        return { kind: 'done' }
      case 'halt':
        void this.#halt(command.cause)
        return { kind: 'done' }
      case 'inject':
        return this.#inject(command)
      case 'heal':
        return this.#heal(command.id, command.isOver === true ? 'over' : 'reverted')
      case 'add-node':
        return this.#add(command.group, command.count)
      case 'rolling-restart':
        void this.#restartEach([...this.#slots.values()])
        return { kind: 'done' }
    }

    const slot = this.#slots.get(command.node)
    if (slot === undefined) return { kind: 'unknown-node', known: [...this.#slots.keys()] }
    switch (command.kind) {
      case 'crash':
      case 'pause':
      case 'drain':
      case 'cordon':
        if (command.force !== true && this.#isLastOfGroup(slot)) return { kind: 'last-node' }
    }
    switch (command.kind) {
      case 'crash':
        return this.#crash(slot)
      case 'pause':
        return this.#pause(slot, command.forMs)
      case 'resume':
        return this.#resume(slot)
      case 'drain':
        return this.#drain(slot)
      case 'cordon':
        return this.#setCordoned(slot, true)
      case 'uncordon':
        return this.#setCordoned(slot, false)
      case 'restart':
        return this.#restart(slot)
      case 'announce-end':
        return this.#announceEnd(slot)
    }
  }

  // The life of a process

  #newSlot(group: LaunchGroup): Slot {
    const numbers = [...this.#slots.values()]
      .filter((slot) => slot.group.prefix === group.prefix)
      .map((slot) => Number(slot.node.slice(group.prefix.length + 1)))
    const node = `${group.prefix}-${Math.max(0, ...numbers) + 1}` as NodeId
    const policy = new RestartPolicy(this.#settings)
    const pulse = this.#newPulse('startBoundMs')
    const slot: Slot = { node, group, policy, pulse, phase: 'down', life: 0, address: '', cordoned: false }
    this.#slots.set(node, slot)
    return slot
  }

  #start(slot: Slot): void {
    const { node } = slot
    slot.next = undefined
    this.#enter(slot, 'starting')
    slot.pulse = this.#newPulse('startBoundMs')
    slot.process = new ForkedNode({
      name: node,
      flags: this.#settings.nodeFlags,
      orders: {
        command: (command) => this.execute(command),
        leaving: () => this.#leave(slot),
      },
      onSpawn: (pid) => this.#began(slot, pid),
      onLoaded: () => void this.#startBody(slot),
      onExit: (end) => this.#onExit(slot, end),
    })
  }

  #began(slot: Slot, pid: number): void {
    const { node } = slot
    try {
      slot.life = this.#record.began(node, pid)
      this.#options.report?.({ kind: 'spawned', node, life: slot.life, pid })
    } catch (error) {
      // On a full disk, say. It must not run; the launcher and the other nodes go on.
      this.#failed(slot, error)
    }
  }

  async #startBody(slot: Slot): Promise<void> {
    const { node, life, process, group } = slot
    const order: StartOrder = {
      node,
      group: group.name,
      life,
      module: group.module,
      config: group.config,
      members: this.#view,
      faults: this.#faults.view,
      orphanDrainBoundMs: this.#settings.orphanDrainBoundMs,
    }
    try {
      const ready = await process?.request('start', order)
      if (ready === undefined || slot.process !== process || slot.phase !== 'starting') return
      slot.address = ready.address
      slot.pulse = this.#newPulse('heartbeatBoundMs')
      slot.policy.started()
      this.#options.report?.({ kind: 'ready', node, life, address: ready.address })
      this.#enter(slot, slot.cordoned ? 'cordoned' : 'up')
    } catch (error) {
      if (slot.process === process) this.#failed(slot, error)
    }
  }

  #failed(slot: Slot, error: unknown): void {
    const { node, life } = slot
    const cause = error instanceof Error ? error.message : String(error)
    this.#options.report?.({ kind: 'start-failed', node, life, error: cause })
    this.#kill(slot, `its start failed: ${cause}`)
  }

  #onExit(slot: Slot, end: ProcessEnd): void {
    const { node, life } = slot
    const how = describe(end, slot.killedFor)
    slot.process = undefined
    slot.killedFor = undefined
    slot.health = undefined
    slot.lastEnd = how
    this.#options.report?.({ kind: 'ended', node, life, how })
    this.#afterExit(slot)
    // The announcement goes first: others wait for it, and the disk does not.
    this.#record.ended(node)
    this.#lookAtFaults()
    if (!this.#ending && [...this.#slots.values()].every(({ phase }) => phase === 'down')) void this.#end(1)
  }

  #afterExit(slot: Slot): void {
    if (this.#ending || slot.next === 'down') this.#enter(slot, 'down')
    else if (slot.next === 'start') this.#start(slot)
    else this.#startAgainOrGiveUp(slot)
  }

  #startAgainOrGiveUp(slot: Slot): void {
    const delayMs = slot.policy.ended(performance.now())
    if (delayMs === 'given-up') {
      this.#options.report?.({ kind: 'given-up', node: slot.node, restarts: this.#settings.restartsMax })
      this.#enter(slot, 'down')
    } else {
      this.#enter(slot, 'waiting', delayMs, () => this.#start(slot))
    }
  }

  #kill(slot: Slot, why: string): void {
    slot.killedFor ??= why
    slot.process?.kill('SIGKILL')
  }

  // Phases and the view

  #enter(slot: Slot, phase: NodePhase, afterMs?: number, then?: () => void): void {
    clearTimeout(slot.timer)
    slot.timer = afterMs === undefined || then === undefined ? undefined : setTimeout(then, afterMs)
    slot.phase = phase
    this.#announce()
    const held = this.#waiters.filter(({ holds }) => holds())
    this.#waiters = this.#waiters.filter((waiter) => !held.includes(waiter))
    for (const { resolve } of held) resolve()
  }

  #until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }))
  }

  #announce(): void {
    const members: Member[] = [...this.#joined]
    for (const slot of this.#slots.values()) {
      const { node, group, address, life, phase } = slot
      if (phase !== 'up' && phase !== 'cordoned' && phase !== 'leaving') continue
      if (slot.buriedLife !== life) members.push({ node, group: group.name, address, state: phase, life })
    }
    if (JSON.stringify(members) === JSON.stringify(this.#view.members)) return
    this.#view = { version: this.#view.version + 1, members }
    for (const slot of this.#slots.values()) {
      // One whose end was announced does not know: that is the point of announcing it.
      if (slot.buriedLife !== slot.life) slot.process?.tell('members', this.#view)
    }
    this.#options.report?.({ kind: 'members', members })
    for (const watch of this.#watchers) watch(this.#view)
  }

  // Heartbeats

  #newPulse(bound: 'startBoundMs' | 'heartbeatBoundMs'): Pulse {
    return new Pulse(this.#settings.heartbeatIntervalMs, this.#settings[bound])
  }

  #beat(): void {
    const now = performance.now()
    const { startBoundMs, heartbeatBoundMs } = this.#settings
    for (const slot of this.#slots.values()) {
      const pid = slot.process?.pid
      if (pid === undefined) continue
      const verdict = slot.pulse.tick(now, queuedMs(pid))
      // One that starts has its order already.
      if (verdict === 'ask' && isMember(slot)) this.#ask(slot)
      if (verdict === 'overdue') {
        const missed = isMember(slot)
          ? `no heartbeat for ${heartbeatBoundMs}`
          : `not ready after ${startBoundMs}`
        this.#kill(slot, `${missed} ms`)
      }
    }
    this.#lookAtFaults()
  }

  #ask(slot: Slot): void {
    const { process, pulse } = slot
    process?.request('heartbeat').then(
      (health) => {
        pulse.answered()
        if (slot.process !== process) return
        slot.health = health
        this.#faults.counted(slot.node, slot.life, health.faultsMet)
      },
      () => {}, // It stays unanswered; its end, or the bound, comes next.
    )
  }

  // Commands

  #isLastOfGroup(slot: Slot): boolean {
    return ![...this.#slots.values()].some(
      (other) => other !== slot && other.group.name === slot.group.name && other.phase === 'up',
    )
  }

  async #crash(slot: Slot): Promise<CommandOutcome> {
    if (slot.process === undefined) return gone(slot)
    this.#kill(slot, 'crash')
    await this.#exitOf(slot)
    return { kind: 'done' }
  }

  #pause(slot: Slot, forMs: number | undefined): CommandOutcome {
    const { process, life } = slot
    if (process === undefined) return gone(slot)
    if (!isMember(slot)) return { kind: 'refused', detail: `${slot.node} is ${slot.phase}` }
    slot.pausedLife = life
    process.kill('SIGSTOP')
    if (forMs !== undefined) {
      setTimeout(() => {
        if (slot.process === process && slot.pausedLife === life) this.#resume(slot)
      }, forMs)
    }
    return { kind: 'done' }
  }

  #resume(slot: Slot): CommandOutcome {
    if (slot.pausedLife === undefined) return { kind: 'refused', detail: `${slot.node} is not paused` }
    const isThere = slot.process !== undefined && slot.pausedLife === slot.life
    slot.pausedLife = undefined
    if (!isThere) return gone(slot)
    slot.process?.kill('SIGCONT')
    return { kind: 'done' }
  }

  async #drain(slot: Slot): Promise<CommandOutcome> {
    if (slot.phase === 'down') return gone(slot)
    slot.next = 'down'
    if (slot.phase === 'waiting') this.#enter(slot, 'down')
    else if (slot.phase === 'starting') this.#kill(slot, 'drain')
    else this.#leave(slot)
    await this.#exitOf(slot)
    return { kind: 'done' }
  }

  async #restart(slot: Slot): Promise<CommandOutcome> {
    if (this.#ending) return { kind: 'refused', detail: 'the cluster is ending' }
    if (slot.phase === 'down') slot.policy.forgive()
    if (slot.process === undefined) this.#start(slot)
    else if (isMember(slot)) {
      slot.next = 'start'
      this.#leave(slot)
      await this.#exitOf(slot)
    }
    return { kind: 'done' }
  }

  #setCordoned(slot: Slot, cordoned: boolean): CommandOutcome {
    slot.cordoned = cordoned
    if (slot.phase === 'up' || slot.phase === 'cordoned') this.#enter(slot, cordoned ? 'cordoned' : 'up')
    return { kind: 'done' }
  }

  #add(name: string, count: number): CommandOutcome {
    const group = this.#options.groups.find((one) => one.name === name)
    if (group === undefined) {
      return { kind: 'unknown-group', known: this.#options.groups.map((one) => one.name) }
    }
    const slots = [...this.#slots.values()].filter((slot) => slot.group === group)
    const room = group.nodesMax - slots.filter(({ phase }) => phase !== 'down').length
    if (this.#ending) return { kind: 'refused', detail: 'the cluster is ending' }
    if (!Number.isSafeInteger(count) || count < 1 || count > room) {
      return { kind: 'refused', detail: `group '${name}' has room for ${Math.max(0, room)} more nodes` }
    }
    // A name that was drained is used again before a new one is made.
    const drained = slots.filter(({ phase, next }) => phase === 'down' && next === 'down')
    const nodes = Array.from({ length: count }, () => drained.shift() ?? this.#newSlot(group))
    for (const slot of nodes) this.#start(slot)
    return { kind: 'added', nodes: nodes.map(({ node }) => node) }
  }

  // Faults

  #inject(injection: Injection): CommandOutcome {
    const { id, strikes, outside: words, forMs, isMendedFirst } = injection
    const slots: Slot[] = []
    if (strikes?.nodes.length === 0) return { kind: 'refused', detail: 'there is no node to strike' }
    for (const node of strikes?.nodes ?? []) {
      const slot = this.#slots.get(node)
      if (slot === undefined) return { kind: 'unknown-node', known: [...this.#slots.keys()] }
      if (slot.process === undefined || !isMember(slot)) return gone(slot)
      slots.push(slot)
    }
    const outside = words === undefined ? undefined : this.#options.trouble?.(words)
    if (words !== undefined && outside === undefined)
      return { kind: 'refused', detail: 'nobody outside knows this trouble' }
    const struck = new Map(slots.map(({ node, life }) => [node, life]))
    if (!this.#faults.begin(injection, performance.now(), { struck, ...(outside && { outside }) }))
      return { kind: 'refused', detail: `${id} is over already` }
    if (strikes !== undefined) {
      this.#strike(strikes.how, slots)
      this.#lookAtFaults()
    }
    if (forMs !== undefined && isMendedFirst !== true) {
      const fault = this.#faults.get(id)
      setTimeout(() => {
        if (this.#faults.get(id) === fault) this.#endFault(id, 'over')
      }, forMs).unref()
    }
    return this.#pushFaults()
  }

  #strike(how: NonNullable<Injection['strikes']>['how'], slots: readonly Slot[]): void {
    if (how === 'restart') void this.#restartEach(slots)
    else
      for (const slot of slots) {
        if (how === 'crash') this.#kill(slot, 'crash')
        else if (how === 'pause') this.#pause(slot, undefined)
        else void this.#drain(slot)
      }
  }

  /** Each is awaited, also when another has none to wait for. */
  async #restartEach(slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) {
      if (this.#ending || slot.phase === 'down') continue
      await this.#restart(slot)
      await this.#until(() => this.#ending || isMember(slot) || slot.phase === 'down')
    }
  }

  #heal(id: string | undefined, how: 'over' | 'reverted'): CommandOutcome {
    const all = this.#faults.inForce.filter(({ injection }) => injection.isMendedFirst !== true)
    const ids = id === undefined ? all.map(({ injection }) => injection.id) : [id]
    for (const one of ids) this.#endFault(one, how)
    // Also who was frozen without a fault of a name.
    if (id === undefined)
      for (const slot of this.#slots.values()) if (slot.pausedLife !== undefined) this.#resume(slot)
    return this.#pushFaults()
  }

  #endFault(id: string, how: 'over' | 'reverted'): void {
    const last = this.#faults.get(id)
    if (last !== undefined) this.#see(last)
    const fault = this.#faults.end(id, how, performance.now())
    if (fault === undefined) return
    this.#pushFaults()
    for (const [node, life] of fault.struck) {
      const slot = this.#slots.get(node)
      const does = fault.injection.strikes?.how
      if (slot === undefined) continue
      if (does === 'pause' && slot.pausedLife === life) this.#resume(slot)
      if (does === 'drain' && slot.phase === 'down' && !this.#ending) void this.#restart(slot)
      // Still on its way out: it comes back when it is.
      if (does === 'drain' && slot.next === 'down') slot.next = 'start'
    }
  }

  /** What was struck is looked at: whether it shows, and whether all of it is back. */
  #lookAtFaults(): void {
    for (const fault of this.#faults.inForce) {
      this.#see(fault)
      if (fault.struck.size > 0 && this.#isMended(fault)) this.#endFault(fault.injection.id, 'over')
    }
  }

  #see({ injection: { strikes }, struck, seen }: Fault): void {
    for (const [node, life] of struck) {
      const slot = this.#slots.get(node)
      if (strikes !== undefined && slot !== undefined && shows(strikes.how, slot, life)) seen.add(node)
    }
  }

  /** Drained ones are started again at the end, and not before. */
  #isMended({ injection: { strikes }, struck }: Fault): boolean {
    return [...struck].every(([node, life]) => {
      const slot = this.#slots.get(node)
      if (slot === undefined) return true
      switch (strikes?.how) {
        case 'pause':
          return slot.pausedLife !== life || slot.process === undefined || slot.life > life
        case 'drain':
          return slot.life > life && isMember(slot)
        default:
          return (slot.life > life && isMember(slot)) || slot.phase === 'down'
      }
    })
  }

  #pushFaults(): CommandOutcome {
    for (const { process } of this.#slots.values()) process?.tell('faults', this.#faults.view)
    return { kind: 'done' }
  }

  #announceEnd(slot: Slot): CommandOutcome {
    if (this.#options.testSwitches !== true) {
      return { kind: 'refused', detail: 'announce-end needs the test switches' }
    }
    if (!isMember(slot)) return gone(slot)
    slot.buriedLife = slot.life
    this.#announce()
    return { kind: 'done' }
  }

  #status(): readonly NodeStatus[] {
    const now = performance.now()
    return [...this.#slots.values()].map((slot) => {
      const { node, group, phase, life, process, health, lastEnd } = slot
      return {
        node,
        group: group.name,
        phase,
        life,
        paused: process !== undefined && slot.pausedLife === life,
        restarts: slot.policy.within(now),
        ...(process?.pid === undefined ? {} : { pid: process.pid }),
        ...(isMember(slot) ? { address: slot.address } : {}),
        ...(health === undefined ? {} : { health }),
        ...(lastEnd === undefined ? {} : { lastEnd }),
      }
    })
  }

  // Ends

  #leave(slot: Slot): void {
    if (!isMember(slot) || slot.phase === 'leaving') return
    const { drainBoundMs } = this.#settings
    this.#enter(slot, 'leaving', drainBoundMs, () => this.#kill(slot, `not drained after ${drainBoundMs} ms`))
    slot.process?.tell('drain')
  }

  #exitOf(slot: Slot): Promise<void> {
    const { process } = slot
    return this.#until(() => slot.process !== process || process === undefined)
  }

  async #drainAll(): Promise<void> {
    this.#ending = true
    const { drainBoundMs } = this.#settings
    const bound = setTimeout(() => this.#killAll(`not drained after ${drainBoundMs} ms`), drainBoundMs)
    const slots = [...this.#slots.values()]
    for (const slot of slots) {
      if (slot.phase === 'waiting') this.#enter(slot, 'down')
      if (slot.phase === 'starting') this.#kill(slot, 'the cluster is ending')
    }
    for (const group of this.#options.groups.toReversed()) {
      const leaving = slots.filter((slot) => slot.group === group)
      for (const slot of leaving) this.#leave(slot)
      await this.#until(() => leaving.every(({ phase }) => phase === 'down'))
    }
    clearTimeout(bound)
    await this.#end(0)
  }

  async #halt(cause: string): Promise<void> {
    this.#ending = true
    this.#options.report?.({ kind: 'halted', cause })
    this.#killAll(`halted: ${cause}`)
    await this.#until(() => [...this.#slots.values()].every(({ process }) => process === undefined))
    await this.#end(1)
  }

  #killAll(why: string): void {
    for (const slot of this.#slots.values()) {
      if (slot.phase === 'waiting') this.#enter(slot, 'down')
      this.#kill(slot, why)
    }
  }

  async #end(code: 0 | 1): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#ending = true
    clearInterval(this.#heart)
    let exit = code
    try {
      await this.#options.ended?.()
    } catch (error) {
      this.#options.report?.({ kind: 'halted', cause: String(error) })
      exit = 1
    }
    this.#lock.release()
    this.#finish(exit)
  }
}

/**
 * Runs a launcher to its end, and returns the code to exit with. SIGINT and SIGTERM drain; a second one kills.
 * `onLaunched` is called once, when the nodes are being started.
 */
export async function runLauncher(
  options: LauncherOptions,
  onLaunched?: (launcher: Launcher) => void,
): Promise<0 | 1> {
  const launcher = await Launcher.launch(options)
  onLaunched?.(launcher)
  return untilEnded(launcher)
}

/** Awaits the launcher's end. SIGINT and SIGTERM drain; a second one kills. */
export async function untilEnded(launcher: Launcher): Promise<0 | 1> {
  let asked = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) void launcher.execute({ kind: 'halt', cause: `a second ${signal}` })
    else void launcher.stop()
    asked = true
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    return await launcher.exited
  } finally {
    process.removeListener('SIGINT', onSignal)
    process.removeListener('SIGTERM', onSignal)
  }
}

const isMember = ({ phase }: Slot): boolean => phase === 'up' || phase === 'cordoned' || phase === 'leaving'

/** Its end, or its freeze, was seen. */
function shows(how: NonNullable<Injection['strikes']>['how'], slot: Slot, life: number): boolean {
  if (how !== 'pause') return slot.life > life || slot.process === undefined
  const pid = slot.process?.pid
  return slot.pausedLife === life && pid !== undefined && isStopped(pid)
}

const gone = ({ node, phase, lastEnd = 'it never ran' }: Slot): CommandOutcome => ({
  kind: 'gone',
  detail: `the process of ${node} has ended (${lastEnd}); the node is ${phase} now`,
})

function describe({ code, signal, error }: ProcessEnd, killedFor: string | undefined): string {
  if (error !== undefined) return `could not be forked: ${error.message}`
  const exit = signal === null ? `exit ${code}` : signal
  return killedFor === undefined ? exit : `${exit}, ${killedFor}`
}
