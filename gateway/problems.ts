/**
 * What the gateway says when it cannot do what was asked: RFC 9457 problem documents.
 *
 * Owns:     the registry of problems (one per code, served at `/problems/{code}`), and which problem an
 *           outcome of the cluster, an error code of the runtime or a refusal of the HTTP server becomes.
 * Does not: know any route's own reasons beyond their entry in the registry.
 *
 * Invariants:
 *   P1. Every outcome and every error has exactly one problem.
 *   P2. A problem of status 500 or more never carries the words of an exception: they go to the log.
 */
import { type Static, Type } from 'typebox'
import { ClusterError, type ErrorCode, type Remedy } from '#actor'
import type { Shortage } from '#actors'
import type { Outcome } from '#ports'

interface ProblemSpec {
  readonly status: number
  readonly title: string
  /** Whether the same request can succeed later, unchanged. */
  readonly retryable: boolean
  /** For whoever follows the `type` link: why it happens and what to do. */
  readonly about: string
  /** Where somebody else has defined it. Default: ours, served at `/problems/{code}`. */
  readonly type?: string
}

const caller = (status: number, title: string, about: string): ProblemSpec => ({
  status,
  title,
  retryable: false,
  about,
})
const later = (status: number, title: string, about: string, type?: string): ProblemSpec => ({
  status,
  title,
  retryable: true,
  about,
  ...(type !== undefined && { type }),
})
const registered = (name: string): string => `https://iana.org/assignments/http-problem-types#${name}`

