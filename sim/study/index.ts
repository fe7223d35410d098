/**
 * Many runs of a day, and what they say together.
 *
 * Knows:          what is measured of a day, how days differ, when enough of them have been run, how it is told.
 * Does not know:  who runs them, on which cores, simulated or live.
 */
export * from './agreement.ts'
export * from './figures.ts'
export * from './kpis.ts'
export * from './replicate.ts'
export * from './study.ts'
export * from './terminal-report.ts'
export * from './variants.ts'
