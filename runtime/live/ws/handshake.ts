/**
 * How two nodes make sure of each other before the first frame.
 *
 * The acceptor sends a challenge; the dialler says who it is and proves that it knows the secret; the
 * acceptor proves it too. The secret itself never travels, and a proof is good for one link only.
 *
 * Invariants:
 *   H1. A proof covers both nonces, both names, the life and the cluster: it cannot be replayed, reflected
 *       or passed on to a third node.
 *   H2. Proofs are compared in constant time.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { NodeId } from '#ports'

/** Grows with a change that an older node would not understand. */
export const protocolVersion = 1

/** Handshake messages are short; whoever sends more is no node. */
export const handshakeBytesMax = 4_096

export interface Party {
  readonly node: NodeId
  /** Grows with each process of this name. */
  readonly life: number
  /** A restored copy has another id, so it never talks to the original. */
  readonly cluster: string
  readonly secret: string
}

const Challenge = Type.Object({ protocol: Type.Integer(), nonce: Type.String({ minLength: 20 }) })
const Hello = Type.Object({
  protocol: Type.Integer(),
  node: Type.String(),
  life: Type.Integer(),
  cluster: Type.String(),
  to: Type.String(),
  nonce: Type.String({ minLength: 20 }),
  proof: Type.String(),
})
const Welcome = Type.Object({ node: Type.String(), life: Type.Integer(), proof: Type.String() })

export type Challenge = Static<typeof Challenge>
export type Hello = Static<typeof Hello>
export type Welcome = Static<typeof Welcome>

export const readChallenge = reader(Challenge)
export const readHello = reader(Hello)
export const readWelcome = reader(Welcome)

/** Why a link was refused; also its close code, for whoever looks at the wire. */
export const refusals = {
  malformed: 4_001,
  protocol: 4_002,
  cluster: 4_003,
  'other-node': 4_004,
  secret: 4_005,
  slow: 4_006,
} as const

export type Refusal = keyof typeof refusals

export const newChallenge = (): Challenge => ({ protocol: protocolVersion, nonce: newNonce() })

export function newHello(self: Party, to: NodeId, challenge: Challenge): Hello {
  const { node, life, cluster } = self
  const hello = { protocol: protocolVersion, node, life, cluster, to, nonce: newNonce() }
  return { ...hello, proof: proofOf('hello', self.secret, challenge, hello) }
}

/** Undefined when the dialler is who it says. */
export function refusalOf(self: Party, challenge: Challenge, hello: Hello): Refusal | undefined {
  if (hello.protocol !== protocolVersion) return 'protocol'
  if (hello.cluster !== self.cluster) return 'cluster'
  if (hello.to !== self.node) return 'other-node'
  return isEqual(hello.proof, proofOf('hello', self.secret, challenge, hello)) ? undefined : 'secret'
}

export function newWelcome(self: Party, challenge: Challenge, hello: Hello): Welcome {
  const { node, life } = self
  return { node, life, proof: proofOf('welcome', self.secret, challenge, hello, life) }
}

/** Undefined when the acceptor is the process that was dialled. */
export function welcomeRefusalOf(
  self: Party,
  peer: { readonly node: NodeId; readonly life: number },
  challenge: Challenge,
  hello: Hello,
  welcome: Welcome,
): Refusal | undefined {
  if (welcome.node !== peer.node || welcome.life !== peer.life) return 'other-node'
  const proof = proofOf('welcome', self.secret, challenge, hello, welcome.life)
  return isEqual(welcome.proof, proof) ? undefined : 'secret'
}

function proofOf(
  role: 'hello' | 'welcome',
  secret: string,
  challenge: Challenge,
  hello: Omit<Hello, 'proof'>,
  life = hello.life,
): string {
  const { protocol, node, cluster, to, nonce } = hello
  const said = JSON.stringify([role, protocol, challenge.nonce, nonce, node, to, life, cluster])
  return createHmac('sha256', secret).update(said).digest('base64')
}

const newNonce = (): string => randomBytes(24).toString('base64')

function isEqual(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

function reader<S extends TSchema>(schema: S): (text: string) => Static<S> | undefined {
  const compiled = Compile(schema)
  return (text) => {
    if (text.length > handshakeBytesMax) return undefined
    try {
      const value: unknown = JSON.parse(text)
      return compiled.Check(value) ? (value as Static<S>) : undefined
    } catch {
      return undefined
    }
  }
}
