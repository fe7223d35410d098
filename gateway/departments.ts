/**
 * Which departments answer, and a client that does not wait for one that is known to be down.
 *
 * A circuit breaker for each department: closed, it lets requests pass. After failures in a row it is open and refuses at
 * once; after a while the gateway itself asks again, and any answer closes it. It is open, too, while nobody owns anything
 * of the department. No request is the one that tries: its caller would wait for what is probably still down, and an
 * order, refused for the kitchen's sake, never asks the kitchen.
 *
 * Owns:     the breakers, and since when no node owns anything of a department.
 * Does not: decide what can be done without a department: each route does.
 *
 * Invariants:
 *   DE1. While a department is known to be down, nobody waits for it but the gateway itself, with one question at a time.
 *   DE2. Any answer of a department closes its breaker, also a refusal.
 */
import { type ActorId, typeOf } from '#actor'
import { configKeys, type DepartmentName, departments } from '#actors'
import type { Outcome } from '#ports'
import type { ActorRequest, ClusterClient } from './cluster-client.ts'

export interface BreakerBounds {
  /** So many failures in a row open it. */
  readonly failures: number
  readonly openMs: number
}

interface Breaker {
  failures: number
  openUntil: number
  isProbed: boolean
  /** Who did not answer last, and is asked again. */
  silent: ActorId | undefined
  /** Nothing of the department has an owner since then. */
  unownedSince: number | undefined
}

/** An ordinary failover is over before this. */
const unownedGraceMs = 2_000
const lookEveryMs = 500
const probeTimeoutMs = 1_000

const departmentNames = Object.keys(departments) as DepartmentName[]
const departmentByType: ReadonlyMap<string, DepartmentName> = new Map(
  departmentNames.flatMap((name) => departments[name].map(({ type }) => [type, name] as const)),
)

export class Departments {
  readonly #client: ClusterClient
  /** Asked at every request: they can be configured. */
  bounds: () => BreakerBounds = () => ({
    failures: configKeys['gateway.breaker-failures'].default,
    openMs: configKeys['gateway.breaker-open-ms'].default,
  })
  readonly #breakers = new Map<DepartmentName, Breaker>()
  readonly #looking: NodeJS.Timeout

  constructor(client: ClusterClient) {
    this.#client = client
    for (const name of departmentNames) {
      const closed = {
        failures: 0,
        openUntil: 0,
        isProbed: false,
        silent: undefined,
        unownedSince: undefined,
      }
      this.#breakers.set(name, closed)
    }
    this.#looking = setInterval(() => this.look(), lookEveryMs)
    this.#looking.unref()
  }

  /** Everything of the client, with requests through the breakers. */
  client(): ClusterClient {
    const client = this.#client
    return {
      request: (request) => this.#request(request),
      history: (actor, page) => client.history(actor, page),
      turns: (...looked) => client.turns(...looked),
      watch: (actor, changed) => client.watch(actor, changed),
      watchActivity: (see) => client.watchActivity(see),
      tapMessages: (order, hear) => client.tapMessages(order, hear),
      cluster: () => client.cluster(),
      actors: (filter) => client.actors(filter),
      deadLetters: (filter) => client.deadLetters(filter),
      command: (command) => client.command(command),
      ready: () => client.ready(),
      ownership: () => client.ownership(),
      members: () => client.members(),
      worldNow: () => client.worldNow(),
      idempotencyKey: () => client.idempotencyKey(),
    }
  }

  /** Whether what needs the department is refused: until it has answered somebody, not only until it may be asked again. */
  isDown(name: DepartmentName): boolean {
    const breaker = this.#breakers.get(name)
    return breaker !== undefined && this.#isOpen(breaker)
  }

  get states(): Readonly<Record<string, 'answers' | 'silent'>> {
    return Object.fromEntries(departmentNames.map((name) => [name, this.isDown(name) ? 'silent' : 'answers']))
  }

  /** Looks at who owns what, and asks those again that have been left alone long enough. */
  look(): void {
    const now = performance.now()
    for (const { department, owned } of this.#client.ownership()) {
      const breaker = this.#breakers.get(department as DepartmentName)
      if (breaker === undefined) continue
      breaker.unownedSince = owned > 0 ? undefined : (breaker.unownedSince ?? now)
    }
    for (const breaker of this.#breakers.values()) {
      const { silent, openUntil, isProbed } = breaker
      if (silent === undefined || isProbed || now < openUntil || !this.#isOpen(breaker)) continue
      void this.#probe(breaker, silent)
    }
  }

  close(): void {
    clearInterval(this.#looking)
  }

  async #request(request: ActorRequest): Promise<Outcome> {
    const name = departmentByType.get(typeOf(request.actor))
    const breaker = name === undefined ? undefined : this.#breakers.get(name)
    if (breaker === undefined) return this.#client.request(request)
    if (this.#isOpen(breaker)) {
      return { kind: 'busy', reason: 'dependency-open', retryAfterMs: this.bounds().openMs }
    }
    return this.#ask(breaker, request)
  }

  async #probe(breaker: Breaker, actor: ActorId): Promise<void> {
    breaker.isProbed = true
    // Any answer is good, also that there is no such query.
    await this.#ask(breaker, { actor, body: { kind: 'query', name: 'view' }, timeoutMs: probeTimeoutMs })
    breaker.isProbed = false
  }

  async #ask(breaker: Breaker, request: ActorRequest): Promise<Outcome> {
    const outcome = await this.#client.request(request)
    this.#seen(breaker, request.actor, outcome)
    return outcome
  }

  #isOpen({ failures, unownedSince }: Breaker): boolean {
    if (failures >= this.bounds().failures) return true
    return unownedSince !== undefined && performance.now() - unownedSince >= unownedGraceMs
  }

  #seen(breaker: Breaker, actor: ActorId, { kind }: Outcome): void {
    if (kind === 'timeout' || kind === 'moved') {
      breaker.failures += 1
      breaker.openUntil = performance.now() + this.bounds().openMs
      breaker.silent = actor
    } else {
      breaker.failures = 0
      breaker.silent = undefined
      breaker.unownedSince = undefined
    }
  }
}
