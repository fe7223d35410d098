/**
 * Who may operate: programs and pages of this machine, or whoever has the token.
 *
 * The listener changes a cluster without asking who its caller is, so by default only this machine reaches it.
 * A browser on this machine reaches it too, and runs pages of strangers: their requests carry an `Origin` that is
 * not ours, or, after DNS rebinding, a `Host` that is not this machine's.
 *
 * Invariants:
 *   O1. Without a token the listener binds only a loopback address and answers only to a loopback name.
 *   O2. A request with an `Origin` other than the listener itself is refused, with or without a token.
 *   O3. An account that operates and is no admin gives itself no role: it makes no admin, and tells identity nothing.
 *   O4. When it is read-only nothing is changed through it, whoever asks; what only looks is answered.
 */
import type { FastifyRequest } from 'fastify'
import { ClusterError } from '#actor'
import { type Auth, type Caller, hasRole } from '../auth/caller.ts'
import { isSameSecret } from '../keyring.ts'
import { Problem } from '../problems.ts'
import { problems, type SecurityScheme, type Server } from '../server.ts'
import { bearerProtocol } from '../stream-protocol.ts'

/** @throws ClusterError `CLUSTER_CONFIG_INVALID` when strangers could reach it. */
export function assertClosed(host: string, token: string | undefined): void {
  if (token !== undefined && token.length < tokenLengthMin) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: 'the token of operators',
      problem: `it has ${token.length} characters, and whoever guesses it can crash nodes`,
      remedy: `Use at least ${tokenLengthMin} random characters.`,
    })
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: 'the token of operators',
      problem: 'it has a space, or a character that no header can have',
      remedy: 'Use letters, digits and signs of ASCII.',
    })
  }
  if (token !== undefined || isLoopback(host)) return
  throw new ClusterError('CLUSTER_CONFIG_INVALID', {
    field: 'gateway.opsHost',
    problem: `'${host}' can be reached from other machines, and no token is set`,
    remedy: 'Set a token of operators, or bind the operator listener to 127.0.0.1.',
  })
}

const tokenLengthMin = 16

declare module 'fastify' {
  interface FastifyRequest {
    /** Who operates: an account, or how they came in. */
    operator: string
    /** They may decide who may do what: an admin, or whoever runs the house. */
    operatesAll: boolean
    /** Whether what let them in still does. Never rejects. */
    mayStay: () => Promise<boolean>
  }
  interface FastifyContextConfig {
    /** Who asks need not say who they are: there is nothing to see or to do that is not everybody's. */
    isOpen?: boolean
    /** Though it is no GET, it changes nothing of the cluster. */
    looks?: boolean
  }
}

export const operatorSchemes = {
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The configured token, or the access token of an account with the role operator. Without a configured token only this machine is answered, and none is needed.',
  },
} as const satisfies Record<string, SecurityScheme>

export interface GuardOptions {
  readonly token: string | undefined
  readonly auth: Auth
  readonly isReadOnly: boolean
}

export function guard(app: Server, { token, auth, isReadOnly }: GuardOptions): void {
  app.decorateRequest('operator', '')
  app.decorateRequest('operatesAll', false)
  app.decorateRequest('mayStay', async () => false)
  app.addHook('onRoute', (route) => {
    if (!isReadOnly || route.schema?.response === undefined) return
    const response = { ...problems('read-only'), ...route.schema.response }
    route.schema = { ...route.schema, response }
  })
  app.addHook('onRequest', async (request) => {
    const { host = '', origin } = request.headers
    request.headers.authorization ??= offeredBearer(request.headers['sec-websocket-protocol'])
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      throw new Problem('origin-refused', `Pages of ${origin} may not operate this cluster.`)
    }
    if (token === undefined && !isLoopback(hostnameOf(host)))
      throw new Problem('origin-refused', `This is not ${host}.`)
    if (request.routeOptions.config.isOpen) return
    const caller = await operatorIn(request, token, auth)
    if (isReadOnly && !looks(request)) {
      throw new Problem('read-only', 'This listener was started with BRIGADE_OPS_READ_ONLY=1.')
    }
    request.operator = typeof caller === 'string' ? caller : caller.account
    request.operatesAll = typeof caller === 'string' || caller.roles.includes('admin')
    request.mayStay = () =>
      operatorIn(request, token, auth).then(
        () => true,
        () => false,
      )
  })
}

/** Whether it changes nothing. What is not there is answered with 404. */
const looks = ({ method, routeOptions, is404 }: FastifyRequest): boolean =>
  is404 || method === 'GET' || method === 'HEAD' || routeOptions.config.looks === true

/** A page cannot set the header of a WebSocket's handshake: it offers its token as a sub-protocol. */
function offeredBearer(protocols: string | undefined): string | undefined {
  const offered = protocols?.split(/\s*,\s*/).find((one) => one.startsWith(bearerProtocol))
  if (offered === undefined) return undefined
  return `Bearer ${Buffer.from(offered.slice(bearerProtocol.length), 'base64url').toString('latin1')}`
}

/** An account, or how somebody without one came in. */
async function operatorIn(
  request: FastifyRequest,
  token: string | undefined,
  auth: Auth,
): Promise<Caller | 'token' | 'loopback'> {
  const { authorization } = request.headers
  if (token !== undefined && authorization === undefined)
    throw new Problem('unauthorized', 'The operator listener needs its token.')
  if (token !== undefined && authorization !== undefined && isSameSecret(`Bearer ${token}`, authorization))
    return 'token'
  const caller = await auth.callerOf(request)
  if (caller !== undefined) {
    if (hasRole(caller, 'operator')) return caller
    throw new Problem('forbidden', 'This takes the role operator.')
  }
  if (token === undefined) return 'loopback'
  throw new Problem('token-invalid', 'This is not the token of the operator listener.')
}

/** @throws Problem `forbidden`: for what decides who may do what. */
export function requireAdmin({ operatesAll }: FastifyRequest): void {
  if (!operatesAll) throw new Problem('forbidden', 'This takes the role admin.')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** `127.0.0.1:4001` and `[::1]:4001`, without the port and the brackets. */
function hostnameOf(host: string): string {
  return /^\[(.*)\](:\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '')
}
