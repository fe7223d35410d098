import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BusyCluster, play } from './busy-cluster.ts'
import { startBrowser } from './chromium.ts'
import { quantileOf, scriptingPerFrame } from './frame-times.ts'
import { heapOf } from './heap.ts'
import { openPage } from './page-seen.ts'

// 5,000 actors, 10,000 edges, 20,000 places for particles: what P11 asks for.

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser?.close())

test.each([200, 20_000])(
  'with %s messages a second the scripts of the picture leave room in each frame',
  async (messagesPerSecond) => {
    const playing = await play(
      new BusyCluster({ actors: 5_000, edges: 10_000, messagesPerSecond, comingsPerSecond: 20 }),
    )
    // The processor draws what a graphics card would: a small canvas, that it does not take all of it.
    const viewport = { width: 800, height: 560 }
    const { page, complaints, close } = await openPage(browser, `${playing.url}#/topology`, { viewport })
    try {
      await page.getByText(/5,000 actors in memory/).waitFor()
      await scriptingPerFrame(browser, 3_000)
      const spent = await scriptingPerFrame(browser, 10_000)
      const [p50, p95, most] = [0.5, 0.95, 1].map((share) => quantileOf(spent, share).toFixed(1))
      console.log(
        `${messagesPerSecond} messages a second, ${spent.length} frames, scripting p50 ${p50} ms, p95 ${p95} ms, most ${most} ms`,
      )
      expect(spent.length).toBeGreaterThan(20)
      expect(Number(p95)).toBeLessThanOrEqual(6)
      expect(complaints).toEqual([])
    } finally {
      await close()
      await playing.close()
    }
  },
)

/** As long as a shift, when drills run in full; otherwise as long as a lunch break is busy. */
const hours = process.env.BRIGADE_DRILLS === 'full' ? 8 : 0.25

test(`at the end of a stream of ${hours} h the page holds what it held at a quarter of it`, async () => {
  const business = { actors: 600, edges: 1_200, messagesPerSecond: 200, comingsPerSecond: 4 }
  const playing = await play(new BusyCluster(business), { isFast: true })
  const viewport = { width: 800, height: 560 }
  const { page, close } = await openPage(browser, `${playing.url}#/topology`, { viewport })
  const ticks = hours * 36_000
  const heapAfter = async (share: number): Promise<number> => {
    while (playing.ticks() < ticks * share) await new Promise((resolve) => setTimeout(resolve, 100))
    return (await heapOf(page)) / 2 ** 20
  }
  try {
    const [quarter, end] = [await heapAfter(0.25), await heapAfter(1)]
    console.log(
      `${hours} h of stream, ${playing.ticks()} looks: ${quarter.toFixed(1)} MB, then ${end.toFixed(1)} MB`,
    )
    expect(end).toBeLessThanOrEqual(quarter + 5)
  } finally {
    await close()
    await playing.close()
  }
}, 3_600_000)
