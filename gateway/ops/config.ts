/**
 * Configuration and feature flags: reading them with where each value comes from, and changing them while all runs.
 *
 * One version is counted for all keys, and one for all flags: a change names what it was made on.
 */
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import {
  type ConfigContext,
  type ConfigKey,
  type ConfigSpec,
  ConfigValue,
  configKeys,
  configProblem,
  configRef,
  type FlagName,
  FlagRule,
  type FlagSpec,
  type FlagsContext,
  flagNames,
  flagsRef,
  isConfigKey,
  isFlagName,
} from '#actors'
import type { Outcome } from '#ports'
import type { ActorRequest, ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, requiredVersionOf, StillGood } from '../conditional.ts'
import { type Flags, ruleOf, type StoredFlags } from '../flags.ts'
import { doneOf, Problem } from '../problems.ts'
import { exact, matched, reach, written } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import type { Setting, Settings, StoredConfig } from '../settings.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'

const tags = ['configuration']
const Signed = {
  by: Type.Optional(Type.String({ description: 'Who set it.' })),
  at: Type.Optional(Timestamp),
  why: Type.Optional(Type.String()),
}
const ConfigItem = Type.Object(
  {
    key: Type.String(),
    value: ConfigValue,
    default: ConfigValue,
    source: Type.Enum(['default', 'start', 'stored']),
    locked: Type.Boolean({ description: 'Only the environment and a restart change it.' }),
    min: Type.Optional(Type.Integer()),
    max: Type.Optional(Type.Integer()),
    about: Type.String(),
    ...Signed,
  },
  exact,
)
const FlagItem = Type.Object(
  {
    flag: Type.String(),
    rule: FlagRule,
    source: Type.Enum(['default', 'stored']),
    about: Type.String(),
    ...Signed,
  },
  exact,
)
const OfKey = Type.Object({ key: Type.String({ minLength: 1, maxLength: 64 }) })
/** Why something is done, for those who read it later. */
const ReasonHeader = Type.Object({ 'x-reason': Type.Optional(Type.String({ maxLength: 200 })) })

const writes = [...written, 'not-found', ...matched, 'audit-unavailable', ...reach] as const
const requestTimeoutMs = 3_000

export interface ConfigRouteOptions {
  readonly client: ClusterClient
  readonly site: string
  readonly settings: Settings
  readonly flags: Flags
}

