/**
 * House rules that the compiler and the linter cannot see.
 *
 * Owns:     what each layer may not mention, and what to use instead; the names of files and folders;
 *           the header every source file begins with; which doors and packages a layer may import.
 * Does not: format or lint (biome does), nor hide `process` and its like from the pure layers
 *           (`types: []` in their tsconfig.json does).
 *
 * Invariants:
 *   T1. A finding names the file, the line, and what to do instead.
 *   T2. A rule about code never finds what stands in a comment or in a string.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'

export interface Source {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

export interface Walls {
  /** The layers each layer's tsconfig.json refers to, by folder. */
  readonly references: ReadonlyMap<string, readonly string[]>
  /** The folder behind each door of package.json: `#kernel` → `runtime/kernel`. */
  readonly doors: ReadonlyMap<string, string>
}

interface Ban {
  readonly name: string
  readonly pattern: RegExp
  readonly instead: string
}

// A global or a keyword: not a property of something else, not a part of a longer word, not a key.
const word = (name: string, instead: string): Ban => ({
  name,
  pattern: new RegExp(
    `(?<![\\w$#]|(?<!\\.\\.)\\.)${name.replace('.', '\\s*\\.\\s*')}(?![\\w$]|\\s*\\??:(?!:))`,
    'g',
  ),
  instead,
})
const member = (name: string, instead: string): Ban => ({
  name,
  pattern: new RegExp(`\\.\\s*${name}`, 'g'),
  instead,
})
const namespace = (name: string, instead: string): Ban => ({
  name,
  pattern: new RegExp(`(?<![\\w$#]|(?<!\\.\\.)\\.)${name}\\s*\\.`, 'g'),
  instead,
})

const locale: readonly Ban[] = [
  word('Intl', 'use integers and plain text; machines differ in their locales'),
  member('toLocale', 'use `toString` or `toISOString`; machines differ in their locales'),
  member('localeCompare', 'use `<` and `>`; machines differ in their locales'),
]

const clocks = (now: string, timer: string): readonly Ban[] => [
  word('Date.now', now),
  namespace('performance', now),
  word('Temporal', now),
  word('setTimeout', timer),
  word('setInterval', timer),
  word('setImmediate', timer),
]
const anyDate = (instead: string): Ban => ({ name: 'new Date(', pattern: /\bnew\s+Date\b/g, instead })
const todaysDate = (instead: string): Ban => ({
  name: 'new Date()',
  pattern: /\bnew\s+Date\b(?!\s*\(\s*[^\s)])/g,
  instead,
})

const chance = (instead: string): readonly Ban[] => [
  word('Math.random', instead),
  ...['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues'].map((name) => ({
    name: `crypto.${name}`,
    pattern: new RegExp(`\\b${name}\\b`, 'g'),
    instead,
  })),
]
const promises = (instead: string): readonly Ban[] => [
  word('async', instead),
  word('await', instead),
  word('Promise', instead),
  word('queueMicrotask', instead),
]

const pureBans: readonly Ban[] = [
  ...clocks('use `input.now`', 'return an effect that schedules a timer'),
  anyDate('use `input.now`, and integers for time'),
  word('Math.random', 'use the random numbers that arrive with the input'),
  word('crypto', 'use the random numbers that arrive with the input'),
  ...promises('return an effect; its outcome arrives later, as an input'),
  namespace('process', 'let the host pass the value in'),
  word('WeakRef', 'own the lifetime; collection happens at no defined time'),
  ...locale,
]

const seeded = 'use the seeded `Random` port'
const simBans: readonly Ban[] = [
  ...clocks('use the virtual clock of the simulator', 'schedule an event on the simulator'),
  todaysDate('use the virtual clock of the simulator'),
  ...chance(seeded),
  ...locale,
]

const actorBans: readonly Ban[] = [
  ...clocks('use the time that arrives with the message', 'use `after` or the `schedule` effect'),
  todaysDate('use the time that arrives with the message'),
  ...chance('use the ids and random numbers that arrive with the message'),
  ...locale,
]

const hostBans: readonly Ban[] = [
  ...clocks('use the `Clock` port', 'use the `Clock` port'),
  todaysDate('use the `Clock` port'),
  ...chance('use the `Random` port'),
  ...promises('call a port; its completion arrives later, as an input'),
]

const bans: ReadonlyMap<string, readonly Ban[]> = new Map([
  ['runtime/actor', pureBans],
  ['runtime/kernel', pureBans],
  ['runtime/cluster', pureBans],
  ['runtime/host', hostBans],
  ['sim', simBans],
  ['sim/day', simBans],
  ['sim/statistics', simBans],
  ['sim/oracles', simBans],
  ['sim/study', simBans],
  ['actors', actorBans],
])

