/**
 * What a few numbers say of all that might have been.
 *
 * Knows:          means, spreads, Student's t, percentiles, and how one set of runs differs from another.
 * Does not know:  where the numbers come from: days, queues or stopwatches.
 */
export * from './histogram.ts'
export * from './interval.ts'
export * from './student-t.ts'
