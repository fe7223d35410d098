/**
 * A kernel that a test drives by hand: it gives inputs and looks at outputs, and durability comes when it says so.
 */
import type { ActorId, Instant, Message, Now } from '#actor'
import type {
  ActorRows,
  Epoch,
  MailboxRow,
  NodeId,
  Outcome,
  Position,
  Request,
  RequestId,
  ScopeId,
  ShardId,
  ShardRows,
} from '#ports'
import { blindObserver } from '#ports'
import { type Bounds, boundsOf } from './bounds.ts'
import type { Input } from './input.ts'
import { Kernel } from './kernel.ts'
import type { KernelOptions } from './memory.ts'
import type { Output } from './output.ts'
import type { Registry } from './registry.ts'

export const noRows: ShardRows = {
  mailbox: [],
  beyond: [],
  outbox: [],
  inbox: [],
  channels: [],
  timers: [],
  calls: [],
  asks: [],
}
export const absent: ActorRows = { requests: [] }

export class DrivenKernel {
  readonly kernel: Kernel
  readonly registry: Registry
  readonly out: Output[] = []
  readonly #requests = { count: 0 }
  #at = 1_000_000
  #position = 0

  constructor(
    registry: Registry,
    options: Partial<KernelOptions> & { readonly limits?: Partial<Bounds> } = {},
  ) {
    this.registry = registry
    this.kernel = new Kernel({
      registry,
      bounds: boundsOf(options.limits),
      node: 'node-1' as NodeId,
      scope: 'node-1.a' as ScopeId,
      observer: blindObserver,
      seed: 1,
      ...options,
    })
  }

  /** Both clocks, in microseconds. */
  get now(): Instant {
    return this.#at as Instant
  }

  step(...inputs: Input[]): void {
    for (const input of [...inputs, { kind: 'flush' } as const]) {
      this.#at += 10
      const now: Now = { world: this.now, runtime: this.now }
      this.out.push(...this.kernel.step(input, now))
    }
  }

  /** Time passes, and whatever is due comes. */
  pass(ms: number): void {
    this.#at += ms * 1_000
    this.step({ kind: 'wake' })
    this.settle()
  }

  grant(shard: string, { epoch = 1, clean = true, rows = noRows } = {}): void {
    const worldNow = 0 as Instant
    this.step({ kind: 'granted', shard: shard as ShardId, epoch: epoch as Epoch, clean, worldNow, rows })
  }

  load(actor: ActorId, rows: ActorRows = absent, epoch = 1): void {
    this.step({ kind: 'loaded', shard: this.registry.shardOf(actor), epoch: epoch as Epoch, actor, rows })
  }

  durable(position: number): void {
    this.#position = position
    this.step({ kind: 'appended', outcome: { kind: 'durable', position: position as Position } })
  }

  /** Answers loads with absence, appends with durability, and proofs of ownership, until nothing is asked. */
  settle(): void {
    for (;;) {
      const loads = this.take('load')
      const appends = this.peek('append')
      const verifies = this.take('verify')
      const reads = this.take('read-mailbox')
      for (const { shard, epoch, actor } of loads)
        this.step({ kind: 'loaded', shard, epoch, actor, rows: absent })
      for (const append of appends.filter(({ expected }) => expected >= this.#position))
        this.durable(append.expected + 1)
      for (const _ of verifies) this.step({ kind: 'verified' })
      for (const { shard, epoch, actor, numbers } of reads)
        this.step({ kind: 'mailbox-read', shard, epoch, actor, rows: this.mailboxRows(numbers) })
      const isDurable = this.peek('append').every(({ expected }) => expected < this.#position)
      if (loads.length + verifies.length + reads.length === 0 && isDurable && !this.#asksAgain) return
    }
  }

  get #asksAgain(): boolean {
    return this.out.some(({ kind }) => kind === 'load' || kind === 'verify' || kind === 'read-mailbox')
  }

  /** Rows of `mailbox` that are durable: all, or those with these numbers. */
  mailboxRows(numbers?: readonly number[]): ShardRows['mailbox'] {
    const rows = new Map<number, MailboxRow>()
    for (const { expected, batch } of this.peek('append')) {
      if (expected >= this.#position) continue
      for (const write of batch.writes) {
        if (write.table !== 'mailbox') continue
        if (write.value === undefined) rows.delete(write.key[1] as number)
        else rows.set(write.key[1] as number, write.value)
      }
    }
    return [...rows].filter(([n]) => numbers?.includes(n) ?? true)
  }

  /** Sends a request and settles. Returns the answer, if there is one. */
  ask(
    actor: ActorId,
    message: Message,
    named: Pick<Request, 'key' | 'fingerprint' | 'ifVersion'> = {},
  ): Outcome | undefined {
    return this.request(actor, { kind: 'command', message }, named)
  }

  query(actor: ActorId, name: string): unknown {
    const outcome = this.request(actor, { kind: 'query', name })
    return outcome?.kind === 'answer' ? outcome.value : outcome?.kind
  }

  request(
    actor: ActorId,
    body: Request['body'],
    named: Pick<Request, 'key' | 'fingerprint' | 'ifVersion'> = {},
  ): Outcome | undefined {
    const id = this.#requests.count++ as RequestId
    this.step({
      kind: 'request',
      request: { id, node: 'edge-1' as NodeId, actor, body, timeoutMs: 1_000, ...named },
    })
    this.settle()
    return this.peek('respond').find((output) => output.response.id === id)?.response.outcome
  }

  peek<K extends Output['kind']>(kind: K): Extract<Output, { kind: K }>[] {
    return this.out.filter((output): output is Extract<Output, { kind: K }> => output.kind === kind)
  }

  take<K extends Output['kind']>(kind: K): Extract<Output, { kind: K }>[] {
    const taken = this.peek(kind)
    this.out.splice(0, this.out.length, ...this.out.filter((output) => output.kind !== kind))
    return taken
  }

  answers(): Outcome[] {
    return this.take('respond').map((output) => output.response.outcome)
  }

  /** Everything written to one table so far, in order. */
  written(table: string): { readonly key: readonly unknown[]; readonly value?: unknown }[] {
    return this.peek('append').flatMap(({ batch }) => batch.writes.filter((write) => write.table === table))
  }
}
