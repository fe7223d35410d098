/**
 * What the launcher and its node processes say to each other.
 *
 * It travels over the IPC channel of the forked process, as the topics of one comedy actor at each end:
 * every order has one argument, an object, because comedy spreads an argument that is an array. The channel
 * carries JSON.
 *
 * Owns:     the vocabulary of control. No domain message is ever part of it.
 * Does not: send anything (`forked-node.ts`, `node-process.ts`) or decide anything (`launcher.ts`).
 */
import type { Member, Membership, NodeId } from '#ports'
import type { LatencySummary } from './latency-histogram.ts'
import type { LinkFault } from './ws/link-filter.ts'

/** The launcher's orders. Keys are comedy topics. */
export interface NodeOrders {
  /** Loads the body and starts it. The answer makes the node a member. */
  start(order: StartOrder): Promise<Ready>
  /** The whole view, at each change. Cordoning and leaving are states in it. */
  members(view: MembersView): void
  /** Answered at once, from memory. A node that does not answer in time is killed. */
  heartbeat(): NodeHealth
  /** All faults in force; an empty list is a healed network. */
  faults(view: FaultsView): void
  /** Hand off or release what is owned, then exit. Not awaited: the exit is the answer. */
  drain(): void
}

/** A node's words to the launcher. */
export interface LauncherOrders {
  /** An operator's command, forwarded by whichever node was asked. */
  command(command: LauncherCommand): Promise<CommandOutcome>
  /** This node was told by a signal to end; it drains on its own. */
  leaving(): void
}

export interface StartOrder {
  readonly node: NodeId
  readonly group: string
  readonly life: number
  /** URL of the module whose `startNode` is the body. */
  readonly module: string
  /** For the body, unread by the launcher. JSON. */
  readonly config: unknown
  readonly members: MembersView
  readonly faults: FaultsView
  /** How long the body may drain once the launcher is gone. */
  readonly orphanDrainBoundMs: number
}

export interface Ready {
  readonly address: string
}

export interface MembersView {
  /** Grows with each view; an older one is ignored. */
  readonly version: number
  readonly members: readonly Member[]
}

export interface FaultsView {
  readonly links: readonly FaultyLink[]
  readonly processes: readonly ProcessFault[]
}

/** What happens to frames on one direction of one link. A symmetric partition cuts both. */
export interface FaultyLink extends LinkFault {
  readonly from: NodeId
  readonly to: NodeId
  /** The link is down: nothing passes, and peers are told. */
  readonly cut?: boolean
}

/** What is wrong with a process, or with what it has of the machine. */
export interface ProcessFault {
  /** What it was injected under; the launcher sets it. */
  readonly id?: string
  /** Absent: every node. */
  readonly node?: NodeId
  /** Its loop stands still for so long again and again, and runs for as long in between. */
  readonly stallMs?: number
  /** After each flush it hears so much later that it is done. */
  readonly flushDelayMs?: number
  /** For this process there is no room on the disk. */
  readonly isDiskFull?: boolean
  /** Its clock shows so much more. Set right at the end: it stands still until it has caught up. */
  readonly clockStepMs?: number
  /** Calls outside to these handlers find nobody. */
  readonly deadHandlers?: readonly string[]
}

export interface NodeHealth {
  /** What the body counts; cumulative since its process began. */
  readonly counters: Readonly<Record<string, number>>
  readonly latencies: Readonly<Record<string, LatencySummary>>
  readonly rssBytes: number
  /** Processor time used since the process began. */
  readonly cpuMs: number
  /** How often each fault has shown here, by the name it was injected under. */
  readonly faultsMet: Readonly<Record<string, number>>
}

/** What runs inside a node process. */
export interface NodeBody {
  /** Where peers reach it: `ws://127.0.0.1:port`. */
  readonly address: string
  /** Must be quick: it is part of the answer to a heartbeat. */
  counters(): Readonly<Record<string, number>>
  /** As quick. */
  latencies?(): Readonly<Record<string, LatencySummary>>
  /** Exactly these are in force from now on. */
  faults(view: FaultsView): void
  /** As quick as `counters`. */
  faultsMet?(): Readonly<Record<string, number>>
  /** Hands off or releases everything; the process exits when it settles. */
  drain(): Promise<void>
}

/** The export `startNode` of a body's module. Rejecting ends the process; it is tried again by the restart policy. */
export type StartNode = (config: unknown, control: NodeControl) => Promise<NodeBody>

/** What the body has of its launcher. */
export interface NodeControl {
  readonly node: NodeId
  readonly group: string
  /** Grows with each process of this name, over restarts of the launcher too. */
  readonly life: number
  readonly membership: Membership
  /** Asks the launcher. Rejects only when the launcher is gone. */
  command(command: LauncherCommand): Promise<CommandOutcome>
}

