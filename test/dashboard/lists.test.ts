import { connect } from 'node:net'
import type { Page } from 'playwright-core'
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

void test('what is selected among the listeners, and the focus among the faults, stays there', async (t) => {
  const { balancer, url } = await rig(t)
  const { page } = await openPage(t, browser, { url: `${url}#process` })
  balancer.faults.add({ type: 'refuse', backend: 'b', name: 'first' })
  await waitForText(page, '#faults', /1 fault on purpose/)
  await page.getByRole('button', { name: 'Remove fault first' }).focus()
  await page.evaluate("getSelection().selectAllChildren(document.querySelector('#process tbody td'))")
  const selected = await selection(page)
  t.not(selected, '')
  balancer.faults.add({ type: 'refuse', backend: 'c', name: 'second' })
  const client = connect(balancer.port, '127.0.0.1').on('error', () => undefined)
  t.teardown(() => client.destroy())
  await waitForText(page, '#faults', /2 faults on purpose/)
  await waitForText(page, '#process tr', /HTTP.*1 of/)
  t.equal(await selection(page), selected)
  t.equal(await page.evaluate("document.activeElement.getAttribute('aria-label')"), 'Remove fault first')
})

async function selection(page: Page): Promise<string> {
  return String(await page.evaluate('String(getSelection())'))
}
