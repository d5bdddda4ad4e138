import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FixtureServer } from '../../src/testing/fixture-server.ts'
import { rawFixture } from '../../src/testing/raw-fixture.ts'

const MOST_BODY_BYTES = 20_000

/**
 * A backend that answers each request with its `X-Id`, in a body of random size and framing; at times it resets or
 * ends the connection before its answer or amid it, or says more than was asked.
 */
export function unrulyBackend(random: () => number): Promise<FixtureServer> {
  return rawFixture({}, ({ socket }) => {
    let text = ''
    let isBusy = false
    const serve = async (): Promise<void> => {
      isBusy = true
      for (;;) {
        const request = takeRequest(text)
        if (request === undefined || socket.destroyed) break
        text = text.slice(request.length)
        await answer(socket, request.id, random)
      }
      isBusy = false
    }
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!isBusy) void serve()
    })
    socket.on('end', () => socket.end())
  })
}

/** What a body of so many bytes for a request looks like, in requests and responses: it tells whose it is. */
export function bodyFor(id: string, bytes: number): string {
  return `${id};`.repeat(bytes / (id.length + 1) + 1).slice(0, bytes)
}

/** The first request, once it is whole. A body that is not its own makes a backend answer to nobody. */
function takeRequest(text: string): { id: string; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n') + 4
  if (end < 4) return undefined
  const head = text.slice(0, end)
  const id = /^X-Id: (.*)\r$/m.exec(head)?.[1] ?? 'none'
  const bytes = Number(/^Content-Length: (\d+)\r$/m.exec(head)?.[1] ?? 0)
  const length = end + bytes
  if (text.length < length) return undefined
  return { id: text.slice(end, length) === bodyFor(id, bytes) ? id : `${id} with a foreign body`, length }
}

async function answer(socket: Socket, id: string, random: () => number): Promise<void> {
  const mood = random()
  if (random() < 0.3) await setImmediate()
  if (mood < 0.02) return void socket.resetAndDestroy()
  if (mood < 0.03) return void socket.end()
  const body = bodyFor(id, Math.floor(random() ** 2 * MOST_BODY_BYTES))
  const framing = (['length', 'length', 'chunked', 'close'] as const)[Math.floor(random() * 4)] ?? 'length'
  const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nX-Bytes: ${body.length}\r\n`
  const framed = {
    length: `${head}Content-Length: ${body.length}\r\n\r\n${body}`,
    chunked: `${head}Transfer-Encoding: chunked\r\n\r\n${chunks(body)}`,
    close: `${head}\r\n${body}`,
  }[framing]
  const isCut = mood < 0.07
  const cut = Math.floor(random() * framed.length)
  socket.write(framed.slice(0, cut), 'latin1')
  await setImmediate()
  if (isCut && framing === 'close') return void socket.resetAndDestroy()
  if (isCut) return void (mood < 0.05 ? socket.resetAndDestroy() : socket.end())
  socket.write(framed.slice(cut), 'latin1')
  if (framing === 'close') socket.end()
  else if (mood > 0.99) socket.write('HTTP/1.1 200 OK\r\nX-Id: surplus\r\nContent-Length: 0\r\n\r\n')
}

function chunks(body: string): string {
  const middle = body.length >> 1
  const parts = [body.slice(0, middle), body.slice(middle)].filter((part) => part !== '')
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
}
