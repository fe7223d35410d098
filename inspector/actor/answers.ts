/** What the operator API answers about one actor, as far as its room reads it. */

export interface Timer {
  readonly id: string
  readonly clock: 'world' | 'runtime'
  /** Microseconds of that clock. */
  readonly at: number
  readonly message: { readonly type: string }
}

export interface Snapshot {
  readonly id: string
  readonly version: number
  readonly state: unknown
  readonly inside: {
    readonly shard: string
    readonly node: string
    readonly status: string
    readonly context: unknown
    /** Messages that its state has a handler for. */
    readonly accepts: readonly string[]
    readonly timers: readonly Timer[]
    readonly asks: readonly { readonly id: string }[]
    readonly calls: readonly { readonly id: string; readonly handler: string; readonly attempt: number }[]
  }
}

export interface Waiting {
  readonly n: number
  readonly attempts: number
  readonly from?: string
  readonly message: { readonly type: string }
  readonly dead?: { readonly reason: string }
}

export interface Mailbox {
  readonly depth: number
  readonly items: readonly Waiting[]
}

export interface JournalTurn {
  readonly sequence: number
  readonly at: string
  readonly id: string
  readonly message: { readonly type: string }
  readonly state: unknown
  /** After the turn; absent where it cannot be told. */
  readonly context?: unknown
  readonly from?: string
  readonly cause?: string
  readonly trace?: string
  readonly events?: readonly { readonly type: string }[]
  readonly note?: string
}

export interface Journal {
  /** Newest first. */
  readonly items: readonly JournalTurn[]
  readonly nextCursor?: string
  readonly olderNotKept?: boolean
}

export interface Group {
  readonly name: string
  readonly strategy: string
  readonly intensity: { readonly restarts: number; readonly withinMs: number }
  readonly backoff: { readonly minMs: number; readonly maxMs: number; readonly factor: number }
  /** A simulated cluster does not tell it. */
  readonly restarts?: number
}

export interface Supervision {
  /** The innermost first. */
  readonly groups: readonly Group[]
  readonly restartsWith: readonly string[]
}
