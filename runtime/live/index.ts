/**
 * The ports over a real machine.
 *
 * Knows:          LMDB, sockets, the system's clock, processes; and comedy, which launches them.
 * Does not know:  actors, or what a node decides. The host drives these ports.
 */
export * from './activity-link.ts'
export * from './archive.ts'
export * from './control.ts'
export { type DataLock, lockDataFolder } from './data-lock.ts'
export type { OutsideTrouble } from './fault-board.ts'
export { FileRecorder, type RecordingOptions } from './file-recorder.ts'
export * from './latency-histogram.ts'
export * from './launch-cluster.ts'
export * from './launcher.ts'
export * from './launcher-defaults.ts'
export * from './launcher-membership.ts'
export * from './live-node.ts'
export * from './live-outside.ts'
export * from './lmdb/index.ts'
export { isStopped } from './process-identity.ts'
export * from './prometheus.ts'
export { digestOf, isRecording, type Recording, readRecording } from './recording-file.ts'
export * from './system-clock.ts'
export * from './system-random.ts'
export * from './world.ts'
export * from './ws/link-filter.ts'
export { type LinkBounds, type LinkCounts, linkBounds } from './ws/outgoing-link.ts'
export * from './ws/ws-transport.ts'