export const problemSpecs = {
  // The request itself
  'bad-request': caller(400, 'Bad request', 'The request is not well-formed HTTP for this server.'),
  'malformed-json': caller(400, 'The body is not JSON', 'Send one JSON value, encoded as UTF-8.'),
  validation: caller(
    400,
    'The request is not what this route takes',
    'Each entry of `errors` points at a place and says what it should be. Values are never converted in a body, and unknown members are refused.',
  ),
  'invalid-cursor': caller(
    400,
    'The cursor is not one of ours',
    'Use `nextCursor` of the page before, unchanged, or start without a cursor.',
  ),
  'idempotency-key-missing': caller(
    400,
    'This request needs an Idempotency-Key',
    'Send a new random key with each new intent, and the same key with each retry of it.',
  ),
  'idempotency-key-invalid': caller(
    400,
    'The Idempotency-Key cannot be used',
    'A key is 1 to 64 visible ASCII characters, quoted or bare; for a guest at least 22, because a guest is known by it alone. A random UUID will do.',
  ),
  unauthorized: caller(
    401,
    'You have to say who you are',
    'Send `Authorization: Bearer …` with the token that you were given.',
  ),
  'token-invalid': caller(
    401,
    'The token does not fit',
    'It is malformed, or was given for something else. An order is read with the `orderToken` of its creation.',
  ),
  forbidden: caller(
    403,
    'You may not do this',
    'The account is known, and has none of the roles that this takes. The detail names them.',
  ),
  'bad-credentials': caller(
    401,
    'E-mail address or password are wrong',
    'Which of them is not told. After five wrong passwords the account is locked for a quarter of an hour.',
  ),
  'refresh-reused': caller(
    401,
    'This refresh token was used before',
    'It may have been copied, so every token of its session has been made void. Log in again.',
  ),
  'session-ended': caller(
    401,
    'The session has ended',
    'It was logged out, or was idle for a week, or is a month old. Log in again.',
  ),
  'account-locked': caller(
    403,
    'The account is locked',
    'After too many wrong passwords it is open again after `Retry-After`. Without that header an admin has locked it.',
  ),
  'origin-refused': caller(
    403,
    'Not from this page',
    'The operator listener answers its own pages and programs, not pages of other sites.',
  ),
  'read-only': caller(
    403,
    'Only looking is allowed here',
    'The operator listener was started read-only. Nothing has been changed; start it without BRIGADE_OPS_READ_ONLY to command.',
  ),
  'forged-message': caller(
    403,
    'Only the runtime says this',
    'Messages such as `call.done` report what the runtime did. Send a message of the contract of the actor.',
  ),
  'route-not-found': caller(
    404,
    'There is nothing at this address',
    'See `/openapi.json` for what there is.',
  ),
  'not-found': caller(404, 'There is no such thing', 'It never existed, or is kept no longer.'),
  'method-not-allowed': caller(
    405,
    'This address does not take that method',
    'The header `Allow` names the methods that it takes.',
  ),
  'not-acceptable': caller(
    406,
    'No such representation',
    'See the route in `/openapi.json` for what it sends.',
  ),
  'request-timeout': later(408, 'The request came too slowly', 'Send it again.'),
  'precondition-failed': caller(
    412,
    'It was changed since you read it',
    'Read it again, look at what has changed, and send your change with the new `ETag` as `If-Match`.',
  ),
  'payload-too-large': caller(413, 'The body is too large', 'Bodies may have at most 64 KiB.'),
  'uri-too-long': caller(414, 'The address is too long', 'Shorten the address.'),
  'unsupported-media-type': caller(
    415,
    'This content type is not taken here',
    'Send `Content-Type: application/json`.',
  ),
  'upgrade-required': caller(
    426,
    'Ask for a WebSocket',
    'Send a handshake with the sub-protocol that the route names.',
  ),
  'precondition-required': caller(
    428,
    'Say which version you have seen',
    'Send the `ETag` that you were given as `If-Match`; for something new `If-None-Match: *`.',
  ),
  'quota-exceeded': later(
    429,
    'Too many requests',
    'The header `RateLimit` says how many are left and when there are more; `violated-policies` names what was exceeded. Try again after `Retry-After`.',
    registered('quota-exceeded'),
  ),
  'headers-too-large': caller(431, 'The headers are too large', 'Send fewer or shorter headers.'),

  // What an actor answered
  'invalid-transition': caller(
    409,
    'Not possible in the current state',
    '`currentState` is where it stands and `allowedEvents` is what it would take. Of an order: `order.revise` is PATCH …/items, `payment.authorize` POST …/payments, `order.cancel` POST …/cancellation, `order.complete` POST …/collection.',
  ),
  'too-late': caller(
    409,
    'Too late for this',
    'It went on while you decided: `currentState` is where it stands.',
  ),
  'event-not-accepted': caller(
    409,
    'The actor does not take this message now',
    '`currentState` is where it stands and `allowedEvents` is what it would take.',
  ),
  'request-in-progress': later(
    409,
    'The first request with this key is still running',
    'Wait for `Retry-After`, then send it again with the same key.',
  ),
  'idempotency-key-reused': caller(
    422,
    'This key was used for another request',
    'The same Idempotency-Key came before with another body. Use a new key for a new intent.',
  ),
  'idempotency-key-expired': caller(
    422,
    'This key is too old',
    'The reply to it is kept no longer. What it created is still there; use a new key for a new intent.',
  ),

  // The cluster
  busy: later(503, 'Too much is waiting', 'Try again after `Retry-After`, with the same Idempotency-Key.'),
  'storage-full': later(
    503,
    'The disk is full',
    'Less than 64 MiB are free where the data is: nothing is written until there is room. Try again after `Retry-After`.',
  ),
  'time-stands-still': later(
    503,
    'The world stands still',
    'This cluster is simulated, and somebody has paused it. It takes nothing until `POST /ops/v1/time/resume`.',
  ),
  'dependency-open': later(
    503,
    'A part of the house is down',
    'The department that this needs did not answer lately, and is not asked for a moment. Try again after `Retry-After`, with the same Idempotency-Key.',
  ),
  'entity-relocating': later(
    503,
    'It is moving to another node',
    'This passes within seconds. Try again after `Retry-After`, with the same Idempotency-Key.',
  ),
  'actor-stopped': later(
    503,
    'It was stopped',
    'Its supervisor or an operator stopped this actor. It takes messages again after `start`.',
  ),
  'not-ready': later(503, 'Not ready', 'The gateway has no link to the cluster yet, or has lost it.'),
  'too-many-streams': later(503, 'Too many are listening', 'Try again later, or ask without a stream.'),
  'actor-timeout': later(
    504,
    'No answer in time',
    'Whether it was done is not known. Try again with the same Idempotency-Key: it is done at most once.',
  ),
  'actor-failed': caller(
    500,
    'It failed on this message',
    'The message was dropped and the state from before it was kept. The log of the node has the reason.',
  ),
  internal: caller(500, 'Something broke here', 'This is a bug. The log has it under the `traceId`.'),

  // Accounts
  'email-taken': caller(
    409,
    'There is an account for this e-mail address',
    'Log in with it, or register another address. An address is free again when its account is closed.',
  ),
  'open-orders': caller(
    409,
    'There are orders that are not finished',
    'Collect or cancel them first; then the account can be closed.',
  ),
  'last-admin': caller(
    409,
    'It is the last admin',
    'Nobody could administer accounts any more. Give the role to another account first.',
  ),
  'admin-exists': caller(
    409,
    'There is an admin already',
    'An admin gives the role to other accounts: PUT /api/v1/users/{id}/roles. To make one more from here, say `another`.',
  ),
  'rotation-limit': caller(
    409,
    'Too many keys are retiring',
    'A key verifies tokens for an hour after it signed its last one, and only so many can. Wait for the oldest to retire.',
  ),

  // Operating
  'last-node': caller(
    409,
    'It is the last one',
    'Nobody could take over its shards. Add a node first, or `force`.',
  ),
  'node-gone': caller(
    409,
    'That process has ended',
    'A paused node is ended after its time. A new one takes its name.',
  ),
  'node-limit': caller(409, 'The group has all its nodes', 'Raise `max` of the group in the configuration.'),
  'replay-limit': caller(
    409,
    'It was replayed too often',
    'The same message fails again and again. Mend its receiver first.',
  ),
  'audit-unavailable': later(
    503,
    'It cannot be written down',
    'Every command is written to the audit before it is carried out, and now it cannot be. Nothing was done. Try again after `Retry-After`.',
  ),
  'config-locked': caller(
    403,
    'The start has set this',
    'The environment of the gateway has set this value, or only it can. Change it there, and start again.',
  ),
  'would-kill-quorum': caller(
    409,
    'It would stop too many nodes',
    'Of three nodes one may be down for faults, and no group may lose its last. Wait until who is away is back, or revert another fault.',
  ),
  'schedule-running': caller(
    409,
    'A schedule goes on already',
    'End it with DELETE /ops/v1/fault-schedules, or wait for its end.',
  ),
  'real-time-mode': caller(
    409,
    'This cluster is live',
    'Only the time of a simulated cluster can be turned: `brigade up --sim DAY` starts one.',
  ),
  'tap-limit': caller(
    409,
    'There are as many taps as there may be',
    'Each has every node look at its messages. End one that nobody needs, or wait: they end by themselves.',
  ),
  'fork-limit': caller(
    409,
    'There are as many forks as there may be',
    'Each takes as much memory as the cluster itself. They end with the process that made them.',
  ),
  unsupported: caller(
    409,
    'This cluster cannot do that',
    'The command needs something that this cluster has not.',
  ),
  'command-failed': caller(500, 'The command failed', 'The log of the launcher has the reason.'),

  // The restaurant's
  'device-fault': caller(
    409,
    'The device is out of order',
    'It does nothing until it is repaired. `currentState` is where it stands.',
  ),
  interlock: caller(409, 'The device is locked', 'No oven heats with an open door: close it first.'),
  'insufficient-stock': caller(
    409,
    'Not enough in the pantry',
    '`shortages` lists what is missing. This is a preview: the order itself decides.',
  ),
  'reservation-expired': caller(
    410,
    'It was kept no longer than this',
    'What was kept back is free again since `expiresAt`. Reserve it anew, with a new key.',
  ),
  'negative-stock': caller(
    409,
    'There is less than that',
    'A count cannot find less than nothing. Read the ingredient again: what is held for orders is not free.',
  ),
  'no-recipe': caller(
    409,
    'The kitchen cannot make this',
    'A dish is sold only if the kitchen has a recipe under its name and a bin for each ingredient. The detail names what is missing.',
  ),
  'payment-declined': caller(
    402,
    'The payment was declined',
    'The order was rejected for it; nothing was charged.',
  ),
  'nothing-to-refund': caller(
    409,
    'There is not so much to give back',
    'What was captured, less what was given back or promised already. `currentState` is where the payment stands; days after its order was completed nothing can be given back any more.',
  ),
  'card-invalid': caller(
    400,
    'This card cannot be used',
    'Its number, its expiry or its security code is wrong, or the provider refuses it. What was sent is repeated nowhere.',
  ),
  'too-many-methods': caller(409, 'No more cards can be stored', 'Forget one first.'),
  'too-many-webhooks': caller(
    409,
    'There are as many webhooks as an account may have',
    'End one first, and send a new intent with a new key.',
  ),
  'provider-unavailable': later(
    503,
    'The payment provider does not answer',
    'Nothing was stored. Try again after `Retry-After`, with the same Idempotency-Key.',
  ),
  'signature-invalid': caller(
    403,
    'The signature does not fit',
    'Sign the body as it is sent, with the secret of both sides, and send it within five minutes.',
  ),
  'already-paid': caller(409, 'It is paid already', 'Of one order at most one payment is taken.'),
  'orders-closed': later(
    503,
    'No orders are taken at the moment',
    'The kitchen has called the last order. What was ordered before is still cooked. Try again after `Retry-After`.',
  ),
  'switched-off': caller(
    409,
    'This is switched off',
    'An operator has switched this feature off. The detail says how to do without it.',
  ),
  'menu-changed': caller(409, 'The menu has changed', 'Read the menu again, and order from it.'),
} as const satisfies Record<string, ProblemSpec>