/** What runs in a browser. It knows the types of other layers, and what of them runs on both sides of the wire. */
const browserLayers: ReadonlySet<string> = new Set(['inspector', 'storefront'])
/** Frames, and words of the wire and of filters, without Node. */
const onBothSides: ReadonlySet<string> = new Set([
  'runtime/activity',
  'gateway/stream-protocol.ts',
  'gateway/filter-words.ts',
  'gateway/message-filter.ts',
  'gateway/tap-words.ts',
])

const modelling = ['xstate', 'typebox']
const packages: ReadonlyMap<string, readonly string[]> = new Map([
  ['runtime/actor', modelling],
  ['runtime/ports', modelling],
  ['runtime/kernel', modelling],
  ['runtime/cluster', modelling],
  ['actors', modelling],
])

/** Everything in `sources` that is against the rules of the house, in order of path and line. */
export function tidy(sources: readonly Source[], walls: Walls): readonly Finding[] {
  return sources.flatMap((source) => {
    const findings = [...checkNames(source.path)]
    if (isCode(source.path) || isComponent(source.path)) findings.push(...checkText(source, walls))
    return findings.sort((a, b) => a.line - b.line)
  })
}

/** The findings as a person reads them: one per line, with a place an editor can open. */
export function report(findings: readonly Finding[]): string {
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`).join('\n')
}

function* checkText(source: Source, walls: Walls): Generator<Finding> {
  const { path } = source
  const parsed = parse(source)
  const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length
  function* find(text: string, pattern: RegExp, message: string): Generator<Finding> {
    for (const { index } of text.matchAll(pattern)) yield { path, line: lineAt(text, index), message }
  }

  yield* find(parsed.code, /\bas\s+any\b/g, '`as any` is not allowed: name the type, or narrow `unknown`')
  yield* find(
    parsed.comments,
    /@ts-(ignore|nocheck)\b/g,
    '`@ts-ignore` is not allowed: use `@ts-expect-error` with a reason, which fails once it is no longer needed',
  )
  yield* find(
    parsed.comments,
    /\b(TODO|FIXME)\b/g,
    'TODO and FIXME are not allowed: finish it, or open an issue that says what is missing',
  )
  if (isTest(path)) return

  const header = isComponent(path) ? '<!--' : '/**'
  if (!source.text.replace(/^#!.*\n/, '').startsWith(header)) {
    yield {
      path,
      line: 1,
      message: `begin the file with a header comment (\`${header}\`): one sentence that says what it is`,
    }
  }
  const layer = layerOf(path, walls)
  if (layer === undefined) return
  for (const { name, pattern, instead } of bans.get(layer) ?? []) {
    yield* find(parsed.code, pattern, `\`${name}\` is not available in ${layer}/: ${instead}`)
  }
  for (const { specifier, at, isType } of parsed.imports) {
    const target = specifier.startsWith('.')
      ? posix.join(posix.dirname(path), specifier)
      : walls.doors.get(specifier)
    const isShared = browserLayers.has(layer) && onBothSides.has(target ?? '')
    if (isShared && specifier.startsWith('.')) continue
    const message =
      browserLayers.has(layer) && specifier.startsWith('#') && !isType && !isShared
        ? `\`${specifier}\` is for Node, and this runs in a browser: import its types only`
        : checkImport(path, layer, specifier, walls)
    if (message !== undefined) yield { path, line: lineAt(source.text, at), message }
  }
}

// The compiler stops an import of a layer that is nowhere among the references. It lets through
// a layer that is referred to only by a reference, so that wall is checked here.
function checkImport(path: string, layer: string, specifier: string, walls: Walls): string | undefined {
  const isRelative = specifier.startsWith('.')
  const target = isRelative
    ? layerOf(posix.join(posix.dirname(path), specifier), walls)
    : walls.doors.get(specifier)
  if (target !== undefined) {
    if (target === layer) return undefined
    const allowed = walls.references.get(layer) ?? []
    if (!allowed.includes(target)) {
      const doors = allowed.map((folder) => doorOf(folder, walls)).join(', ')
      return `\`${specifier}\` is not available in ${layer}/: it may import ${doors || 'no other layer'}`
    }
    return isRelative ? `\`${specifier}\` climbs a wall: import ${doorOf(target, walls)}` : undefined
  }
  const allowed = packages.get(layer)
  if (isRelative || allowed === undefined) return undefined
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (allowed.includes(name)) return undefined
  return `\`${specifier}\` is not available in ${layer}/: the packages it may import are ${allowed.join(', ')}`
}

function* checkNames(path: string): Generator<Finding> {
  const segments = path.split('/')
  for (const segment of segments) {
    if (/^(utils?|common|helpers?)(\.|$)/i.test(segment)) {
      yield {
        path,
        line: 1,
        message: `\`${segment}\` names no idea: call it what it does, or keep it with its caller`,
      }
    }
  }
  if (!isCode(path) && !isComponent(path) && !path.endsWith('.css')) return
  for (const segment of segments) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/.test(segment)) {
      yield { path, line: 1, message: `\`${segment}\` is not kebab-case: name it like \`dead-letters.ts\`` }
    }
  }
}

