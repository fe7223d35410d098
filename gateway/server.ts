/**
 * An HTTP server with the manners of this house; both listeners are one of these.
 *
 * Owns:     what holds for every route: limits, trace context and request ids, problem documents, validation
 *           without conversion, the log and its silence about secrets, the OpenAPI document, and closing.
 * Does not: know any route (they are handed in), or the cluster.
 */
import type { Socket } from 'node:net'
import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import { Type } from 'typebox'
import { ClusterError } from '#actor'
import type { Metrics, RouteMetrics } from './metrics.ts'
import {
  documentOf,
  Problem,
  type ProblemCode,
  ProblemDocument,
  problemFrom,
  problemSpecs,
  retryAfterOf,
} from './problems.ts'
import { buildSerializer } from './serializers.ts'
import { type TraceContext, traceOf } from './trace-context.ts'
import { takeUpgrades } from './upgrade.ts'

declare module 'fastify' {
  interface FastifyRequest {
    trace: TraceContext
  }
  interface FastifyContextConfig {
    /** Of each route. */
    seen?: RouteMetrics
  }
}

export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface LogOptions {
  /** Default `warn`: a gateway in good health says nothing. */
  readonly level: string
  /** Default: standard output, one JSON object per line. */
  readonly stream?: { write(line: string): void }
}

export interface ServerOptions {
  readonly title: string
  readonly description: string
  readonly metrics: Metrics
  readonly log: LogOptions
  /** Where problem types are explained; asked for late, because a listener may choose its port. */
  readonly problemsUrl: () => string
  /** How callers say who they are; a route names those that it takes in `security`. */
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  /** It speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Proxies whose word for who asks is taken. */
  readonly trustProxy?: readonly string[]
  /** Pages of other sites that may ask it. Default: none. */
  readonly corsOrigins?: readonly string[]
  /** Shows its own document to people, at `/docs`. */
  readonly hasDocs?: boolean
  /** The addresses of routes that go on as WebSockets. Default: none does. */
  readonly upgrades?: readonly string[]
  readonly routes: (app: Server) => void
}

export type SecurityScheme = { readonly description: string } & (
  | { readonly type: 'http'; readonly scheme: 'bearer' }
  | { readonly type: 'apiKey'; readonly in: 'header' | 'query'; readonly name: string }
)

const bodyLimitBytes = 64 * 1024
/** A request has to be here in full after this long. */
const requestTimeoutMs = 10_000
const version = '1.0.0'

/** Wherever a header or a body could reach the log, these do not. */
const secrets = [
  'authorization',
  'cookie',
  '["x-order-token"]',
  '["idempotency-key"]',
  '["sec-websocket-protocol"]',
]
const redacted = ['req.headers', 'headers', 'request.headers'].flatMap((place) =>
  secrets.map((name) => (name.startsWith('[') ? `${place}${name}` : `${place}.${name}`)),
)

