/**
 * How much one caller may ask of this gateway: token buckets, and the headers that tell how full they are
 * (draft-ietf-httpapi-ratelimit-headers-10; the names may still change, and stand here alone).
 *
 * Owns:     the buckets, who a caller is to them, and what is said about them.
 * Does not: know accounts (an `Auth` does) or protect actors from all callers together (a shard's backlog does).
 *
 * Invariants:
 *   L1. Of one caller at most the quota of each policy is let through at once, and the quota of its window after that.
 *   L2. The memory is bounded: beyond `callersMax` who has full buckets again is forgotten, and nobody else.
 *   L3. Who was refused for one policy has not used up another.
 *   L4. While nobody can be forgotten, newcomers share so many buckets: an address more is no bucket more.
 */
import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hash32 } from '#actor'
import type { Auth } from './auth/caller.ts'
import type { Keyring } from './keyring.ts'
import { networkOf } from './network-of.ts'
import { Problem } from './problems.ts'
import { problems, type Server } from './server.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whoever may use this route has proven it otherwise, or it costs next to nothing. */
    readonly isUncounted?: boolean
  }
}

export interface Policy {
  readonly name: string
  readonly quota: number
  readonly windowSeconds: number
}

interface Bucket {
  /** Of each policy, in its order. */
  readonly left: number[]
  at: number
  /** At the latest, if nothing more is taken. */
  fullAt: number
}

export type Taken =
  | {
      readonly isGranted: true
      readonly tightest: Policy
      readonly left: number
      readonly resetSeconds: number
    }
  | { readonly isGranted: false; readonly violated: readonly Policy[]; readonly resetSeconds: number }

const callersMax = 10_000
/** Of each set of policies. */
export const sharedMax = 1_000
/** Of seconds: what sums of fractions are beside the mark. */
const rounding = 1e-6

export class Buckets {
  // In the order of their last use: the first one is the first to be full again.
  readonly #buckets = new Map<string, Bucket>()
  readonly #shared = new Map<string, Bucket>()
  // Nobody can choose with whom to share.
  readonly #seed = randomInt(2 ** 32)
  readonly #callersMax: number

  constructor(most = callersMax) {
    this.#callersMax = most
  }

  get callers(): number {
    return this.#buckets.size
  }

  /** Takes one from each bucket of the caller, or from none. `nowMs` never goes back. */
  take(caller: string, policies: readonly Policy[], nowMs: number): Taken {
    const { left } = this.#filled(caller, policies, nowMs)
    const violated = policies.filter((_, n) => (left[n] as number) < 1)
    if (violated.length > 0) {
      const waits = policies.map((policy, n) => secondsFor(policy, 1 - (left[n] as number)))
      return {
        isGranted: false,
        violated,
        resetSeconds: Math.max(1, Math.ceil(Math.max(...waits) - rounding)),
      }
    }
    let tight = 0
    for (let n = 0; n < policies.length; n += 1) {
      left[n] = (left[n] as number) - 1
      if (
        (left[n] as number) / (policies[n] as Policy).quota <
        (left[tight] as number) / (policies[tight] as Policy).quota
      )
        tight = n
    }
    const tightest = policies[tight] as Policy
    const rest = Math.floor(left[tight] as number)
    const resetSeconds = Math.ceil(secondsFor(tightest, tightest.quota - (left[tight] as number)))
    return { isGranted: true, tightest, left: rest, resetSeconds }
  }

  #filled(caller: string, policies: readonly Policy[], nowMs: number): Bucket {
    const isShared = !this.#buckets.has(caller) && !this.#hasRoom(nowMs)
    const buckets = isShared ? this.#shared : this.#buckets
    const name = isShared ? `${policies[0]?.name} ${hash32(caller, this.#seed) % sharedMax}` : caller
    const bucket = buckets.get(name) ?? { left: policies.map(({ quota }) => quota), at: nowMs, fullAt: nowMs }
    const seconds = (nowMs - bucket.at) / 1_000
    policies.forEach(({ quota, windowSeconds }, n) => {
      bucket.left[n] = Math.min(quota, (bucket.left[n] as number) + (seconds * quota) / windowSeconds)
    })
    bucket.at = nowMs
    bucket.fullAt = nowMs + Math.max(...policies.map(({ windowSeconds }) => windowSeconds)) * 1_000
    buckets.delete(name)
    buckets.set(name, bucket)
    return bucket
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#buckets.size < this.#callersMax) return true
    const [first] = this.#buckets
    return first !== undefined && first[1].fullAt <= nowMs && this.#buckets.delete(first[0])
  }
}

