import { readFileSync, readlinkSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FairleadError } from '../core/errors.ts'

/** The file cannot be had: a fairlead that lives has it, or it cannot be written. */
export class PidFileError extends FairleadError {
  readonly path: string

  constructor(path: string, message: string, cause?: unknown) {
    super('FAIRLEAD_PID_FILE', `pid file ${path}: ${message}`, { cause })
    this.path = path
  }
}

/**
 * A file that holds the process's number, for scripts and process managers. One that a dead process left behind is
 * overwritten, and so is one whose number now belongs to some other program.
 *
 * Owns the file from {@link write} to {@link remove}.
 */
export class PidFile {
  readonly path: string
  readonly #pid: number

  constructor(path: string, pid: number = process.pid) {
    this.path = path
    this.#pid = pid
  }

  /**
   * Call it before anything is opened.
   * @throws {PidFileError} where a fairlead that lives has it
   */
  assertFree(): void {
    const pid = readPid(this.path)
    if (pid === undefined || pid === this.#pid || !isFairlead(pid)) return
    throw new PidFileError(this.path, `process ${pid} has it and runs: stop that, or take another file`)
  }

  /** Whoever reads it sees the whole number or no file. @throws {PidFileError} */
  write(): void {
    const draft = `${this.path}.${this.#pid}`
    try {
      writeFileSync(draft, `${this.#pid}\n`, { mode: 0o644 })
      renameSync(draft, this.path)
    } catch (error) {
      deleteQuietly(draft)
      throw new PidFileError(this.path, `cannot be written: ${(error as Error).message}`, error)
    }
  }

  /** Only while it is still ours: another process may have taken it over. */
  remove(): void {
    if (readPid(this.path) === this.#pid) deleteQuietly(this.path)
  }
}

function readPid(path: string): number | undefined {
  try {
    const [, digits] = /^\s*(\d{1,10})\s*$/.exec(readFileSync(path, 'latin1')) ?? []
    return digits === undefined || Number(digits) === 0 ? undefined : Number(digits)
  } catch {
    return undefined // no file, or none that we may read: writing it will tell
  }
}

/** It lives, and runs the same program. Where the system does not tell what it runs, living is enough. */
function isFairlead(pid: number): boolean {
  if (!isAlive(pid)) return false
  const words = commandLine(pid)
  if (words === undefined) return true
  const [program = '', ...args] = words
  return basename(program) === basename(process.argv0) && args.some((word) => isOurs(word, pid))
}

/** A program of ours: by its name, or by where it lies (`npm start`). Node's own options may stand before it. */
function isOurs(word: string, pid: number): boolean {
  if (word === '' || word.startsWith('-')) return false
  return /^fairlead(?:\.js)?$/.test(basename(word)) || resolve(folderOf(pid), word).startsWith(PROGRAMS)
}

const PROGRAMS = fileURLToPath(new URL('../../bin/', import.meta.url))

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return '/' // somebody else's: only whole paths are known
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // it lives, and belongs to somebody else
  }
}

function commandLine(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return undefined // no /proc: not Linux
  }
}

function deleteQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Gone already, or in a folder that we may no longer write to: the next start overwrites it.
  }
}