export async function createServer(options: ServerOptions): Promise<Server> {
  const { metrics, log, problemsUrl, tls } = options
  const headers = securityHeaders(tls !== undefined)
  let requests = 0
  const app = Fastify({
    ...(tls && { https: { ...tls, handshakeTimeout: handshakeTimeoutMs } }),
    ...(options.trustProxy && { trustProxy: [...options.trustProxy] }),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 600 },
    schemaController: { compilersFactory: { buildSerializer } },
    logger: { level: log.level, redact: [...redacted, 'body'], ...(log.stream && { stream: log.stream }) },
    logController: new LogController({ disableRequestLogging: true }),
    // What is logged carries the trace id; a logger of its own for every request would cost more than routing it.
    childLoggerFactory: (logger) => logger,
    genReqId: ({ headers: { 'x-request-id': given } }) => {
      requests += 1
      return typeof given === 'string' && /^[\x21-\x7e]{1,64}$/.test(given) ? given : `req-${requests}`
    },
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    clientErrorHandler: (error, socket) => {
      const code = badConnection[error.code ?? ''] ?? 'bad-request'
      const { status, title } = problemSpecs[code]
      const body = JSON.stringify({ type: `${problemsUrl()}/problems/${code}`, title, status, code })
      if (!socket.writable) return
      socket.end(
        `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
      // Node leaves the end to this handler: who does not hang up would keep the connection.
      setTimeout(() => socket.destroy(), closeGraceMs).unref()
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = problemFrom(error)
    // Refused before its hooks ran: it has no trace yet.
    const { traceId } = request.trace ?? traceOf({})
    const path = pathOf(request.url)
    if (problem.code === 'internal') {
      const words = error instanceof ClusterError ? { code: error.code, fields: error.fields } : {}
      app.log.error({ err: error, ...words, traceId, method: request.method, path }, 'a request broke')
    }
    const retryAfter = retryAfterOf(problem)
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
    if (problem.status === 401) reply.header('www-authenticate', challengeOf(problem))
    if (problem.more.headers !== undefined) reply.headers(problem.more.headers)
    void reply
      .code(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(documentOf(problem, { baseUrl: problemsUrl(), path, traceId })))
  }

  app.decorateRequest('trace')
  app.addHook('onRequest', (request, reply, done) => {
    request.trace = traceOf(request.headers)
    reply.header('x-request-id', request.id)
    reply.header('server-timing', `traceparent;desc="${request.trace.parent}"`)
    reply.headers(headers)
    done()
  })
  // What does not say how long it may be kept is private: it is for who asked, and now.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    const vary = String(reply.getHeader('vary') ?? '')
    if (!/\bauthorization\b/i.test(vary))
      reply.header('vary', vary === '' ? 'Authorization' : `${vary}, Authorization`)
    done()
  })
  const routes: { readonly methods: readonly string[]; readonly pattern: string }[] = []
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat()
    routes.push({ methods, pattern: route.url })
    const seen = metrics.route(methods.join('|'), route.url)
    route.config = { ...route.config, seen }
    const own = route.onResponse === undefined ? [] : [route.onResponse].flat()
    route.onResponse = [
      ...own,
      (_request, reply, done) => {
        if (!takenOver.has(reply)) seen.observe(reply.statusCode, reply.elapsedTime)
        done()
      },
    ]
  })
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser(
    'application/merge-patch+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('error', 'error'),
  )
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.setErrorHandler(sendProblem)
  const nowhere = metrics.route('any', 'none')
  app.setNotFoundHandler(() => {})
  // Before a body is parsed: what is wrong with it does not matter where nobody takes it.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (!request.is404) return done()
    const { method, url } = request
    const path = pathOf(url)
    const here = routes.filter(({ pattern }) => isAddress(pattern, path))
    const problem =
      here.length === 0
        ? new Problem('route-not-found', `There is nothing at ${path}; /openapi.json lists what there is.`)
        : methodNotAllowed(method, path, [...new Set(here.flatMap(({ methods }) => methods))])
    nowhere.observe(problem.status, reply.elapsedTime)
    done(problem)
  })

  app.addSchema(ProblemDocument)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: options.title, description: options.description, version, license: { name: 'MIT' } },
      components: { securitySchemes: { ...options.securitySchemes } },
    },
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, i) => String($id ?? `schema-${i}`) },
    convertConstToEnum: false,
  })
  if (options.hasDocs) await showDocs(app)
  if (options.corsOrigins !== undefined) {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      credentials: true,
      exposedHeaders,
      maxAge: corsKeptSeconds,
      hideOptionsRoute: true,
    })
  }
  options.routes(app)
  describeItself(app)
  closePromptly(app, tls !== undefined)
  if (options.upgrades !== undefined) takeUpgrades(app, options.upgrades, tls !== undefined)
  return app
}

const takenOver = new WeakSet<FastifyReply>()

/** For an answer that goes on for as long as its reader stays: it is counted as it begins, and not again at its end. */
export function takeOver(reply: FastifyReply, status: number): void {
  reply.hijack()
  takenOver.add(reply)
  reply.routeOptions.config.seen?.observe(status, reply.elapsedTime)
}

/** Who does not hang up when told to, or still waits for an answer when the server closes, is cut off after this long. */
const closeGraceMs = 2_000

/**
 * Fastify ends idle connections. To Node, one that has sent nothing yet (a browser opens some ahead) is not idle, and one
 * that was upgraded is none of its own.
 */
function closePromptly(app: Server, isTls: boolean): void {
  const open = new Set<Socket>()
  const silent = new Set<Socket>()
  app.server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    // Again, when it goes on after an upgrade that was passed over.
    if (open.has(socket)) return
    open.add(socket)
    silent.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      silent.delete(socket)
    })
  })
  app.server.on('request', ({ socket }) => silent.delete(socket))
  app.addHook('preClose', (done) => {
    for (const socket of silent) socket.destroy()
    setTimeout(() => {
      for (const socket of open) socket.destroy()
    }, closeGraceMs).unref()
    done()
  })
}

/**
 * What browsers are told on every answer, as helmet would. An answer of the API is data: it loads nothing, runs nothing,
 * and is shown in no frame.
 */
const securityHeaders = (isTls: boolean): Readonly<Record<string, string>> => ({
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  ...(isTls && { 'strict-transport-security': 'max-age=31536000' }),
})

/** Nothing of another origin, and no script or style that stands in the page. */
const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What a page of another site may read besides the body. */
const exposedHeaders = [
  'ETag',
  'Idempotent-Replayed',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'X-Request-Id',
]
const corsKeptSeconds = 600
const handshakeTimeoutMs = 5_000

/** The document for people. All of it comes from this server. */
async function showDocs(app: Server): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    // Its bar has another project's name, and a field for the address of some other description.
    theme: { title: 'Brigade', css: [{ filename: 'brigade.css', content: '.topbar { display: none }' }] },
  })
}

/** `GET /openapi.json`, and an explanation of every problem. */
function describeItself(app: Server): void {
  let document = ''
  app.addHook('onReady', (done) => {
    document = JSON.stringify(app.swagger())
    done()
  })
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(document),
  )
  app.get(
    '/problems/:code',
    {
      schema: {
        summary: 'What a problem means, and what to do about it',
        tags: ['about'],
        params: Type.Object({ code: Type.String() }),
        response: { 200: ProblemExplanation, ...problems('not-found') },
      },
    },
    ({ params: { code } }, reply) => {
      if (!Object.hasOwn(problemSpecs, code)) throw new Problem('not-found', `There is no problem '${code}'.`)
      const { status, title, retryable, about } = problemSpecs[code as ProblemCode]
      reply.header('cache-control', 'public, max-age=3600')
      return { code, status, title, retryable, about }
    },
  )
}

const ProblemExplanation = Type.Object(
  {
    code: Type.String(),
    status: Type.Integer(),
    title: Type.String(),
    retryable: Type.Boolean(),
    about: Type.String(),
  },
  { additionalProperties: false },
)

/** The part of a route's `response` schema that says how it can fail. */
export function problems(...codes: readonly ProblemCode[]): Record<number, unknown> {
  const responses: Record<number, unknown> = {}
  for (const status of new Set(codes.map((code) => problemSpecs[code].status))) {
    const same = codes.filter((code) => problemSpecs[code].status === status)
    responses[status] = {
      description: same.map((code) => `\`${code}\`: ${problemSpecs[code].title}`).join('\n\n'),
      content: { 'application/problem+json': { schema: Type.Ref('Problem#') } },
    }
  }
  return responses
}

