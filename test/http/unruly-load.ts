import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { bodyFor } from './unruly-backend.ts'

export interface UnrulyTotals {
  /** Answered by a backend, whole, and each byte of it as it must be. */
  whole: number
  /** Answered by the balancer, with the right id. */
  refused: number
  /** Cut by a reset, or not answered behind the last answer of a connection. */
  cut: number
  /** The client itself has left. */
  aborted: number
  /** What must never be. */
  readonly wrong: string[]
}

export interface UnrulyLoad {
  readonly port: number
  readonly connections: number
  readonly requests: number
  readonly random: () => number
}

/** Many clients at once, each request with an id of its own; some leave amid a request, or amid an answer. */
export async function unrulyLoad(load: UnrulyLoad): Promise<UnrulyTotals> {
  const totals: UnrulyTotals = { whole: 0, refused: 0, cut: 0, aborted: 0, wrong: [] }
  let asked = 0
  const nextId = (): string | undefined => (asked < load.requests ? `r${++asked}` : undefined)
  const lane = async (): Promise<void> => {
    while (asked < load.requests) await new UnrulyClient(load, totals, nextId).run()
  }
  await Promise.all(Array.from({ length: load.connections }, lane))
  return totals
}

/** One connection. */
class UnrulyClient {
  readonly #load: UnrulyLoad
  readonly #totals: UnrulyTotals
  readonly #nextId: () => string | undefined
  readonly #socket: Socket
  #text = ''
  /** Asked, and not answered. */
  #pending: string[] = []
  #bursts: number
  #hasAborted = false

  constructor(load: UnrulyLoad, totals: UnrulyTotals, nextId: () => string | undefined) {
    this.#load = load
    this.#totals = totals
    this.#nextId = nextId
    this.#bursts = 1 + Math.floor(load.random() * 10)
    this.#socket = connect({ host: '127.0.0.1', port: load.port, allowHalfOpen: true, noDelay: true })
  }

  run(): Promise<void> {
    const socket = this.#socket
    return new Promise((resolve) => {
      socket.on('connect', () => this.#ask())
      socket.on('data', (chunk: Buffer) => this.#hear(chunk))
      socket.on('end', () => this.#ended())
      socket.on('error', () => undefined) // Whatever is pending is cut.
      socket.on('close', () => {
        if (this.#hasAborted) this.#totals.aborted += this.#pending.length
        else this.#totals.cut += this.#pending.length
        resolve()
      })
    })
  }

  /** A burst of requests in one write, or no more. */
  #ask(): void {
    const { random } = this.#load
    const socket = this.#socket
    const depth = this.#bursts-- > 0 ? 1 + Math.floor(random() ** 3 * 6) : 0
    let all = ''
    for (let i = 0; i < depth; i++) {
      const id = this.#nextId()
      if (id === undefined) break
      this.#pending.push(id)
      all += requestFor(id, random)
    }
    if (all === '') return void socket.end()
    if (random() > 0.02) return void socket.write(all)
    this.#hasAborted = true
    socket.write(all.slice(0, Math.floor(random() * all.length)), () => socket.resetAndDestroy())
  }

  #hear(chunk: Buffer): void {
    this.#text += chunk.toString('latin1')
    if (this.#load.random() < 0.005) {
      this.#hasAborted = true
      this.#socket.resetAndDestroy()
      return
    }
    while (this.#takeAnswer()) continue
    if (this.#pending.length > 0) return
    if (this.#text !== '') this.#wrong(`said unasked: ${this.#text.slice(0, 200)}`)
    if (this.#socket.writable) this.#ask()
  }

  /** Whether there was a whole one, which is not the case where it ends with the connection. */
  #takeAnswer(): boolean {
    const end = this.#text.indexOf('\r\n\r\n') + 4
    if (end < 4 || this.#pending.length === 0) return false
    const head = this.#text.slice(0, end)
    const body = bodyIn(this.#text, head)
    if (body === undefined) return false
    this.#text = this.#text.slice(body.end)
    this.#check(head, body.text)
    return true
  }

  #check(head: string, body: string): void {
    const id = this.#pending.shift()
    const [, status] = / (\d{3}) /.exec(head) ?? []
    if (status === '200') {
      const bytes = Number(field(head, 'X-Bytes'))
      if (field(head, 'X-Id') === id && body === bodyFor(id ?? '', bytes)) this.#totals.whole++
      else this.#wrong(`${id} was answered ${head}${body.slice(0, 100)}`)
    } else if (status === '502' && field(head, 'X-Request-Id') === id) this.#totals.refused++
    else this.#wrong(`${id} was refused with ${head}`)
  }

  #ended(): void {
    const socket = this.#socket
    const end = this.#text.indexOf('\r\n\r\n') + 4
    if (end < 4) return void socket.end()
    // Node 20 and 22 may take an RST for an end; a write finds out.
    socket.write('', (error) => {
      const head = this.#text.slice(0, end)
      if (error === null || error === undefined) {
        if (/^(?:Content-Length|Transfer-Encoding):/m.test(head))
          this.#wrong(`cut, but ended cleanly: ${head}`)
        else this.#check(head, this.#text.slice(end))
      }
      socket.destroy()
    })
  }

  #wrong(what: string): void {
    this.#totals.wrong.push(what)
  }
}

function requestFor(id: string, random: () => number): string {
  const head = `HTTP/1.1\r\nHost: a\r\nX-Id: ${id}\r\nX-Request-Id: ${id}\r\n`
  if (random() < 0.6) return `GET /${id} ${head}\r\n`
  const body = bodyFor(id, Math.floor(random() ** 3 * 30_000))
  return `${random() < 0.5 ? 'PUT' : 'POST'} /${id} ${head}Content-Length: ${body.length}\r\n\r\n${body}`
}

/** The body behind a head, if its own framing says that it is whole. */
function bodyIn(text: string, head: string): { text: string; end: number } | undefined {
  const length = field(head, 'Content-Length')
  if (length !== undefined) {
    const end = head.length + Number(length)
    return text.length < end ? undefined : { text: text.slice(head.length, end), end }
  }
  if (field(head, 'Transfer-Encoding') !== 'chunked') return undefined
  let body = ''
  for (let at = head.length; ;) {
    const line = text.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    at = line + 2 + size + 2
    if (text.length < at) return undefined
    if (size === 0) return { text: body, end: at }
    body += text.slice(line + 2, line + 2 + size)
  }
}

function field(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, 'm').exec(head)?.[1]
}