const secondsFor = ({ quota, windowSeconds }: Policy, units: number): number =>
  (Math.max(0, units) * windowSeconds) / quota

export interface RateLimitOptions {
  readonly auth: Auth
  readonly keyring: Keyring
  /** Asked at each request: an operator may change them. */
  readonly quotas: () => { readonly burst: number; readonly sustained: number }
  /** `remote`: who comes from this machine is not counted. */
  readonly counts: 'everybody' | 'remote' | 'nobody'
}

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/startupz', '/metrics'])
const health: readonly Policy[] = [{ name: 'health', quota: 100, windowSeconds: 1 }]
const signInPaths: ReadonlySet<string> = new Set(['/api/v1/auth/login', '/api/v1/auth/register'])
/** By address and by e-mail address: guessing one password of many people is as slow as many of one. */
const signIn: readonly Policy[] = [{ name: 'sign-in', quota: 10, windowSeconds: 60 }]

/** Before the routes are declared. */
export function limitRates(app: Server, options: RateLimitOptions): void {
  const { auth, keyring, quotas, counts } = options
  if (counts === 'nobody') return
  const buckets = new Buckets()
  let policies = policiesOf(quotas())
  const isCounted = ({ ip, routeOptions }: FastifyRequest): boolean =>
    routeOptions.config.isUncounted !== true && (counts === 'everybody' || !isLoopback(ip))

  app.addHook('onRoute', (route) => {
    if (route.schema?.response === undefined || route.config?.isUncounted === true) return
    const response = { ...route.schema.response, ...problems('quota-exceeded') }
    route.schema = { ...route.schema, response }
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!isCounted(request)) return
    const path = request.routeOptions.url ?? ''
    const now = performance.now()
    if (healthPaths.has(path))
      return say(reply, health, buckets.take(`health ${networkOf(request.ip)}`, health, now))
    const { burst, sustained } = quotas()
    if (burst !== policies[0].quota || sustained !== policies[1].quota)
      policies = policiesOf({ burst, sustained })
    say(reply, policies, buckets.take(await callerOf(auth, request), policies, now))
    if (signInPaths.has(path))
      say(reply, signIn, buckets.take(`sign-in ${networkOf(request.ip)}`, signIn, now))
  })
  // Its body is known only now.
  app.addHook('preHandler', (request, reply, done) => {
    const { email } = (request.body ?? {}) as { readonly email?: unknown }
    if (signInPaths.has(request.routeOptions.url ?? '') && typeof email === 'string' && isCounted(request)) {
      const who = keyring.digest(`sign-in ${email.trim().toLowerCase()}`)
      say(reply, signIn, buckets.take(`sign-in ${who}`, signIn, performance.now()))
    }
    done()
  })
}

const policiesOf = ({ burst, sustained }: { burst: number; sustained: number }): [Policy, Policy] => [
  { name: 'burst', quota: burst, windowSeconds: 1 },
  { name: 'sustained', quota: sustained, windowSeconds: 60 },
]

/** The account that has proven who it is; else the network. A token that is not good is judged by its route. */
async function callerOf(auth: Auth, request: FastifyRequest): Promise<string> {
  if (request.headers.authorization === undefined) return networkOf(request.ip)
  const caller = await auth.callerOf(request).catch(() => undefined)
  return caller === undefined ? networkOf(request.ip) : `account ${caller.account}`
}

/** @throws Problem `quota-exceeded`. */
function say(reply: FastifyReply, policies: readonly Policy[], taken: Taken): void {
  const list = policies.map(({ name, quota, windowSeconds }) => `"${name}";q=${quota};w=${windowSeconds}`)
  reply.header('ratelimit-policy', list.join(', '))
  if (taken.isGranted) {
    reply.header('ratelimit', `"${taken.tightest.name}";r=${taken.left};t=${taken.resetSeconds}`)
    return
  }
  const names = taken.violated.map(({ name }) => name)
  reply.header('ratelimit', names.map((name) => `"${name}";r=0;t=${taken.resetSeconds}`).join(', '))
  throw new Problem('quota-exceeded', {
    detail: `Too many requests for ${names.join(' and ')}. Try again in ${taken.resetSeconds} s.`,
    retryAfterMs: taken.resetSeconds * 1_000,
    violatedPolicies: names,
  })
}

function isLoopback(ip: string): boolean {
  const plain = networkOf(ip)
  return ip === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}
