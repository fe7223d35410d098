/**
 * Gets a fresh clone to the point where something can run, then runs it.
 *
 * Owns:     when to install, when to build, and the last line of `npm test`.
 * Does not: know the commands of `brigade`; those are in bin/main.ts. Nor does it use any
 *           package: it runs before the first one is installed.
 *
 * Invariants:
 *   R1. The last line printed by `test` is `N passed, N failed, N skipped`, whatever went wrong.
 *   R2. `test` exits with 0 only if nothing failed, and something passed.
 *   R3. A step that fails outside a test (install, build, lint, a file that does not load) counts as one failed.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const oldestNode = [20, 19]

/** True in a clone; false in the published package, which carries dist/ and nothing to build. */
export const isClone = existsSync(join(root, 'tsconfig.json'))

/** Installs what the lock file names, unless it is there already. */
export function install() {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const wanted = createHash('sha256').update(lockText).digest('hex')
  const stamp = join(modules, '.brigade-install')
  if (readText(stamp) === wanted) return true

  if (!alreadyInstalled(lockText)) {
    say(existsSync(modules) ? 'package-lock.json has changed: installing' : 'first run: installing packages')
    if (!npm('ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error')) {
      return fail(
        'the packages could not be installed. Check the network or the npm registry, then try again.',
      )
    }
  }
  mkdirSync(modules, { recursive: true })
  writeFileSync(stamp, wanted)
  return true
}

/** Compiles to dist/. Given nothing, everything and the tests are checked; a project, only what it needs. */
export function build(...projects) {
  if (packageBin('typescript', 'tsc', '-b', ...projects)) return true
  return fail('the build failed. The errors are above; `npx tsc -b` repeats it.')
}

/** Installs and compiles what the `brigade` command needs. */
export function prepare() {
  if (!isClone) return true
  return checkNode() && install() && (staleSources().length === 0 || compileApart())
}

// In a process of its own: what runs afterwards in this one would keep the compiler in memory for as long as it lives.
const compileApart = () => node(fileURLToPath(import.meta.url), ['compile']) === 0

const staleSources = () =>
  sourcesIn(commandSources).filter((path) => modifiedAt(path) > modifiedAt(compiled(path)))

// Only what has changed, by as many threads as there are processors.
async function compile() {
  const stale = staleSources()
  say(`compiling ${stale.length} file${stale.length === 1 ? '' : 's'}`)
  const threads = Math.max(1, Math.min(availableParallelism(), Math.ceil(stale.length / 50)))
  const share = (thread) => stale.filter((_, n) => n % threads === thread)
  const others = Array.from({ length: threads - 1 }, (_, n) => emitApart(share(n + 1)))
  return (await Promise.all([emit(share(0)), ...others])).every(Boolean)
}

const emitApart = (paths) =>
  new Promise((resolve) => {
    new Worker(new URL(import.meta.url), { argv: ['emit', ...paths] }).on('exit', (code) =>
      resolve(code === 0),
    )
  })

// File by file. Types are for the tests to check: that takes five times as long.
async function emit(paths) {
  const { default: ts } = await import('typescript')
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  // Alone a file does not tell what package.json says: that it is a module.
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, module: 'esnext', moduleResolution: 'bundler' },
    root,
  )
  for (const path of paths) {
    const { outputText, sourceMapText, diagnostics } = ts.transpileModule(readText(path), {
      fileName: path,
      compilerOptions: options,
      reportDiagnostics: true,
    })
    if (diagnostics.length > 0) {
      const host = { ...ts.sys, getNewLine: () => '\n', getCanonicalFileName: (name) => name }
      console.error(ts.formatDiagnostics(diagnostics, { ...host, getCurrentDirectory: () => root }))
      return fail('a file cannot be compiled: see above.')
    }
    mkdirSync(dirname(compiled(path)), { recursive: true })
    writeFileSync(`${compiled(path)}.map`, sourceMapText)
    writeFileSync(compiled(path), outputText)
  }
  return true
}

