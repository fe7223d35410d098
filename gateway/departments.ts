/**
 * Which departments answer, and a client that does not wait for one that is known to be down.
 *
 * A circuit breaker for each department: closed, it lets requests pass; after failures in a row it is open and refuses at
 * once; after a while one request tries again, and its outcome closes it or opens it anew. When nobody asks, the gateway
 * does: who is refused because a department is down (an order, for the kitchen's sake) never asks it.
 *
 * Owns:     the breakers, and since when no node owns anything of a department.
 * Does not: decide what can be done without a department: each route does.
 *
 * Invariants:
 *   DE1. While a department is known to be down, at most one request at a time waits for it.
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
  /** Who did not answer last: whom the gateway asks, when nobody else asks anybody. */
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
      cluster: () => client.cluster(),
      actors: (filter) => client.actors(filter),
      deadLetters: (filter) => client.deadLetters(filter),
      command: (command) => client.command(command),
      ready: () => client.ready(),
      ownership: () => client.ownership(),
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

  /** Looks at who owns what, and tries those again that have been left alone long enough. */
  look(): void {
    const now = performance.now()
    for (const { department, owned } of this.#client.ownership()) {
      const breaker = this.#breakers.get(department as DepartmentName)
      if (breaker === undefined) continue
      breaker.unownedSince = owned > 0 ? undefined : (breaker.unownedSince ?? now)
    }
    for (const { silent, openUntil } of this.#breakers.values()) {
      // Any answer is good, also that there is no such query.
      const body = { kind: 'query', name: 'view' } as const
      if (silent !== undefined && now >= openUntil)
        void this.#request({ actor: silent, body, timeoutMs: probeTimeoutMs })
    }
  }

  close(): void {
    clearInterval(this.#looking)
  }

  async #request(request: ActorRequest): Promise<Outcome> {
    const name = departmentByType.get(typeOf(request.actor))
    const breaker = name === undefined ? undefined : this.#breakers.get(name)
    if (breaker === undefined) return this.#client.request(request)
    const { openMs } = this.bounds()
    const isOpen = this.#isOpen(breaker)
    if (isOpen && (breaker.isProbed || performance.now() < breaker.openUntil))
      return { kind: 'busy', reason: 'dependency-open', retryAfterMs: openMs }
    breaker.isProbed = isOpen
    try {
      const outcome = await this.#client.request(request)
      this.#seen(breaker, request.actor, outcome)
      return outcome
    } finally {
      if (isOpen) breaker.isProbed = false
    }
  }

  #isOpen({ failures, unownedSince }: Breaker): boolean {
    if (failures >= this.bounds().failures) return true
    return unownedSince !== undefined && performance.now() - unownedSince >= unownedGraceMs
  }

  #seen(breaker: Breaker, actor: ActorId, { kind }: Outcome): void {
    if (kind === 'timeout' || kind === 'moved') {
      breaker.failures += 1
      breaker.openUntil = performance.now() + this.bounds().openMs
      if (this.#isOpen(breaker)) breaker.silent = actor
    } else {
      breaker.failures = 0
      breaker.silent = undefined
      breaker.unownedSince = undefined
    }
  }
}
