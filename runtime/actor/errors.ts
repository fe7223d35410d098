/**
 * The registry of errors that a caller must act on.
 *
 * Owns:     every code, with its remedy and its words: what, which, and what next.
 * Does not: hold expected outcomes (those are return values) or broken invariants (`assert.ts`).
 *           A test keeps `docs/errors.md` and the gateway's status table equal to it.
 */

/** Who can mend it: the same call later, the caller with another call, or whoever runs the cluster. */
export type Remedy = 'retry' | 'caller' | 'operator'

export interface ErrorSpec<Fields> {
  readonly remedy: Remedy
  readonly message: (fields: Fields) => string
}

function spec<Fields>(of: ErrorSpec<Fields>): ErrorSpec<Fields> {
  return of
}

export const errorSpecs = {
  ACTOR_ID_INVALID: spec<{ id: string }>({
    remedy: 'caller',
    message: (f) =>
      `'${f.id}' is not an actor id. Use type/key: a kebab-case type, a key of printable ASCII, at most 200 characters in all.`,
  }),
  ACTOR_DEFINITION_INVALID: spec<{ type: string; problem: string; remedy: string }>({
    remedy: 'caller',
    message: (f) => `Actor '${f.type}' cannot be defined: ${f.problem}. ${f.remedy}`,
  }),
  ACTOR_TYPE_UNKNOWN: spec<{ type: string; known: string }>({
    remedy: 'caller',
    message: (f) => `No actor type '${f.type}' in this cluster. Known types: ${f.known}.`,
  }),
  SUPERVISION_TREE_INVALID: spec<{ group: string; problem: string; remedy: string }>({
    remedy: 'caller',
    message: (f) => `Supervisor '${f.group}' cannot be used: ${f.problem}. ${f.remedy}`,
  }),
  CLUSTER_CONFIG_INVALID: spec<{ field: string; problem: string; remedy: string }>({
    remedy: 'operator',
    message: (f) => `The cluster's configuration is wrong at '${f.field}': ${f.problem}. ${f.remedy}`,
  }),
  DATA_FOLDER_UNUSABLE: spec<{ folder: string; problem: string }>({
    remedy: 'operator',
    message: (f) =>
      `The data folder '${f.folder}' cannot be used: ${f.problem}. Give a folder that can be written to.`,
  }),
  DATA_IN_USE: spec<{ folder: string; pid: number }>({
    remedy: 'operator',
    message: (f) =>
      `The data folder '${f.folder}' is in use by process ${f.pid}. Stop that one first, or give another folder.`,
  }),
  DATA_VERSION_MISMATCH: spec<{ folder: string; stored: number; build: number }>({
    remedy: 'operator',
    message: (f) =>
      `The data in '${f.folder}' has format ${f.stored}, and this build reads format ${f.build}. Start the build that wrote it, or give another folder.`,
  }),
  DATA_SHARDS_MISMATCH: spec<{ folder: string; what: string; stored: string; configured: string }>({
    remedy: 'operator',
    message: (f) =>
      `The data in '${f.folder}' was made with ${f.what} ${f.stored}, and the configuration says ${f.configured}. It cannot change once there is data: configure ${f.stored}, or give another folder.`,
  }),
  DATA_DAMAGED: spec<{ folder: string; problem: string }>({
    remedy: 'operator',
    message: (f) =>
      `The data in '${f.folder}' cannot be used: ${f.problem}. Run \`brigade check\` for the details, then restore a backup.`,
  }),
  ARCHIVE_DAMAGED: spec<{ file: string; problem: string }>({
    remedy: 'operator',
    message: (f) => `The archive '${f.file}' cannot be read: ${f.problem}. Restore that file from a backup.`,
  }),
  SERVICE_KEY_MISMATCH: spec<{ problem: string }>({
    remedy: 'operator',
    message: (f) =>
      `The service key does not fit the data: ${f.problem}. Give the one that the data was made with, in BRIGADE_SERVICE_KEY.`,
  }),
  BACKUP_FAILED: spec<{ folder: string; problem: string }>({
    remedy: 'operator',
    message: (f) => `No backup was made in '${f.folder}': ${f.problem}. The cluster runs on as before.`,
  }),
  BACKUP_DAMAGED: spec<{ folder: string; problem: string }>({
    remedy: 'operator',
    message: (f) => `'${f.folder}' is no backup that can be restored: ${f.problem}. Nothing was restored.`,
  }),
  BACKUP_VERSION_MISMATCH: spec<{ folder: string; stored: string; build: string }>({
    remedy: 'operator',
    message: (f) =>
      `The backup '${f.folder}' has format ${f.stored}, and this build restores format ${f.build}. Restore it with the build that made it.`,
  }),
  DATA_NOT_EMPTY: spec<{ folder: string }>({
    remedy: 'caller',
    message: (f) =>
      `There is something in '${f.folder}' already, and nothing is written over. Give a folder that is empty or not there.`,
  }),
  SNAPSHOT_VERSION_UNKNOWN: spec<{ actor: string; stored: string; machine: string }>({
    remedy: 'operator',
    message: (f) =>
      `'${f.actor}' was stored by version ${f.stored} of its machine, and this build has version ${f.machine} without a migration between them. Deploy a build that has it.`,
  }),
  SHARD_VERSION_UNKNOWN: spec<{ shard: string; type: string; stored: string; machine: string }>({
    remedy: 'operator',
    message: (f) =>
      `Shard '${f.shard}' was written to by version ${f.stored} of '${f.type}', and this build has version ${f.machine} without a migration between them. It waits for a node with a build that has it.`,
  }),
  PORT_IN_USE: spec<{ listener: string; host: string; port: number; option: string }>({
    remedy: 'operator',
    message: (f) =>
      `Port ${f.port} on ${f.host} is in use, so the ${f.listener} listener cannot start. End what listens there, or choose another port with ${f.option}.`,
  }),
  PORT_UNUSABLE: spec<{ listener: string; host: string; port: number; option: string; problem: string }>({
    remedy: 'operator',
    message: (f) =>
      `The ${f.listener} listener cannot use port ${f.port} on ${f.host}: ${f.problem}. Choose another port with ${f.option}.`,
  }),
  CLUSTER_NOT_READY: spec<{ problem: string }>({
    remedy: 'operator',
    message: (f) =>
      `The cluster did not start: ${f.problem}. What was acknowledged before is in its data folder.`,
  }),
  RECORDING_MISMATCH: spec<{ recorded: string; build: string }>({
    remedy: 'caller',
    message: (f) =>
      `The recording is of other actors. It has and this build lacks: ${f.recorded}. This build has and it lacks: ${f.build}. Replay it with the build that recorded it.`,
  }),
  RECORDING_DAMAGED: spec<{ file: string; problem: string }>({
    remedy: 'caller',
    message: (f) => `The recording '${f.file}' cannot be read: ${f.problem}.`,
  }),
  SIMULATION_IMPURE: spec<{ what: string; instead: string }>({
    remedy: 'caller',
    message: (f) =>
      `A simulated event used \`${f.what}\`, so the run would not be the same again. ${f.instead}`,
  }),
  DAY_INVALID: spec<{ day: string; place: string; problem: string; remedy: string }>({
    remedy: 'caller',
    message: (f) => `The day '${f.day}' cannot be run: ${f.place}: ${f.problem}. ${f.remedy}`,
  }),
  DAY_FAULT_UNSUPPORTED: spec<{ day: string; place: string; what: string; mode: string; remedy: string }>({
    remedy: 'caller',
    message: (f) =>
      `The day '${f.day}' asks at ${f.place} for something that a ${f.mode} run cannot do: ${f.what}. ${f.remedy}`,
  }),
} as const

export type ErrorCode = keyof typeof errorSpecs
export type ErrorFields<Code extends ErrorCode> = Parameters<(typeof errorSpecs)[Code]['message']>[0]

/** An error for a caller who must act. Its code, fields and message come from the registry. */
export class ClusterError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  readonly fields: ErrorFields<Code>
  readonly remedy: Remedy

  constructor(code: Code, fields: ErrorFields<Code>) {
    const { message, remedy } = errorSpecs[code] as ErrorSpec<ErrorFields<Code>>
    super(message(fields))
    this.name = 'ClusterError'
    this.code = code
    this.fields = fields
    this.remedy = remedy
  }
}