/** The pages, each with the folders of its own sources, and of those that run on both sides of the wire. */
const pages = {
  inspector: ['inspector', 'runtime/activity', 'gateway'],
  storefront: ['storefront', 'inspector/styles'],
}
const pageFolder = (name) => join(root, 'dist', name)

async function buildPages() {
  let all = true
  for (const name of Object.keys(pages)) all = (await buildPage(name)) && all
  return all
}

/** Makes the files of a page, unless they are newer than all that they are made of. */
async function buildPage(name) {
  if (!pageIsStale(name)) return true
  say(`building the ${name}`)
  // Apart, and put into its place as a whole: a gateway may be serving the one before.
  const made = `${pageFolder(name)}-${process.pid}`
  try {
    const { build: bundle } = await import('vite')
    const outDir = relative(join(root, name), made)
    await bundle({ configFile: join(root, name, 'vite.config.ts'), logLevel: 'warn', build: { outDir } })
    putInPlace(made, pageFolder(name))
    return true
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    return fail(`the ${name} could not be built: ${error.message}`)
  }
}

/** Others may build it at the same time, of the same sources: whoever comes last stays. */
function putInPlace(made, place, triesLeft = 20) {
  try {
    rmSync(place, { recursive: true, force: true })
    renameSync(made, place)
  } catch (error) {
    if (triesLeft === 0) throw error
    putInPlace(made, place, triesLeft - 1)
  }
}

function pageIsStale(name) {
  const made = modifiedAt(join(pageFolder(name), 'index.html'))
  const sources = pages[name]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  const shared = ['package-lock.json', 'scripts/page-config.ts', 'inspector/docket.svg'].map((path) =>
    join(root, path),
  )
  return [...shared, ...sources].some((path) => modifiedAt(path) > made)
}

// The folders of all doors, so that a new layer is not forgotten.
const commandSources = [
  'cluster.config.ts',
  ...new Set(
    Object.values(JSON.parse(readText(join(root, 'package.json'))).imports).map(
      ({ source }) => source.split('/')[1],
    ),
  ),
]

function sourcesIn(names, folder = root) {
  return names.flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return sourcesIn(readdirSync(path), path)
    return path.endsWith('.ts') && !/\.(test|test-kit|contract|bench|d)\.ts$/.test(path) ? [path] : []
  })
}

const compiled = (path) => join(root, 'dist', relative(root, path)).replace(/\.ts$/, '.js')
const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

// `npm install <name>` by hand also changes the lock file. npm keeps a lock file of what it put on
// disk; when that holds all of ours, a second install would only delete and fetch the same again.
function alreadyInstalled(lockText) {
  const text = readText(join(modules, '.package-lock.json'))
  if (text === undefined) return false
  const present = JSON.parse(text).packages
  return Object.entries(JSON.parse(lockText).packages).every(([path, { version, optional }]) => {
    if (path === '' || optional) return true
    return present[path]?.version === version && existsSync(join(root, path))
  })
}

// In this process rather than in a child, so that Ctrl-C reaches the cluster and nothing else. package.json bounds its
// heap, far above the 40 MB that it holds: the nearer the bound, the sooner V8 collects. Without, it waited for 130 MB.
async function start(args) {
  if (!prepare()) return 1
  const main = join(root, 'dist', 'bin', 'main.js')
  process.argv = [process.execPath, main, 'start', ...args]
  await import(pathToFileURL(main).href)
  return process.exitCode ?? 0
}

/** A picture of each room of the inspector and of the storefront at three widths, dark and light. */
function screenshots() {
  process.env.BRIGADE_SCREENSHOTS = join(root, 'screenshots')
  if (!checkNode() || !install() || !build()) return 1
  return packageBin(
    'vitest',
    'vitest',
    'run',
    'inspector/browser/looks.test.ts',
    'inspector/browser/storefront.test.ts',
  )
    ? 0
    : 1
}

/** Builds what the bench needs, and prints what it finds. */
function bench(args) {
  if (!checkNode() || !install() || !build('bench')) return 1
  return node(join(root, 'dist', 'bench', 'main.js'), args)
}

