/** How much memory a page's scripts hold, its workers included, after garbage has been collected. */
import type { CDPSession, Page } from 'playwright-core'

interface Answer {
  readonly id: number
  readonly result: { readonly usedSize?: number }
}

/** Bytes of the page and of each of its workers. */
export async function heapOf(page: Page): Promise<number> {
  const cdp = await page.context().newCDPSession(page)
  const workers: string[] = []
  cdp.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.push(sessionId)
  })
  await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  if (workers.length === 0) throw new Error('The page has no worker.')
  // What the first collection lets go of may hold what the second finds.
  for (let n = 0; n < 2; n += 1) {
    await cdp.send('HeapProfiler.collectGarbage')
    for (const worker of workers) await askWorker(cdp, worker, 'HeapProfiler.collectGarbage')
  }
  let bytes = (await cdp.send('Runtime.getHeapUsage')).usedSize
  for (const worker of workers) bytes += (await askWorker(cdp, worker, 'Runtime.getHeapUsage')).usedSize ?? 0
  await cdp.detach()
  return bytes
}

let asked = 0
function askWorker(cdp: CDPSession, sessionId: string, method: string): Promise<Answer['result']> {
  asked += 1
  const id = asked
  return new Promise((resolve) => {
    const hear = ({
      sessionId: from,
      message,
    }: {
      readonly sessionId: string
      readonly message: string
    }): void => {
      const answer = JSON.parse(message) as Answer
      if (from !== sessionId || answer.id !== id) return
      cdp.off('Target.receivedMessageFromTarget', hear)
      resolve(answer.result)
    }
    cdp.on('Target.receivedMessageFromTarget', hear)
    void cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) })
  })
}