export function configRoutes(app: Server, { client, site, settings, flags }: ConfigRouteOptions): void {
  const send = async (
    actor: ActorRequest['actor'],
    body: ActorRequest['body'],
    ifVersion: number,
    trace: string,
  ): Promise<Extract<Outcome, { kind: 'done' }>> => {
    const outcome = await client.request({ actor, body, ifVersion, timeoutMs: requestTimeoutMs, trace })
    return doneOf(outcome, `'${actor}'`)
  }

  app.get(
    '/ops/v1/config',
    {
      schema: {
        summary: 'Every key with its value and where that comes from',
        tags,
        response: {
          200: Type.Object({ version: Type.Integer(), items: Type.Array(ConfigItem) }, exact),
          304: StillGood,
          ...problems('audit-unavailable', ...reach),
        },
      },
    },
    async (_, reply) => {
      const { version, stored, settings: all } = await settings.shown()
      if (isStillGood(reply, etagOf(version))) return null
      return { version, items: all.map((setting) => shownSetting(setting, stored)) }
    },
  )

  const change = async (
    key: string,
    message:
      | { readonly type: 'config.set'; readonly value: Static<typeof ConfigValue> }
      | { readonly type: 'config.unset' },
    request: FastifyRequest,
  ): Promise<{ version: number; item: Static<typeof ConfigItem> }> => {
    if (!isConfigKey(key)) throw new Problem('not-found', `There is no key '${key}'.`)
    const version = requiredVersionOf(request.headers)
    if (settings.isLocked(key)) {
      const why = configKeys[key].isHot ? 'was set by the environment' : 'is read at the start alone'
      throw new Problem('config-locked', `'${key}' ${why}.`)
    }
    const wrong = message.type === 'config.set' ? configProblem(key, message.value) : undefined
    if (wrong !== undefined)
      throw new Problem('validation', {
        detail: `The value of '${key}' ${wrong}.`,
        errors: [{ pointer: '#/value', detail: wrong }],
      })
    const signed = { key, ...signatureOf(request) }
    const body = { kind: 'command', message: { ...message, ...signed } } as const
    const done = await send(configRef(site), body, version, request.trace.context)
    const { values } = done.reply as unknown as ConfigContext
    settings.put({ values, version: done.version })
    const shown = await settings.shown()
    const setting = shown.settings.find((one) => one.key === key) as Setting
    return { version: shown.version, item: shownSetting(setting, shown.stored) }
  }
  app.put(
    '/ops/v1/config/:key',
    {
      schema: {
        summary: 'Sets a value; every gateway goes by it within a moment',
        description: '`If-Match` is the ETag of GET /ops/v1/config. `X-Reason` says why.',
        tags,
        params: OfKey,
        headers: ReasonHeader,
        body: Type.Object({ value: ConfigValue }, exact),
        response: { 200: ConfigItem, ...problems(...writes, 'config-locked') },
      },
    },
    async (request, reply) => {
      const { version, item } = await change(
        request.params.key,
        { type: 'config.set', value: request.body.value },
        request,
      )
      reply.header('etag', etagOf(version))
      return item
    },
  )
  app.delete(
    '/ops/v1/config/:key',
    {
      schema: {
        summary: 'Takes a value back: the default holds again',
        tags,
        params: OfKey,
        headers: ReasonHeader,
        response: { 200: ConfigItem, ...problems(...writes, 'config-locked') },
      },
    },
    async (request, reply) => {
      const { version, item } = await change(request.params.key, { type: 'config.unset' }, request)
      reply.header('etag', etagOf(version))
      return item
    },
  )

  app.get(
    '/ops/v1/flags',
    {
      schema: {
        summary: 'Every feature flag with its rule',
        tags,
        response: {
          200: Type.Object({ version: Type.Integer(), items: Type.Array(FlagItem) }, exact),
          304: StillGood,
          ...problems('audit-unavailable', ...reach),
        },
      },
    },
    async (_, reply) => {
      const stored = await flags.stored()
      const etag = etagOf(stored.version)
      if (isStillGood(reply, etag)) return null
      const names = Object.keys(flagNames) as FlagName[]
      return { version: stored.version, items: names.map((flag) => shownFlag(flag, stored)) }
    },
  )
  const changeFlag = async (
    flag: string,
    message: { readonly type: 'flags.set'; readonly rule: FlagRule } | { readonly type: 'flags.unset' },
    request: FastifyRequest,
  ): Promise<{ version: number; item: Static<typeof FlagItem> }> => {
    if (!isFlagName(flag)) throw new Problem('not-found', `There is no flag '${flag}'.`)
    const version = requiredVersionOf(request.headers)
    const body = { kind: 'command', message: { ...message, flag, ...signatureOf(request) } } as const
    const done = await send(flagsRef(site), body, version, request.trace.context)
    const stored = { rules: (done.reply as unknown as FlagsContext).rules, version: done.version }
    flags.put(stored)
    return { version: stored.version, item: shownFlag(flag, stored) }
  }
  app.put(
    '/ops/v1/flags/:key',
    {
      schema: {
        summary: 'Says for whom a feature is on',
        description: '`If-Match` is the ETag of GET /ops/v1/flags. `X-Reason` says why.',
        tags,
        params: OfKey,
        headers: ReasonHeader,
        body: Type.Object({ rule: FlagRule }, exact),
        response: { 200: FlagItem, ...problems(...writes) },
      },
    },
    async (request, reply) => {
      const { rule } = request.body
      const { version, item } = await changeFlag(request.params.key, { type: 'flags.set', rule }, request)
      reply.header('etag', etagOf(version))
      return item
    },
  )
  app.delete(
    '/ops/v1/flags/:key',
    {
      schema: {
        summary: 'Takes a rule back: the default holds again',
        tags,
        params: OfKey,
        headers: ReasonHeader,
        response: { 200: FlagItem, ...problems(...writes) },
      },
    },
    async (request, reply) => {
      const { version, item } = await changeFlag(request.params.key, { type: 'flags.unset' }, request)
      reply.header('etag', etagOf(version))
      return item
    },
  )
}

function signatureOf(request: FastifyRequest): {
  readonly by: string
  readonly why?: string
} {
  const why = request.headers['x-reason']
  return { by: request.operator, ...(typeof why === 'string' && { why }) }
}

function shownSetting(
  { key, value, source, isLocked }: Setting,
  { values }: StoredConfig,
): Static<typeof ConfigItem> {
  const spec: ConfigSpec = configKeys[key as ConfigKey]
  const stored = source === 'stored' ? values[key] : undefined
  return {
    key,
    value,
    default: spec.default,
    source,
    locked: isLocked,
    ...(spec.min !== undefined && { min: spec.min }),
    ...(spec.max !== undefined && { max: spec.max }),
    about: spec.about,
    ...(stored && shownSignature(stored)),
  }
}

function shownFlag(flag: FlagName, stored: StoredFlags): Static<typeof FlagItem> {
  const own = Object.hasOwn(stored.rules, flag) ? stored.rules[flag] : undefined
  const spec: FlagSpec = flagNames[flag]
  return {
    flag,
    rule: copyOf(ruleOf(flag, stored)),
    source: own === undefined ? 'default' : 'stored',
    about: spec.about,
    ...(own && shownSignature(own)),
  }
}

const copyOf = (rule: FlagRule): Static<typeof FlagRule> =>
  rule.kind === 'accounts' ? { kind: rule.kind, accounts: [...rule.accounts] } : rule

const shownSignature = ({ by, at, why }: Pick<StoredConfig['values'][string], 'by' | 'at' | 'why'>) => ({
  by,
  at: timestampOf(at),
  ...(why !== null && { why }),
})