function test(args) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    if (!checkNode() || !install()) counts.failed += 1
    else runChecks(args, counts)
  } catch (error) {
    fail(String(error instanceof Error ? error.stack : error))
    counts.failed += 1
  }
  if (counts.failed === 0 && counts.passed === 0) {
    fail('no test ran.')
    counts.failed = 1
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed === 0 ? 0 : 1
}

// All of it runs even if an earlier part fails: one run tells everything there is to repair. The actors' tests run by
// themselves, because how much of the actors they reach is measured.
function runChecks(args, counts) {
  say('building')
  if (!build()) counts.failed += 1
  for (const page of Object.keys(pages)) if (!packageBin('vue-tsc', 'vue-tsc', '-p', page)) counts.failed += 1
  if (node(fileURLToPath(import.meta.url), ['pages']) !== 0) counts.failed += 1
  say('checking format and lint')
  if (!packageBin('@biomejs/biome', 'biome', 'ci', '.')) {
    fail('format or lint. `npm run format` repairs what can be repaired.')
    counts.failed += 1
  }
  if (args.length > 0) return runTests(args, counts)
  runTests(['--project', 'actors', '--coverage'], counts)
  runTests(['--project', '!actors'], counts)
}

function runTests(args, counts) {
  say(`running the tests${args.length > 0 ? ` (${args.join(' ')})` : ''}`)
  const report = join(root, 'dist', `test-results-${process.pid}.json`)
  const clean = packageBin(
    'vitest',
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  )
  const text = readText(report)
  rmSync(report, { force: true })
  const failedBefore = counts.failed
  if (text !== undefined) tally(JSON.parse(text), counts)
  // An error outside any test (an unhandled rejection, a crash of a worker) shows only in the exit code.
  if (!clean && counts.failed === failedBefore) counts.failed += 1
}

function tally(results, counts) {
  counts.passed += results.numPassedTests
  counts.failed += results.numFailedTests
  counts.skipped += results.numPendingTests + results.numTodoTests
  for (const file of results.testResults) {
    // A file that does not load has no tests to count.
    if (file.status === 'failed' && file.assertionResults.every((one) => one.status !== 'failed')) {
      counts.failed += 1
    }
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return true
  return fail(`Node ${oldestNode.join('.')} or newer is needed; this is ${process.versions.node}.`)
}

// What npm says goes to stderr, as all that is said here.
function npm(...args) {
  const stdio = ['inherit', 2, 2]
  const cli = process.env.npm_execpath
  if (cli?.endsWith('npm-cli.js'))
    return spawnSync(process.execPath, [cli, ...args], { cwd: root, stdio }).status === 0
  // On Windows npm is a command file, which only a shell can start.
  return spawnSync('npm', args, { cwd: root, stdio, shell: process.platform === 'win32' }).status === 0
}

function packageBin(name, bin, ...args) {
  const folder = join(modules, name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[bin]
  return node(join(folder, file), args) === 0
}

function node(file, args) {
  const done = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' })
  return done.status ?? 1
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

// To stderr, so that what a command prints can still be piped.
function say(text) {
  console.error(`brigade: ${text}`)
}

function fail(text) {
  console.error(`brigade: ${text}`)
  return false
}

const [, script, verb, ...rest] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(realpathSync(script)).href) {
  if (verb === 'start') process.exitCode = await start(rest)
  else if (verb === 'test') process.exitCode = test(rest)
  else if (verb === 'compile') process.exitCode = (await compile()) ? 0 : 1
  else if (verb === 'emit') process.exitCode = (await emit(rest)) ? 0 : 1
  else if (verb === 'screenshots') process.exitCode = screenshots()
  else if (Object.hasOwn(pages, verb)) process.exitCode = (await buildPage(verb)) ? 0 : 1
  else if (verb === 'pages') process.exitCode = (await buildPages()) ? 0 : 1
  else if (verb === 'bench') process.exitCode = bench(rest)
  else {
    fail('usage: node scripts/run.mjs start|test|bench|pages|inspector|storefront|screenshots [arguments]')
    process.exitCode = 2
  }
}