const isCode = (path: string): boolean => /\.[cm]?[jt]s$/.test(path)
const isComponent = (path: string): boolean => path.endsWith('.vue')

// Of a component, its script; lines keep their numbers.
const scriptOf = (component: string): string =>
  component
    .split(/(<script[^>]*>[\s\S]*?<\/script>)/)
    .map((part) =>
      part.startsWith('<script') ? part.replace(/^<script[^>]*>|<\/script>$/g, blank) : blank(part),
    )
    .join('')

// The contract suites are tests that adapters call, and what drives a browser is part of one.
const isTest = (path: string): boolean =>
  /\.(test|bench)\.ts$/.test(path) || /^(runtime\/ports\/contracts|inspector\/browser)\//.test(path)

function layerOf(path: string, walls: Walls): string | undefined {
  let folder = posix.dirname(path)
  while (folder !== '.' && folder !== '..') {
    if (walls.references.has(folder)) return folder
    folder = posix.dirname(folder)
  }
  return undefined
}

function doorOf(folder: string, walls: Walls): string {
  for (const [door, behind] of walls.doors) if (behind === folder) return `\`${door}\``
  return `\`${folder}\``
}

interface Parsed {
  /** The text with comments and the insides of strings blanked; lines keep their numbers. */
  readonly code: string
  /** The text with everything but comments blanked. */
  readonly comments: string
  readonly imports: readonly { readonly specifier: string; readonly at: number; readonly isType: boolean }[]
}

function parse({ path, text: written }: Source): Parsed {
  const text = isComponent(path) ? scriptOf(written) : written
  const file = ts.createSourceFile(
    isComponent(path) ? `${path}.ts` : path,
    text,
    ts.ScriptTarget.ESNext,
    true,
  )
  const imports: { specifier: string; at: number; isType: boolean }[] = []
  const spans: { readonly start: number; readonly end: number; readonly isText: boolean }[] = []

  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return
    if (ts.isStringLiteral(node) && isSpecifier(node)) {
      imports.push({ specifier: node.text, at: node.getStart(file), isType: isTypeOnly(node.parent) })
    }
    const children = node.getChildren(file)
    if (children.length > 0) for (const child of children) visit(child)
    else spans.push({ start: node.getStart(file), end: node.end, isText: isText(node) })
  }
  visit(file)

  let code = ''
  let comments = ''
  let end = 0
  for (const span of spans) {
    const gap = text.slice(end, span.start)
    const token = text.slice(span.start, span.end)
    code += blank(gap) + (span.isText ? blank(token) : token)
    comments += gap + blank(token)
    end = span.end
  }
  return { code, comments, imports }
}

const isText = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isRegularExpressionLiteral(node)

function isSpecifier(node: ts.StringLiteral): boolean {
  const { parent } = node
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true
  if (ts.isCallExpression(parent)) return parent.expression.kind === ts.SyntaxKind.ImportKeyword
  return ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent)
}

// `import type`, `export type … from` and `import('…')` where a type stands. TypeScript keeps an import whose names alone are types.
const isTypeOnly = (node: ts.Node): boolean =>
  ts.isLiteralTypeNode(node) ||
  (ts.isExportDeclaration(node) && node.isTypeOnly) ||
  (ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** Every file of the repository, in order of path. What is installed, built or hidden is left out. */
export function readTree(root: string): readonly Source[] {
  const skipped = new Set(['node_modules', 'dist', 'coverage'])
  const sources: Source[] = []
  const walk = (folder: string): void => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || skipped.has(entry.name)) continue
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile())
        sources.push({
          path,
          text: isCode(path) || isComponent(path) ? readFileSync(join(root, path), 'utf8') : '',
        })
    }
  }
  walk('')
  return sources
}

/** The walls as the compiler and Node know them. */
export function readWalls(root: string): Walls {
  // The compiler alone cannot check components, so the root's tsconfig.json does not refer to them.
  const layers = [...referencesOf(root, '').filter((path) => !path.endsWith('.json')), ...browserLayers]
  const manifest: { imports: Record<string, { source: string }> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  return {
    references: new Map(layers.map((layer) => [layer, referencesOf(root, layer)])),
    doors: new Map(
      Object.entries(manifest.imports).map(([door, to]) => [door, posix.join(posix.dirname(to.source))]),
    ),
  }
}

function referencesOf(root: string, folder: string): readonly string[] {
  const file = join(root, folder, 'tsconfig.json')
  const { config } = ts.readConfigFile(file, ts.sys.readFile)
  const references: readonly { path: string }[] = config.references ?? []
  return references.map(({ path }) => posix.join(folder, path))
}
