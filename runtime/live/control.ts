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
}

/** What happens to frames on one direction of one link. A symmetric partition cuts both. */
export interface FaultyLink extends LinkFault {
  readonly from: NodeId
  readonly to: NodeId
  /** The link is down: nothing passes, and peers are told. */
  readonly cut?: boolean
}

export interface NodeHealth {
  /** What the body counts; cumulative since its process began. */
  readonly counters: Readonly<Record<string, number>>
  readonly latencies: Readonly<Record<string, LatencySummary>>
  readonly rssBytes: number
  /** Processor time used since the process began. */
  readonly cpuMs: number
}

/** What runs inside a node process. */
export interface NodeBody {
  /** Where peers reach it: `ws://127.0.0.1:port`. */
  readonly address: string
  /** Must be quick: it is part of the answer to a heartbeat. */
  counters(): Readonly<Record<string, number>>
  /** As quick. */
  latencies?(): Readonly<Record<string, LatencySummary>>
  faults(links: readonly FaultyLink[]): void
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
  /** Puts faults in force under a name of the caller's, replacing those of that name. They end by themselves after `forMs`. */
  | {
      readonly kind: 'inject'
      readonly id: string
      readonly links: readonly FaultyLink[]
      readonly forMs?: number
    }
  /** Ends the faults of that name, or all. */
  | { readonly kind: 'heal'; readonly id?: string }
  | { readonly kind: 'status' }
  /** Drain everything and end. Done when it has begun. */
  | { readonly kind: 'stop' }
  /** The store cannot be trusted: end every node now, release nothing, exit 1. */
  | { readonly kind: 'halt'; readonly cause: string }
  /** Test switch: announces an end that has not happened. */
  | { readonly kind: 'announce-end'; readonly node: NodeId }

export type CommandOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'added'; readonly nodes: readonly NodeId[] }
  | {
      readonly kind: 'status'
      readonly nodes: readonly NodeStatus[]
      /** By the name they were injected under. */
      readonly faults: Readonly<Record<string, readonly FaultyLink[]>>
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
