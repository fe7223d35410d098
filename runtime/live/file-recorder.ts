/**
 * Records the kernels of one node process to files: a file for each kernel, the newest of them within a bound.
 *
 * What a kernel has in memory cannot be told from outside, so a recording that is to be replayed has to begin with its
 * kernel. When a file is full the node forgets its memory and begins again, as after any loss: requests wait for some
 * hundredths of a second, and nothing is lost.
 *
 * Owns:     the folder `DIR/NODE`: which files there are, and when they are written to.
 * Does not: know the format (`recording-file.ts`).
 *
 * Invariants:
 *   FR1. Before a kernel runs turns, all that it was given is with the operating system: a killed process loses none
 *        of it. After the turns, so is what they led to.
 *   FR2. The files of a node are never larger than `totalBytes`, but for the last round of the last one, and at most
 *        `filesMax`.
 *   FR3. A recording that cannot be written ends, is told once, and disturbs nothing.
 */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writevSync } from 'node:fs'
import { join } from 'node:path'
import type { Now } from '#actor'
import type { KernelStart, RecordedStep, Recorder } from '#host'
import type { NodeId } from '#ports'
import { inputBytes, outputsBytes, startBytes } from './recording-file.ts'

export interface RecordingOptions {
  /** Created if need be; each node has a folder in it. */
  readonly folder: string
  /** The build, to be told with the recording. */
  readonly code?: string
  /** Of one file. Default 64 MiB: at a hundred turns a second about twenty minutes. */
  readonly segmentBytes?: number
  /** Of all files of one node; the oldest go. Default 256 MiB. */
  readonly totalBytes?: number
}

interface RecordedFile {
  readonly path: string
  bytes: number
}

const mebibyte = 2 ** 20
/** A node that begins again and again fills a folder with small files. */
const filesMax = 100
const extension = '.recording'

export class FileRecorder implements Recorder {
  readonly #folder: string
  readonly #code: string
  readonly #segmentBytes: number
  readonly #totalBytes: number
  readonly #onFailure: (error: Error) => void
  /** Oldest first. */
  #files: RecordedFile[] = []
  #file: number | undefined
  #bytes = 0
  #waiting: Buffer[] = []
  #last: RecordedStep['input']['kind'] | undefined

  constructor(
    node: NodeId,
    { folder, code = '', segmentBytes = 64 * mebibyte, totalBytes = 256 * mebibyte }: RecordingOptions,
    onFailure: (error: Error) => void,
  ) {
    this.#folder = join(folder, node)
    this.#code = code
    this.#segmentBytes = segmentBytes
    this.#totalBytes = totalBytes
    this.#onFailure = onFailure
  }

  began(start: KernelStart): void {
    this.#close()
    this.#guarded(() => {
      if (this.#files.length === 0) {
        mkdirSync(this.#folder, { recursive: true })
        this.#files = this.#found()
      }
      this.#makeRoom()
      // By time, so that the oldest comes first; no scope is ever used again.
      const name = `${new Date(start.at / 1_000).toISOString().replaceAll(':', '-')}-${start.scope}${extension}`
      const path = join(this.#folder, name)
      this.#file = openSync(path, 'wx', 0o600)
      this.#files.push({ path, bytes: 0 })
      this.#bytes = 0
      this.#add(startBytes(start, this.#code))
      this.#write()
    })
  }

  input(input: RecordedStep['input'], now: Now): void {
    if (this.#file === undefined) return
    this.#last = input.kind
    this.#guarded(() => {
      this.#add(inputBytes(input, now))
      if (input.kind === 'flush') this.#write()
    })
  }

  outputs(outputs: Parameters<Recorder['outputs']>[0]): 'goes-on' | 'full' {
    if (this.#file === undefined) return 'goes-on'
    const isRound = this.#last === 'flush'
    this.#guarded(() => {
      // Of a round always: without it the last one of a process that is killed could not be compared.
      if (outputs.length > 0 || isRound) this.#add(outputsBytes(outputs))
      if (isRound) this.#write()
    })
    return isRound && this.#bytes >= this.#segmentBytes ? 'full' : 'goes-on'
  }

  #add(bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
  }

  #write(): void {
    if (this.#file === undefined) return
    writevSync(this.#file, this.#waiting)
    this.#waiting = []
  }

  #close(): void {
    if (this.#file === undefined) return
    this.#guarded(() => this.#write())
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    const last = this.#files.at(-1)
    if (last !== undefined) last.bytes = this.#bytes
  }

  /** Room for one more file that becomes full. */
  #makeRoom(): void {
    let sum = this.#files.reduce((total, { bytes }) => total + bytes, this.#segmentBytes)
    while (this.#files.length > 0 && (sum > this.#totalBytes || this.#files.length >= filesMax)) {
      const { path, bytes } = this.#files.shift() as RecordedFile
      rmSync(path, { force: true })
      sum -= bytes
    }
  }

  /** What an earlier process has left, oldest first. */
  #found(): RecordedFile[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(extension))
      .sort()
      .map((name) => join(this.#folder, name))
      .map((path) => ({ path, bytes: statSync(path).size }))
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (this.#file !== undefined) closeSync(this.#file)
      this.#file = undefined
      this.#waiting = []
      this.#onFailure(error as Error)
    }
  }
}
