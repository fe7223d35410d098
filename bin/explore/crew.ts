/**
 * Trials side by side, a thread for each core.
 *
 * Owns:     the threads: when the last trial is done, or one cannot be made, none is left.
 * Does not: decide what a trial is.
 *
 * Invariants:
 *   C1. Which thread tries a day, and what it tried before, changes nothing of the result.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { endOfThread, type Trial, type TrialEnd, tryDay } from './trial.ts'

/** Tells of each trial as it ends, in no order. One job is done in this thread. */
export async function tryAll(
  trials: Iterable<Trial>,
  jobs: number,
  onEnd: (end: TrialEnd) => void,
): Promise<void> {
  const queue = trials[Symbol.iterator]()
  const member = jobs === 1 ? alone : inThread
  await Promise.all(Array.from({ length: jobs }, () => member(queue, onEnd)))
}

async function alone(queue: Iterator<Trial>, onEnd: (end: TrialEnd) => void): Promise<void> {
  for (let next = queue.next(); !next.done; next = queue.next()) {
    onEnd(tryDay(next.value))
    // Whatever else this process has to do gets its turn between two days.
    await setImmediate()
  }
}

async function inThread(queue: Iterator<Trial>, onEnd: (end: TrialEnd) => void): Promise<void> {
  let worker: Worker | undefined
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      worker ??= new Worker(new URL('./worker.js', import.meta.url))
      const end = await triedBy(worker, next.value)
      if (end instanceof Error) worker = undefined
      onEnd(end instanceof Error ? endOfThread(next.value, end) : end)
    }
  } finally {
    await worker?.terminate()
  }
}

/** An error: the thread is gone, for want of memory say. */
async function triedBy(worker: Worker, trial: Trial): Promise<TrialEnd | Error> {
  worker.postMessage(trial)
  try {
    const [end] = (await once(worker, 'message')) as [TrialEnd]
    return end
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
