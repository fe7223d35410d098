/**
 * Frames as bytes: one msgpack value each, any number of them in a message.
 *
 * Owns:     what a frame must look like to be let in. Fields that are not known here pass: changes of the
 *           protocol are additive.
 * Does not: check the contracts of actors; the kernel does.
 */
import { Packr } from 'msgpackr'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Frame } from '#ports'

// Records are described inside each value: two nodes share no state that could differ.
const packr = new Packr()

const kind = <K extends string>(name: K) => Type.Literal(name)
const text = Type.String()
const count = Type.Integer()
const bytes = Type.Refine(Type.Unknown(), (it) => it instanceof Uint8Array)
const message = Type.Object({ type: text })

const envelope = Type.Object({
  id: text,
  to: text,
  message,
  from: Type.Optional(text),
  cause: Type.Optional(text),
  trace: Type.Optional(text),
  ask: Type.Optional(text),
  answers: Type.Optional(text),
  request: Type.Optional(Type.Object({ id: count, node: text })),
  row: Type.Optional(Type.Object({ kind: text, id: text })),
})

const body = Type.Union([
  Type.Object({ kind: kind('command'), message }),
  Type.Object({ kind: kind('recall') }),
  Type.Object({ kind: kind('query'), name: text }),
  Type.Object({ kind: kind('operate'), command: Type.Object({ kind: text }) }),
])

const item = Type.Union([
  Type.Object({ kind: kind('message'), from: text, to: text, sequence: count, envelope }),
  Type.Object({ kind: kind('mark'), from: text, to: text, mark: count }),
  Type.Object({
    kind: kind('request'),
    request: Type.Object({ id: count, node: text, actor: text, body, timeoutMs: Type.Number() }),
  }),
  Type.Object({
    kind: kind('response'),
    response: Type.Object({ id: count, outcome: Type.Object({ kind: text }) }),
  }),
  Type.Object({ kind: kind('owned'), scope: text, shards: Type.Array(Type.Tuple([text, count])) }),
  Type.Object({ kind: kind('lacks'), shards: Type.Array(text) }),
  Type.Object({ kind: kind('move'), shard: text, to: text }),
  Type.Object({ kind: kind('watch'), forMs: count, whole: Type.Boolean() }),
  Type.Object({ kind: kind('activity'), bytes }),
  Type.Object({ kind: kind('tap'), id: text, forMs: count, order: text }),
  Type.Object({ kind: kind('tapped'), id: text, bytes }),
])

const frameSchema = Compile(Type.Object({ items: Type.Array(item), sentAt: Type.Optional(count) }))

export function encodeFrame(frame: Frame): Buffer {
  return packr.pack(frame)
}

/** Undefined when one of them is no frame; then none of them is let in. */
export function decodeFrames(bytes: Buffer): readonly Frame[] | undefined {
  try {
    const values: readonly unknown[] = packr.unpackMultiple(bytes)
    return values.every(isFrame) ? values : undefined
  } catch {
    return undefined
  }
}

// The schema knows the shape of ids, not their brands.
const isFrame = (value: unknown): value is Frame => frameSchema.Check(value)
