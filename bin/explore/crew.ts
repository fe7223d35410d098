/**
 * Trials side by side, a thread for each core.
 */
import { type Work, workThrough } from '../crew.ts'
import { endOfThread, type Trial, type TrialEnd, tryDay } from './trial.ts'

const trials: Work<Trial, TrialEnd> = {
  module: new URL('./worker.js', import.meta.url),
  do: tryDay,
  lost: endOfThread,
}

/** Tells of each trial as it ends, in no order. One job is done in this thread. */
export function tryAll(all: Iterable<Trial>, jobs: number, onEnd: (end: TrialEnd) => void): Promise<void> {
  return workThrough(all, trials, jobs, onEnd)
}
