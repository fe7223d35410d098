import { expect, test } from 'vitest'
import { ref } from '#actor'
import { blindObserver, type Envelope, type SeenMessage } from '#ports'
import { a, kernelWith, say } from './diary.test-kit.ts'
import { DrivenKernel } from './driven-kernel.test-kit.ts'

// What becomes of each message is told once, to whoever wants it and to nobody else.

type Tree = NonNullable<Parameters<typeof kernelWith>[0]>

function tapped(tree: Tree = {}, wants: (envelope: Envelope) => boolean = () => true) {
  const seen: SeenMessage[] = []
  const asked: string[] = []
  const messages = {
    begin: (envelope: Envelope) => {
      asked.push(envelope.message.type)
      return wants(envelope) ? asked.length : undefined
    },
    ended: (message: SeenMessage) => void seen.push(message),
  }
  const { registry } = kernelWith(tree)
  const limits = { attemptsMax: 3, callBackoffMs: 50 }
  const node = new DrivenKernel(registry, { observer: { ...blindObserver, messages }, limits })
  node.grant('d.0')
  const told = (): readonly (readonly [message: string, outcome: string, attempt: number])[] =>
    seen.splice(0).map(({ envelope, outcome, attempt }) => [envelope.message.type, outcome, attempt])
  return { node, seen, asked, told }
}

test('a message that is handled is told with its journal record', () => {
  const { node, seen } = tapped()
  node.ask(a, say('open'))
  node.ask(a, say('note'))
  expect(seen).toMatchObject([
    { envelope: { to: a, message: say('open') }, outcome: 'handled', attempt: 1, sequence: 1 },
    { envelope: { to: a, message: say('note') }, outcome: 'handled', attempt: 1, sequence: 2 },
  ])
})

test('each try of one that fails is told, and at last that it is a dead letter', () => {
  const { node, told } = tapped()
  node.ask(a, say('open'))
  told()
  node.ask(a, say('fail'))
  node.pass(150)
  node.pass(150)
  expect(told()).toEqual([
    ['fail', 'retried', 1],
    ['fail', 'retried', 2],
    ['fail', 'dead-letter', 3],
  ])
})

test('one that is tried again waits since it came', () => {
  const { node, seen } = tapped()
  node.ask(a, say('open'))
  node.ask(a, say('fail-once'))
  node.pass(150)
  const [, first, second] = seen
  expect([first?.outcome, second?.outcome]).toEqual(['retried', 'handled'])
  expect(second?.waitedUs).toBeGreaterThanOrEqual(100_000)
  expect(second?.attempt).toBe(2)
})

test('one whose actor is stopped for it has failed, and is handled when the actor starts', () => {
  const { node, told } = tapped({ directive: 'stop' })
  node.ask(a, say('open'))
  told()
  node.ask(a, say('fail-once'))
  expect(told()).toEqual([['fail-once', 'failed', 1]])
  node.request(a, { kind: 'operate', command: { kind: 'start' } })
  node.settle()
  expect(told()).toEqual([['fail-once', 'handled', 2]])
})

test('what nobody takes is refused, and told as that', () => {
  const { node, told } = tapped()
  node.ask(a, say('note'))
  node.ask(a, say('open'))
  node.ask(a, say('note'), { ifVersion: 7 })
  node.ask(a, say('wait'))
  node.ask(a, say('finish'))
  node.ask(a, say('note'))
  expect(told()).toEqual([
    ['note', 'refused', 1],
    ['open', 'handled', 1],
    ['note', 'refused', 1],
    ['wait', 'handled', 1],
    ['finish', 'handled', 1],
    ['note', 'refused', 1],
  ])
})

test('what an actor tells another is told after the message that caused it', () => {
  const { node, told } = tapped()
  node.ask(a, say('open'))
  told()
  node.ask(a, say('put-question'))
  expect(told()).toEqual([
    ['put-question', 'handled', 1],
    ['question', 'handled', 1],
    ['answer', 'handled', 1],
  ])
})

test('an answer that comes when nobody waits for it any more is void', () => {
  const { node, told } = tapped()
  const other = ref('a', 'a-other')
  const operate = (kind: 'stop' | 'start') => node.request(other, { kind: 'operate', command: { kind } })
  node.ask(a, say('open'))
  node.ask(other, say('open'))
  operate('stop')
  node.ask(a, say('put-question'))
  node.pass(600)
  told()
  operate('start')
  node.settle()
  expect(told()).toEqual([
    ['question', 'handled', 1],
    ['answer', 'void', 0],
  ])
})

test('of what nobody wants it is asked once, and nothing is told', () => {
  const other = ref('a', 'y')
  const { node, seen, asked } = tapped({}, ({ to }) => to === other)
  node.ask(a, say('open'))
  node.ask(a, say('note'))
  expect([asked, seen]).toEqual([['open', 'note'], []])
  node.ask(other, say('open'))
  expect(seen).toMatchObject([{ envelope: { to: other }, begun: 3 }])
})