/** What an operator may do to nodes. `force`: also to the last member of its group. */
export type LauncherCommand =
  /** SIGKILL. Done when the exit was observed. The restart policy applies. */
  | { readonly kind: 'crash'; readonly node: NodeId; readonly force?: boolean }
  /** SIGSTOP, and SIGCONT after `forMs`. Longer than the heartbeat bound, it becomes a kill. */
  | { readonly kind: 'pause'; readonly node: NodeId; readonly forMs?: number; readonly force?: boolean }
  | { readonly kind: 'resume'; readonly node: NodeId }
  /** Hand off, exit, stay down. Done when the exit was observed. */
  | { readonly kind: 'drain'; readonly node: NodeId; readonly force?: boolean }
  | { readonly kind: 'cordon'; readonly node: NodeId; readonly force?: boolean }
  | { readonly kind: 'uncordon'; readonly node: NodeId }
  /** Drain and start again; of a node that is down, only the second. Done when the new process is being started. */
  | { readonly kind: 'restart'; readonly node: NodeId }
  /** `restart`, node by node, each awaited until it is a member. Done when it has begun. */
  | { readonly kind: 'rolling-restart' }
  | { readonly kind: 'add-node'; readonly group: string; readonly count: number }
  /** Puts faults in force under a name of the caller's, replacing those of that name; refused when they are over. */
  | ({ readonly kind: 'inject' } & Injection)
  /**
   * Ends the faults of that name, or all but those that are mended first: who is frozen goes on, who was drained starts
   * again. `isOver`: it was due.
   */
  | { readonly kind: 'heal'; readonly id?: string; readonly isOver?: boolean }
  | { readonly kind: 'status' }
  /** Drain everything and end. Done when it has begun. */
  | { readonly kind: 'stop' }
  /** The store cannot be trusted: end every node now, release nothing, exit 1. */
  | { readonly kind: 'halt'; readonly cause: string }
  /** Test switch: announces an end that has not happened. */
  | { readonly kind: 'announce-end'; readonly node: NodeId }

/** Faults under one name: they begin and end together. */
export interface Injection {
  readonly id: string
  readonly links?: readonly FaultyLink[]
  readonly processes?: readonly ProcessFault[]
  /** Of these nodes: killed, frozen, or drained until the end. It is over when all of them are back. */
  readonly strikes?: {
    readonly how: 'crash' | 'pause' | 'drain' | 'restart'
    readonly nodes: readonly NodeId[]
  }
  /** For whoever plays the parties outside (`LauncherOptions.trouble`). JSON. */
  readonly outside?: unknown
  /** Whoever injected it mends it first, and heals it then: it does not end by itself, but tells that it is due. */
  readonly isMendedFirst?: boolean
  /** How often it has shown already. */
  readonly met?: number
  /** It ends by itself after this. */
  readonly forMs?: number
  /** The words of whoever injected it: told again, and never read. JSON. */
  readonly about?: unknown
}

export interface FaultStatus {
  readonly id: string
  readonly about?: unknown
  readonly links: readonly FaultyLink[]
  /** How often its effect was seen: a process gone or frozen, a frame or a write delayed, a call unheard. */
  readonly met: number
  readonly ageMs: number
  /** Below zero: it is due. Absent: until somebody heals it. */
  readonly leftMs?: number
  readonly isMendedFirst: boolean
  /** It is over. `reverted`: before its time. */
  readonly ended?: { readonly how: 'over' | 'reverted'; readonly agoMs: number }
}

export type CommandOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'added'; readonly nodes: readonly NodeId[] }
  | {
      readonly kind: 'status'
      readonly nodes: readonly NodeStatus[]
      /** In force, oldest first; then the last that are over. */
      readonly faults: readonly FaultStatus[]
    }
  | { readonly kind: 'unknown-node'; readonly known: readonly NodeId[] }
  | { readonly kind: 'unknown-group'; readonly known: readonly string[] }
  /** The process that the command was meant for has ended. */
  | { readonly kind: 'gone'; readonly detail: string }
  /** No other member of its group could take over. */
  | { readonly kind: 'last-node' }
  | { readonly kind: 'refused'; readonly detail: string }

/**
 * - `starting`: its process loads; no member yet
 * - `up`, `cordoned`, `leaving`: a member
 * - `waiting`: no process; a restart is due
 * - `down`: no process, and none to come until `restart`
 */
export type NodePhase = 'starting' | Member['state'] | 'waiting' | 'down'

export interface NodeStatus {
  readonly node: NodeId
  readonly group: string
  readonly phase: NodePhase
  readonly paused: boolean
  readonly life: number
  readonly pid?: number
  readonly address?: string
  readonly health?: NodeHealth
  /** Restarts that counted against the limit within its window. */
  readonly restarts: number
  readonly lastEnd?: string
}
