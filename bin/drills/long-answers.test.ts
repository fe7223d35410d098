/**
 * Goal: whoever asks for more than a frame between nodes holds is told so, and does not wait for nothing.
 * Method: a small cluster of real processes; this one asks over a socket.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ref } from '#actor'
import type { Outcome } from '#ports'
import { SmallCluster } from '../testing/small-cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-long-'))
const mebi = 2 ** 20
const talker = ref('talker', 'a')
let cluster: SmallCluster

beforeAll(async () => {
  const module = new URL('./fixtures/long-answers.mjs', import.meta.url).href
  cluster = new SmallCluster(module, join(folder, 'data'))
  await cluster.started()
  expect(await talk(1)).toMatchObject({ kind: 'done' })
}, 60_000)

afterAll(async () => {
  await cluster.end()
  rmSync(folder, { recursive: true })
}, 30_000)

/** Whoever is not answered hears of it after five seconds. */
const query = (name: string, length = 0) => cluster.call<Outcome>('query', talker, name, length)
const talk = (length: number) => cluster.call<Outcome>('ask', talker, { type: 'talk', length })

test('a query of an answer that fits no frame has failed, and so has one of what is no data', async () => {
  expect(await query('talk', 2 * mebi)).toMatchObject({ kind: 'answer' })
  for (const length of [2 * mebi + 1, 9 * mebi])
    expect(await query('talk', length)).toEqual({
      kind: 'failed',
      error: 'its answer is larger than 2 MiB',
    })
  expect(await query('odd')).toEqual({
    kind: 'failed',
    error: 'its answer holds a function: no plain data',
  })
})

test('a command whose reply fits no frame has failed, and has changed nothing', async () => {
  expect(await talk(9 * mebi)).toEqual({
    kind: 'failed',
    error: "It replies with a 'talked' that is larger than 2 MiB.",
  })
  expect(await talk(mebi)).toMatchObject({ kind: 'done', version: 2 })
})