/**
 * Listens, or says who cannot.
 *
 * @throws ClusterError `PORT_IN_USE`, `PORT_UNUSABLE`.
 */
export async function listen(
  app: Server,
  place: { readonly listener: string; readonly host: string; readonly port: number; readonly option: string },
): Promise<string> {
  try {
    return await app.listen({ host: place.host, port: place.port })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new ClusterError('PORT_IN_USE', place)
    throw new ClusterError('PORT_UNUSABLE', { ...place, problem: message })
  }
}

/** Without the query: a token may stand there, and a problem's `instance` and the log do without it. */
export function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** Whether `/nodes/:id` is the address of `/nodes/node-1`. The router writes a colon of the address itself as two. */
function isAddress(pattern: string, path: string): boolean {
  const given = path.split('/')
  const parts = pattern.split('/')
  return (
    parts.length === given.length &&
    parts.every(
      (part, i) => part.replaceAll('::', ':') === given[i] || (part.startsWith(':') && given[i] !== ''),
    )
  )
}

function methodNotAllowed(method: string, path: string, allowed: readonly string[]): Problem {
  const list = allowed.toSorted().join(', ')
  return new Problem('method-not-allowed', {
    detail: `${path} takes ${list}, and not ${method}.`,
    headers: { allow: list },
  })
}

function challengeOf({ code }: Problem): string {
  return code === 'token-invalid' ? 'Bearer error="invalid_token"' : 'Bearer'
}

const badConnection: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}
