import tap from 'tap'
import { refusingPort } from '../../../src/testing/refusing-port.ts'
import type { ScriptedConnection } from './rig.ts'
import { answering, get, ok, overHttp, post, recordRequests, scripted, TextClient } from './rig.ts'

/** Resets when a head has come, without a byte of an answer. */
function resetting(connection: ScriptedConnection): void {
  connection.socket.once('data', () => connection.socket.resetAndDestroy())
}

overHttp(tap, 'a POST goes to the next backend after a refused connect', async (t, start) => {
  await using dead = await refusingPort()
  await using b = await scripted(answering(ok('b')))
  await using lb = await start({
    backends: [`dead=127.0.0.1:${dead.port}`, `b=127.0.0.1:${b.port}`],
    explain: true,
  })
  await using client = await TextClient.to(lb)
  client.write(post('hello'))
  const text = await client.received('\r\n\r\nb')
  t.match(text, 'X-Fairlead-Backend: b\r\n')
  t.match(text, 'X-Fairlead-Tried: dead (ECONNREFUSED)\r\n')
  t.ok(b.text.endsWith('\r\n\r\nhello'), 'with its whole body')
})

overHttp(
  tap,
  'an idempotent request is replayed elsewhere after a reset, with its body',
  async (t, start) => {
    await using a = await scripted(resetting)
    await using b = await scripted(answering(ok('b')))
    await using lb = await start({
      backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
      balance: 'first',
    })
    const ends = recordRequests(lb)
    await using client = await TextClient.to(lb)
    client.write('PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
    await client.received('\r\n\r\nb')
    t.ok(b.text.endsWith('\r\n\r\nhello'), 'the body went along')
    t.equal(ends[0]?.backend, 'b')
    t.strictSame(
      ends[0]?.tried.map(({ backend }) => backend),
      ['a'],
    )
    t.equal(lb.snapshot().pools[0]?.replays, 1)
  },
)

overHttp(tap, 'a POST is not replayed after a reset: 502', async (t, start) => {
  await using a = await scripted(resetting)
  await using b = await scripted(answering(ok('b')))
  await using lb = await start({
    backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
    balance: 'first',
  })
  const ends = recordRequests(lb)
  await using client = await TextClient.to(lb)
  client.write(post('hello'))
  await client.received('HTTP/1.1 502 Bad Gateway\r\n')
  t.equal(b.connections.length, 0, 'nobody else saw it')
  t.equal(ends[0]?.backend, 'a', 'the log tells whose fault it was')
  t.equal(ends[0]?.code, 'SH')
})

overHttp(tap, 'nothing is replayed after the first byte of a response', async (t, start) => {
  await using a = await scripted((connection) => {
    connection.socket.once('data', () => connection.socket.end('HTTP/1.1 200 O'))
  })
  await using b = await scripted(answering(ok('b')))
  await using lb = await start({ backends: [a.port, b.port], balance: 'first' })
  await using client = await TextClient.to(lb)
  client.write(get())
  await client.received('HTTP/1.1 502 Bad Gateway\r\n')
  t.equal(b.connections.length, 0)
})

overHttp(tap, 'nothing is replayed after an interim response', async (t, start) => {
  await using a = await scripted((connection) => {
    connection.socket.once('data', () =>
      connection.socket.end('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
    )
  })
  await using b = await scripted(answering(ok('b')))
  await using lb = await start({ backends: [a.port, b.port], balance: 'first' })
  await using client = await TextClient.to(lb)
  client.write(get())
  const text = await client.received('HTTP/1.1 502 Bad Gateway\r\n')
  t.ok(text.startsWith('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'))
  t.equal(b.connections.length, 0)
})

overHttp(tap, 'a PUT whose body no longer fits in memory is not replayed', async (t, start) => {
  const total = 200_000
  await using a = await scripted((connection) => {
    connection.socket.on('data', () => {
      if (connection.text.length > 150_000) connection.socket.resetAndDestroy()
    })
  })
  await using b = await scripted(answering(ok('b')))
  await using lb = await start({ backends: [a.port, b.port], balance: 'first' })
  await using client = await TextClient.to(lb)
  client.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n${'x'.repeat(total)}`)
  await client.received('HTTP/1.1 502 Bad Gateway\r\n')
  t.equal(b.connections.length, 0)
})

overHttp(tap, 'replays have a budget of ten where there are few requests', async (t, start) => {
  await using a = await scripted(resetting)
  await using lb = await start({ backends: [a.port], retries: 100, eject: false })
  await using client = await TextClient.to(lb)
  client.write(get())
  await client.received('HTTP/1.1 502 Bad Gateway\r\n')
  t.equal(a.connections.length, 11, 'the first, and ten replays')
})

overHttp(
  tap,
  'a stale kept connection costs a GET nothing, and is not held against the backend',
  async (t, start) => {
    await using a = await scripted((connection) => {
      answering(ok('one'))(connection)
      connection.socket.on('data', () => {
        if (connection.index === 1 && connection.heads === 2) connection.socket.resetAndDestroy()
      })
    })
    await using lb = await start({ backends: [`a=127.0.0.1:${a.port}`], explain: true })
    await using client = await TextClient.to(lb)
    client.write(get('/1'))
    await client.received('\r\n\r\none')
    client.text = ''
    const first = await a.connection(1)
    first.socket.removeAllListeners('data')
    first.socket.once('data', () => first.socket.resetAndDestroy())
    client.write(get('/2'))
    const text = await client.received('\r\n\r\none')
    t.match(text, /X-Fairlead-Tried: a \(kept connection: (?:ECONNRESET|closed)\)\r\n/)
    t.equal(a.connections.length, 2)
    t.equal(lb.snapshot().pools[0]?.backends[0]?.ejected, false)
  },
)

overHttp(tap, 'requests without an answer eject a backend that accepts every connect', async (t, start) => {
  await using a = await scripted(resetting)
  await using b = await scripted(answering(ok('b')))
  await using lb = await start({
    backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
    balance: 'first',
  })
  const ejected: string[] = []
  lb.on('backend:eject', ({ id, reason }) => ejected.push(`${id}: ${reason}`))
  await using client = await TextClient.to(lb)
  for (let i = 0; i < 4; i++) {
    client.text = ''
    client.write(get())
    await client.received('\r\n\r\nb')
  }
  t.strictSame(ejected, ['a: 3 requests in a row had no answer'])
  t.equal(a.connections.length, 3, 'the fourth request went straight to b')
})
