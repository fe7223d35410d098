/** A thread of a search: it is given trials, one at a time, and answers each with its end. */
import { parentPort } from 'node:worker_threads'
import { type Trial, tryDay } from './trial.ts'

parentPort?.on('message', (trial: Trial) => parentPort?.postMessage(tryDay(trial)))
