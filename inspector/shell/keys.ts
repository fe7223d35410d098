/**
 * What each key asks for, anywhere on the page.
 *
 * Owns:     the map, `G` and the letter after it, and who is listening for what.
 * Does not: carry anything out: the shell and the rooms listen.
 */
import { onScopeDispose } from 'vue'

export interface Keyed {
  /** As it is written on the map of keys. */
  readonly keys: string
  readonly command: string
  readonly about: string
}

export const keyMap: readonly Keyed[] = [
  { keys: 'Ctrl K', command: 'palette', about: 'find a screen, an actor, a command' },
  { keys: '?', command: 'keys', about: 'this map' },
  { keys: 'Space', command: 'pause', about: 'pause the world, or let it go on' },
  { keys: '.', command: 'step-message', about: 'step one message' },
  { keys: ',', command: 'step-tick', about: 'step one event' },
  { keys: '←', command: 'incident-before', about: 'the incident before' },
  { keys: '→', command: 'incident-after', about: 'the incident after' },
  { keys: 'Shift ←', command: 'second-back', about: 'one second back' },
  { keys: 'Shift →', command: 'second-on', about: 'one second on' },
  { keys: 'F', command: 'first-failure', about: 'the first failure' },
  { keys: 'L', command: 'live', about: 'to now' },
  { keys: 'J', command: 'row-next', about: 'next row' },
  { keys: 'K', command: 'row-before', about: 'row before' },
  { keys: 'Enter', command: 'open', about: 'open it' },
  { keys: 'Esc', command: 'up', about: 'up one level' },
  { keys: ']', command: 'selected-next', about: 'next of what was selected' },
  { keys: '[', command: 'selected-before', about: 'what was selected before' },
  { keys: '1–9', command: 'choose', about: 'arm a fault, in Chaos lab' },
  { keys: 'Ctrl Z', command: 'undo', about: 'take the last command back' },
  { keys: 'V', command: 'table', about: 'table instead of picture' },
  { keys: 'R', command: 'rail', about: 'fold the rail' },
  { keys: 'D', command: 'theme', about: 'dark or light' },
  { keys: 'P', command: 'presenter', about: 'presenter: larger, without navigation' },
]

/** What of a key press matters. */
export interface Press {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
}

const named: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
}
/** With these a button or a link does what it always does. */
const ofControls = new Set(['Space', 'Enter'])

/**
 * The command of a press, after `before` (`G`, or nothing). `goTo`: letters of screens.
 * `isTyping`: the key goes into a text; `isOnControl`: a button, a link or the like has the focus.
 */
export function commandOf(
  press: Press,
  where: {
    readonly before: string
    readonly goTo: ReadonlyMap<string, string>
    readonly isTyping: boolean
    readonly isOnControl: boolean
  },
): { readonly command?: string; readonly before: string } {
  const key = named[press.key] ?? (press.key.length === 1 ? press.key.toUpperCase() : press.key)
  const withCtrl = press.ctrlKey || press.metaKey
  if (press.altKey) return { before: '' }
  if (withCtrl) return found(`Ctrl ${key}`, where.isTyping)
  if (where.isTyping) return { before: '' }
  if (where.before === 'G') {
    const path = where.goTo.get(key)
    return path === undefined ? { before: '' } : { command: `go ${path}`, before: '' }
  }
  if (key === 'G' && !press.shiftKey) return { before: 'G' }
  if (where.isOnControl && ofControls.has(key)) return { before: '' }
  return found(press.shiftKey && /[←→]/.test(key) ? `Shift ${key}` : key, false)
}

/** In a text, Ctrl Z is the text's. */
function found(keys: string, isTyping: boolean): { readonly command?: string; readonly before: string } {
  if (/^[1-9]$/.test(keys)) return { command: `choose ${keys}`, before: '' }
  const command = keyMap.find((keyed) => keyed.keys === keys)?.command
  if (command === undefined || (isTyping && command === 'undo')) return { before: '' }
  return { command, before: '' }
}

const listeners = new Map<string, (() => void)[]>()

/** The last one who listens is asked first, until the scope that it was said in ends. */
export function onCommand(command: string, carryOut: () => void): void {
  const all = listeners.get(command) ?? []
  listeners.set(command, [...all, carryOut])
  onScopeDispose(() => {
    listeners.set(
      command,
      (listeners.get(command) ?? []).filter((one) => one !== carryOut),
    )
  })
}

/** Whether somebody listens now: some keys mean something in some rooms only. */
export const hears = (command: string): boolean => (listeners.get(command)?.length ?? 0) > 0

/** False when nobody listens. */
export function say(command: string): boolean {
  const listener = listeners.get(command)?.at(-1)
  listener?.()
  return listener !== undefined
}

const textFields =
  'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]'

/** From here on keys are heard. A dialog keeps its keys to itself. */
export function listenForKeys(goTo: ReadonlyMap<string, string>): void {
  let before = ''
  document.addEventListener('keydown', (event) => {
    const target = event.target instanceof Element ? event.target : undefined
    if (event.defaultPrevented || target?.closest('dialog') != null) return
    const heard = commandOf(event, {
      before,
      goTo,
      isTyping: target?.closest(textFields) != null,
      isOnControl: target?.closest('button, a, summary, [role=option]') != null,
    })
    before = heard.before
    if (heard.command !== undefined && say(heard.command)) event.preventDefault()
  })
}
