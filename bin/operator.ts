/**
 * The operator API of a running cluster, as the commands use it.
 *
 * Owns:     where the cluster is, what its answers look like, and what a refusal means to a person.
 * Does not: decide what to ask: each command does.
 */
import type { Options } from './command-line/command.ts'
import { UsageError } from './command-line/usage-error.ts'
import { operatorHeaders } from './settings.ts'
import type { Terminal } from './terminal/terminal.ts'

export const opsOption = {
  ops: {
    kind: 'text',
    value: 'URL',
    about: 'the operator listener of the cluster (default BRIGADE_OPS, or http://127.0.0.1:4001)',
  },
} as const satisfies Options

const defaultUrl = 'http://127.0.0.1:4001'
/** A crash is answered when the exit was seen, a drain when everything was handed over. */
const answerWithinMs = 30_000

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/ops/v1/`. */
  readonly path: string
  readonly body?: unknown
  /** The version that is changed, as it was read. */
  readonly ifVersion?: number
  /** Of something that is made: random, and the same for each try. */
  readonly key?: string
}

export const get = (path: string): Operation => ({ method: 'GET', path })
export const post = (path: string, body?: unknown): Operation => ({
  method: 'POST',
  path,
  ...(body !== undefined && { body }),
})

export interface ShownCluster {
  readonly id: string
  readonly world: { readonly now: string; readonly speed: number }
  readonly nodes: readonly ShownNode[]
  readonly shards: {
    readonly total: number
    readonly unowned: number
    /** `needs` is the version of the machine of `type` that a newer build wrote, `has` the one of this build. */
    readonly waiting: readonly {
      readonly type: string
      readonly needs: string
      readonly has: string
      readonly shards: number
    }[]
  }
}

export interface ShownNode {
  readonly id: string
  readonly group: string
  /** up, cordoned, leaving, paused, starting, waiting or down. */
  readonly state: string
  readonly life: number
  readonly pid?: number
  readonly shardsOwned: number
  readonly counters: Readonly<Record<string, number>>
  readonly gauges: Readonly<Record<string, number>>
  readonly latencies: Readonly<Record<string, { readonly count: number; readonly p95Ms: number }>>
}

interface Problem {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly type?: string
}

export class Operator {
  readonly url: string
  readonly #headers: Readonly<Record<string, string>>

  /** @throws UsageError when the address is none. */
  constructor(given: string | undefined, { env }: Pick<Terminal, 'env'>) {
    const url = given ?? env.BRIGADE_OPS ?? defaultUrl
    if (!/^https?:\/\/[^/]/.test(url)) {
      throw new UsageError(`'${url}' is not the address of a cluster.`, `It looks like ${defaultUrl}.`)
    }
    this.url = url.replace(/\/+$/, '')
    this.#headers = operatorHeaders(env)
  }

  /** @throws UsageError when nobody answers, or the answer is no. */
  async ask<Answer>({ method, path, body, ifVersion, key }: Operation): Promise<Answer> {
    const response = await fetch(`${this.url}/ops/v1/${path}`, {
      method,
      signal: AbortSignal.timeout(answerWithinMs),
      headers: {
        ...this.#headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(ifVersion !== undefined && { 'if-match': `"${ifVersion}"` }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
      throw unreachable(this.url, error)
    })
    const text = await response.text()
    if (!response.ok) throw refusal(response.status, problemIn(text))
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  cluster(): Promise<ShownCluster> {
    return this.ask(get('cluster'))
  }
}

function unreachable(url: string, error: Error): UsageError {
  if (error.name === 'TimeoutError') {
    return new UsageError(
      `The cluster at ${url} did not answer within ${answerWithinMs / 1_000}s.`,
      'The command may have been carried out: npx brigade status shows what stands.',
      'CLUSTER_SILENT',
    )
  }
  return new UsageError(
    `No cluster answers at ${url}.`,
    'Start one with `npm start` or `npx brigade up`; or say where it is with --ops URL.',
    'CLUSTER_UNREACHABLE',
  )
}

function problemIn(text: string): Problem {
  try {
    return JSON.parse(text) as Problem
  } catch {
    return {}
  }
}

const remedies: Readonly<Record<string, string>> = {
  'last-node': 'Nobody could take over for it. Add one first: npx brigade add-node GROUP (kitchen or edge).',
  'node-gone': 'npx brigade status shows which nodes run.',
  'node-limit': 'A group has a limit (`nodesMax`), and drained nodes give their place back.',
  'replay-limit': 'The same message fails again and again: mend its receiver first.',
  'admin-exists':
    'An admin gives the role to others; npx brigade admin create --another makes one more from here.',
  'email-taken': 'Give another address, or have an admin give the role to that account.',
  'rotation-limit': 'A key verifies for an hour after it signed last: try again when the oldest is retired.',
  'real-time-mode': 'npx brigade up --sim DAY starts a cluster whose time can be turned.',
  'precondition-failed': 'Somebody else has changed it meanwhile: look at it again.',
  'config-locked': 'The environment of the gateway sets it: BRIGADE_CONFIG, and a restart.',
  unauthorized: 'Give it in BRIGADE_OPS_TOKEN, or a file of it in BRIGADE_OPS_TOKEN_FILE.',
  'token-invalid': 'BRIGADE_OPS_TOKEN is what the cluster was started with.',
  'not-found': 'npx brigade status and npx brigade dead-letters show what there is.',
}

function refusal(status: number, { code = `http-${status}`, detail, title, type }: Problem): UsageError {
  const said = detail ?? title ?? `The cluster answered ${status}.`
  return new UsageError(said, remedies[code] ?? (type === undefined ? undefined : `See ${type}`), code)
}
