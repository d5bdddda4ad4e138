import { connect } from 'node:net'
import tap, { test } from 'tap'
import { openBrowser, openPage, waitForText } from './page.ts'
import { rig } from './rig.ts'

const browser = await openBrowser(tap)

void test('a session that waits in a queue says so, and for how long', async (t) => {
  const { balancer, url } = await rig(t, { mode: 'tcp', check: 'off', queueTimeout: '1m' })
  for (const id of ['b', 'c']) balancer.setMode(id, 'maint')
  balancer.setMaxConnections('a', 1)
  for (let i = 0; i < 2; i++) {
    const client = connect(balancer.port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => client.destroy())
  }
  const { page } = await openPage(t, browser, { url: `${url}#sessions` })
  await waitForText(page, '#sessions tr', /main \/ none yet.*\d m?s so far/)
})
