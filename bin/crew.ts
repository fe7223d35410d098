/**
 * Jobs side by side, a thread for each core.
 *
 * Owns:     the threads: when the last job is done, or one cannot be made, none is left.
 * Does not: know what a job is, or what comes of it.
 *
 * Invariants:
 *   C1. Which thread does a job, and what it did before, changes nothing of the result.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** Both cross from thread to thread: plain data. */
export interface Work<Job, End> {
  /** The module of a thread, which answers each message, a job, with its end. */
  readonly module: URL
  /** The same, in this thread. */
  do(job: Job): End
  /** What is left to say when a thread has ended in the middle of a job, for want of memory say. */
  lost(job: Job, error: Error): End
}

/** Tells of each job as it ends, in no order. The next one is asked for when a thread is free for it. One thread: this one. */
export async function workThrough<Job, End>(
  jobs: Iterable<Job>,
  work: Work<Job, End>,
  threads: number,
  onEnd: (end: End) => void,
): Promise<void> {
  const queue = jobs[Symbol.iterator]()
  const member = threads === 1 ? alone<Job, End> : inThread<Job, End>
  await Promise.all(Array.from({ length: threads }, () => member(queue, work, onEnd)))
}

async function alone<Job, End>(
  queue: Iterator<Job>,
  work: Work<Job, End>,
  onEnd: (end: End) => void,
): Promise<void> {
  for (let next = queue.next(); !next.done; next = queue.next()) {
    onEnd(work.do(next.value))
    // Whatever else this process has to do gets its turn between two jobs.
    await setImmediate()
  }
}

async function inThread<Job, End>(
  queue: Iterator<Job>,
  work: Work<Job, End>,
  onEnd: (end: End) => void,
): Promise<void> {
  let worker: Worker | undefined
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      worker ??= new Worker(work.module)
      const end = await endOf<Job, End>(worker, next.value)
      if (end instanceof Error) worker = undefined
      onEnd(end instanceof Error ? work.lost(next.value, end) : end)
    }
  } finally {
    await worker?.terminate()
  }
}

/** An error: the thread is gone. */
async function endOf<Job, End>(worker: Worker, job: Job): Promise<End | Error> {
  worker.postMessage(job)
  try {
    const [end] = (await once(worker, 'message')) as [End]
    return end
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
