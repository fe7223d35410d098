/** A thread of a study: it is given days, one at a time, and answers each with what was measured. */
import { parentPort } from 'node:worker_threads'
import { type Replication, replicate } from '#study'

parentPort?.on('message', (replication: Replication) =>
  parentPort?.postMessage(replicate(replication, () => performance.now())),
)
