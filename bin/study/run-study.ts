/**
 * A study, run on as many cores as are wanted.
 */
import { type Measured, type Replication, replicate, type Study } from '#study'
import { type Work, workThrough } from '../crew.ts'

const days: Work<Replication, Measured> = {
  module: new URL('./worker.js', import.meta.url),
  do: (replication) => replicate(replication, () => performance.now()),
  lost({ seed }, error) {
    throw new Error(`The day of seed ${seed} ended in the middle: ${error.message}`, { cause: error })
  },
}

/** Until it is enough. `onDay` is told after each day. @throws whatever a day throws. */
export function runStudy(study: Study, jobs: number, onDay: () => void = () => {}): Promise<void> {
  return workThrough(study.replications(), days, jobs, (measured) => {
    study.add(measured)
    onDay()
  })
}