export type ProblemCode = keyof typeof problemSpecs

export interface FieldError {
  /** A JSON pointer into the body, as a fragment: `#/items/0/dish`. */
  readonly pointer?: string
  /** Or the name of a query or path parameter, or of a header. */
  readonly parameter?: string
  readonly detail: string
}

interface ProblemDetail {
  readonly detail: string
  readonly shortages?: readonly Shortage[]
  readonly errors?: readonly FieldError[]
  readonly currentState?: unknown
  readonly allowedEvents?: readonly string[]
  readonly retryAfterMs?: number
  readonly violatedPolicies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by a route; the server's error handler renders it. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly more: Omit<ProblemDetail, 'detail'>

  constructor(code: ProblemCode, detail: string | ProblemDetail) {
    const { detail: message, ...more } = typeof detail === 'string' ? { detail } : detail
    super(message)
    this.name = 'Problem'
    this.code = code
    this.more = more
  }

  get status(): number {
    return problemSpecs[this.code].status
  }
}

/** The document, as the OpenAPI description shows it. */
export const ProblemDocument = Type.Object(
  {
    type: Type.String({ format: 'uri', description: 'Where this kind of problem is explained.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    instance: Type.String({ format: 'uri-reference' }),
    code: Type.String({ description: 'The last part of `type`: what a program decides by.' }),
    traceId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    retryable: Type.Boolean({ description: 'Whether the same request can succeed later, unchanged.' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            pointer: Type.Optional(Type.String()),
            parameter: Type.Optional(Type.String()),
            detail: Type.String(),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    shortages: Type.Optional(
      Type.Array(
        Type.Object(
          { ingredient: Type.String(), needed: Type.Integer(), free: Type.Integer() },
          { additionalProperties: false },
        ),
      ),
    ),
    currentState: Type.Optional(Type.Unknown()),
    allowedEvents: Type.Optional(Type.Array(Type.String())),
    'violated-policies': Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'Problem', additionalProperties: false },
)
export type ProblemDocument = Static<typeof ProblemDocument>

export function documentOf(
  problem: Problem,
  place: { readonly baseUrl: string; readonly path: string; readonly traceId: string },
): ProblemDocument {
  const { title, status, retryable, type }: ProblemSpec = problemSpecs[problem.code]
  const { errors, shortages, currentState, allowedEvents, violatedPolicies } = problem.more
  return {
    type: type ?? `${place.baseUrl}/problems/${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: place.path,
    code: problem.code,
    traceId: place.traceId,
    retryable,
    ...(errors && { errors: [...errors] }),
    ...(shortages && { shortages: shortages.map((shortage) => ({ ...shortage })) }),
    ...(currentState !== undefined && { currentState }),
    ...(allowedEvents && { allowedEvents: [...allowedEvents] }),
    ...(violatedPolicies && { 'violated-policies': [...violatedPolicies] }),
  }
}

/** Whole seconds, at least one: what `Retry-After` can say. */
export function retryAfterOf(problem: Problem): string | undefined {
  const { status, retryable } = problemSpecs[problem.code]
  const ms = problem.more.retryAfterMs ?? (retryable && status !== 504 ? 1_000 : undefined)
  return ms === undefined ? undefined : String(Math.max(1, Math.ceil(ms / 1_000)))
}

const busyCodes = {
  backlog: 'busy',
  'requests-full': 'busy',
  'storage-full': 'storage-full',
  paused: 'time-stands-still',
  'dependency-open': 'dependency-open',
} as const satisfies Record<Extract<Outcome, { kind: 'busy' }>['reason'], ProblemCode>

/** What a command came to. @throws Problem when it was not handled; `what` as in `problemOf`. */
export function doneOf(outcome: Outcome, what: string): Extract<Outcome, { readonly kind: 'done' }> {
  if (outcome.kind === 'done') return outcome
  throw problemOf(outcome, what)
}

/** What a query was answered. @throws Problem when it was not; `what` as in `problemOf`. */
export function answerOf(outcome: Outcome, what: string): Extract<Outcome, { readonly kind: 'answer' }> {
  if (outcome.kind === 'answer') return outcome
  throw problemOf(outcome, what)
}

/** Of an outcome that the route did not hope for. `what` names the thing in a sentence: `Order 'ord_…'`. */
export function problemOf(outcome: Outcome, what: string): Problem {
  switch (outcome.kind) {
    case 'done':
    case 'answer':
      return new Problem('internal', `${what} answered a command as a query, or a query as a command.`)
    case 'unknown':
      return new Problem('not-found', `${what} does not exist.`)
    case 'archived':
      return new Problem('invalid-transition', {
        detail: `${what} is finished and takes nothing more.`,
        currentState: outcome.state,
        allowedEvents: [],
      })
    case 'not-accepted':
      return new Problem('invalid-transition', {
        detail: `${what} does not take this in its state ${inWords(outcome.state)}.`,
        currentState: outcome.state,
        allowedEvents: outcome.accepts,
        headers: { etag: `"${outcome.version}"` },
      })
    case 'invalid':
      return new Problem('validation', `${what} does not take this message: ${outcome.problem}.`)
    case 'stale':
      return new Problem('precondition-failed', {
        detail: `${what} was changed since you read it: it stands at version ${outcome.version}.`,
        currentState: outcome.state,
        headers: { etag: `"${outcome.version}"` },
      })
    case 'running':
      return new Problem(
        'request-in-progress',
        `${what} is still working on the first request with this key.`,
      )
    case 'key-reused':
      return new Problem(
        'idempotency-key-reused',
        `${what} knows this key with another body. Send a new intent with a new key.`,
      )
    case 'key-expired':
      return new Problem('idempotency-key-expired', `${what} exists, but its reply to this key is gone.`)
    case 'busy':
      return new Problem(busyCodes[outcome.reason], {
        detail: `${what} cannot be reached now (${outcome.reason}).`,
        retryAfterMs: outcome.retryAfterMs,
      })
    case 'moved':
      return new Problem('entity-relocating', `${what} is moving to another node.`)
    case 'stopped':
      return new Problem('actor-stopped', `${what} is stopped.`)
    case 'failed':
      return new Problem('actor-failed', `${what} failed on this message.`)
    case 'timeout':
      return new Problem('actor-timeout', `${what} did not answer in time.`)
  }
}

/** A state value as a person reads it: `cooking`, or `{"a":"b"}` for a nested one. */
export function inWords(state: unknown): string {
  return typeof state === 'string' ? `'${state}'` : JSON.stringify(state)
}

const byRemedy = {
  retry: 'entity-relocating',
  caller: 'validation',
  operator: 'internal',
} as const satisfies Record<Remedy, ProblemCode>

const byErrorCode: Partial<Record<ErrorCode, ProblemCode>> = {
  ACTOR_TYPE_UNKNOWN: 'not-found',
  ACTOR_DEFINITION_INVALID: 'internal',
  SUPERVISION_TREE_INVALID: 'internal',
}

export function problemCodeOf(error: ClusterError): ProblemCode {
  return byErrorCode[error.code] ?? byRemedy[error.remedy]
}

const byServerCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload-too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
}

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
}

/** At most this many places are pointed at; the first ones are enough to begin with. */
export const fieldErrorsMax = 20

/** Any error that reached the server, as a problem. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof ClusterError) {
    const code = problemCodeOf(error)
    return new Problem(code, problemSpecs[code].status < 500 ? error.message : problemSpecs[code].about)
  }
  const { code, statusCode, validation, validationContext } = error as {
    code?: string
    statusCode?: number
    validation?: readonly SchemaError[]
    validationContext?: string
  }
  if (validation !== undefined) return invalidRequest(validation, validationContext ?? 'body')
  const known = byServerCode[code ?? '']
  if (known !== undefined) return new Problem(known, problemSpecs[known].about)
  if (statusCode === undefined || statusCode >= 500)
    return new Problem('internal', problemSpecs.internal.about)
  return new Problem('bad-request', problemSpecs['bad-request'].about)
}

/** `under`: where in the request what was checked stands. */
export function invalidRequest(validation: readonly SchemaError[], context: string, under = ''): Problem {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const { path, detail } of validation.flatMap(placesOf)) {
    const field =
      context === 'body' ? { pointer: `#${under}${path}`, detail } : { parameter: path.slice(1), detail }
    if (errors.length === fieldErrorsMax || seen.has(path)) continue
    seen.add(path)
    errors.push(field)
  }
  const [first] = errors
  const where = first?.pointer ?? first?.parameter ?? context
  return new Problem('validation', {
    detail: `The ${context} is wrong at ${where}: ${first?.detail}.`,
    errors,
  })
}

function placesOf({
  keyword,
  instancePath,
  params,
  message,
}: SchemaError): { path: string; detail: string }[] {
  const names = (key: string): string[] => (params[key] as string[] | undefined) ?? []
  const under = (name: string): string =>
    `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  switch (keyword) {
    // The schema `false` of a refused member: its parent's `additionalProperties` says it better.
    // The union itself: its members have said what is wrong.
    case 'boolean':
    case 'anyOf':
      return []
    // An optional body may be missing; one that is there and wrong was not meant to be.
    case 'type':
      return params.type === 'null' ? [] : [{ path: instancePath, detail: message ?? 'has the wrong type' }]
    case 'additionalProperties':
      return names('additionalProperties').map((name) => ({ path: under(name), detail: 'is not known here' }))
    case 'required':
      return names('requiredProperties').map((name) => ({ path: under(name), detail: 'is missing' }))
    case 'const':
      return [{ path: instancePath, detail: 'is not one of the values it can have' }]
    default:
      return [{ path: instancePath, detail: message ?? 'is wrong' }]
  }
}
