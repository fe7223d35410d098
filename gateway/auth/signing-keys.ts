/**
 * The keys of access tokens, close at hand: they are needed with every request that carries one.
 *
 * The ring itself is an actor. A gateway makes a new pair when there is none, when the ring says that it is time, and
 * when an operator wants one; the private key leaves this process only sealed with the service key.
 *
 * Owns:     one opened copy of the ring per gateway, dropped when the ring has a new turn.
 * Does not: decide which key signs: of two that are made at once, the ring takes one.
 *
 * Invariants:
 *   K1. A cluster that cannot be asked does not end what can be checked here: an old copy is good for as long as
 *       retiring keys are, at most.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { ClusterError } from '#actor'
import { type KeyRingView, keyRingRef, type RingKey } from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { Problem, problemOf } from '../problems.ts'
import { sealed, unsealed } from './sealed.ts'

/** A lost notice costs at most this much staleness. */
const keepMs = 60_000
/** For as long as the cluster cannot be asked; shorter than a key retires. */
const keepAtMostMs = 30 * 60_000
const requestTimeoutMs = 3_000
/** Tokens that name unknown keys have the ring read again no more often than this. */
const lookAgainMs = 1_000

/** A public key, as RFC 8037 writes it. */
export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly alg: 'EdDSA'
  readonly use: 'sig'
  readonly kid: string
  readonly x: string
}

interface Ring {
  readonly view: KeyRingView
  readonly signing: { readonly kid: string; readonly key: KeyObject }
  readonly verifying: ReadonlyMap<string, KeyObject>
  readonly readAt: number
}

export class SigningKeys {
  readonly #client: ClusterClient
  readonly #site: string
  readonly #secret: Uint8Array
  readonly #unwatch: () => void
  #ring: Ring | undefined
  #isStale = false
  #reading: Promise<Ring> | undefined

  constructor(client: ClusterClient, site: string, serviceKey: Uint8Array) {
    this.#client = client
    this.#site = site
    this.#secret = serviceKey
    this.#unwatch = client.watch(keyRingRef(site), () => {
      this.#isStale = true
    })
  }

  close(): void {
    this.#unwatch()
  }

  /** @throws Problem when nobody can tell the keys; ClusterError `SERVICE_KEY_MISMATCH`. */
  async signing(): Promise<Ring['signing']> {
    return (await this.#current()).signing
  }

  /** Undefined: there is no such key, or it is retired. */
  async verifying(kid: string): Promise<KeyObject | undefined> {
    const ring = await this.#current()
    const key = ring.verifying.get(kid)
    if (key !== undefined || performance.now() - ring.readAt < lookAgainMs) return key
    // Another gateway may have made it a moment ago.
    this.#isStale = true
    return (await this.#current()).verifying.get(kid)
  }

  async published(): Promise<readonly PublicJwk[]> {
    return (await this.#current()).view.keys.filter(isVerifying).map(jwkOf)
  }

  async listed(): Promise<readonly Pick<RingKey, 'kid' | 'status' | 'since'>[]> {
    return (await this.#current()).view.keys.map(({ kid, status, since }) => ({ kid, status, since }))
  }

  /** @throws Problem `rotation-limit`, and what `signing` throws. */
  async rotate(): Promise<void> {
    const { signing } = await this.#current()
    this.#ring = this.#opened(await this.#propose(signing.kid))
  }

  async #current(): Promise<Ring> {
    const ring = this.#ring
    const age = ring === undefined ? Number.POSITIVE_INFINITY : performance.now() - ring.readAt
    if (ring !== undefined && !this.#isStale && age < keepMs) return ring
    try {
      return await this.#read()
    } catch (error) {
      if (ring !== undefined && age < keepAtMostMs) return ring
      throw error
    }
  }

  async #read(): Promise<Ring> {
    const reading = this.#reading ?? this.#ask()
    this.#reading = reading
    try {
      return await reading
    } finally {
      if (this.#reading === reading) this.#reading = undefined
    }
  }

  async #ask(): Promise<Ring> {
    // A turn that comes while it is read makes the copy stale again.
    this.#isStale = false
    const outcome = await this.#client.request({
      actor: keyRingRef(this.#site),
      body: { kind: 'query', name: 'view' },
      timeoutMs: requestTimeoutMs,
    })
    const view =
      outcome.kind === 'unknown'
        ? await this.#propose(null)
        : viewIn(outcome, (value) => value as KeyRingView)
    const ring = this.#opened(view)
    this.#ring = ring
    if (!view.isDue) return ring
    const next = this.#opened(await this.#propose(ring.signing.kid))
    this.#ring = next
    return next
  }

  /** The ring with the new key, or with the one that was faster. */
  async #propose(after: string | null): Promise<KeyRingView> {
    const { privateKey } = generateKeyPairSync('ed25519')
    const { x = '', d = '' } = privateKey.export({ format: 'jwk' })
    const kid = randomBytes(12).toString('base64url')
    const outcome = await this.#client.request({
      actor: keyRingRef(this.#site),
      body: {
        kind: 'command',
        message: {
          type: 'key-ring.rotate',
          kid,
          x,
          sealed: sealed(this.#secret, kid, d),
          after,
        } as { type: string },
      },
      timeoutMs: requestTimeoutMs,
    })
    if (outcome.kind === 'done' && outcome.reply?.type === 'key-ring.full') {
      throw new Problem(
        'rotation-limit',
        'As many keys are retiring as there may be; the oldest goes within an hour.',
      )
    }
    return viewIn(outcome, () =>
      outcome.kind === 'done' ? (outcome.reply as unknown as KeyRingView) : undefined,
    )
  }

  #opened(view: KeyRingView): Ring {
    const active = view.keys.find(({ status }) => status === 'active')
    if (active?.sealed == null) throw new Problem('internal', 'The key ring has no active key.')
    const d = unsealed(this.#secret, active.kid, active.sealed)
    if (d === undefined)
      throw new ClusterError('SERVICE_KEY_MISMATCH', {
        problem: 'the key that signs was sealed with another one',
      })
    return {
      view,
      signing: { kid: active.kid, key: createPrivateKey({ key: { ...jwkOf(active), d }, format: 'jwk' }) },
      verifying: new Map(
        view.keys
          .filter(isVerifying)
          .map((key) => [key.kid, createPublicKey({ key: { ...jwkOf(key) }, format: 'jwk' })]),
      ),
      readAt: performance.now(),
    }
  }
}

const isVerifying = ({ status }: RingKey): boolean => status !== 'retired'

const jwkOf = ({ kid, x }: RingKey): PublicJwk => ({
  kty: 'OKP',
  crv: 'Ed25519',
  alg: 'EdDSA',
  use: 'sig',
  kid,
  x,
})

function viewIn(
  outcome: Awaited<ReturnType<ClusterClient['request']>>,
  of: (value: unknown) => KeyRingView | undefined,
): KeyRingView {
  const view = of(outcome.kind === 'answer' ? outcome.value : undefined)
  if (view !== undefined) return view
  throw problemOf(outcome, 'The key ring')
}
