import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import tap, { test } from 'tap'
import type { Balancer } from '../../src/control/balancer.ts'
import { openBrowser, openPage, rowOf, waitForState, waitForText } from './page.ts'
import { rig } from './rig.ts'

const browser = await openBrowser(tap)

async function drainByClicks(page: Page, id: string): Promise<void> {
  const name = `Drain ${id}`
  await rowOf(page, `main/${id}`).getByRole('button', { name }).click()
  await page.locator('.confirm').getByRole('button', { name }).click()
}

void test('drain and return by clicks, undo, and a weight, under load', async (t) => {
  const { balancer, url } = await rig(t)
  load(t, balancer)
  const { page, errors, origins } = await openPage(t, browser, { url })
  await waitForState(page, 'main/a', 'up')
  await waitForText(page, '.pool .figures', /Serving\s*3 of 3\s*Requests\s*[1-9]/)

  await rowOf(page, 'main/a').getByRole('button', { name: 'Drain a' }).click()
  await waitForText(page, '.confirm', /a gets no new clients. b and c take over/)
  await page.locator('.confirm').getByRole('button', { name: 'Drain a' }).click()
  await waitForState(page, 'main/a', 'draining')
  t.equal(balancer.snapshot().pools[0]?.backends[0]?.mode, 'drain')
  await waitForText(page, '#events', /a drains/)
  await waitForText(page, '.pool .figures', /Serving\s*2 of 3/)

  await page.getByRole('button', { name: 'Undo' }).click()
  await waitForState(page, 'main/a', 'up')
  await waitForText(page, '#toasts', /Undone: a is ready/)

  await rowOf(page, 'main/b').getByRole('button', { name: 'Maint b' }).click()
  await page.locator('.confirm').getByRole('button', { name: 'Cancel' }).click()
  t.equal(balancer.snapshot().pools[0]?.backends[1]?.mode, 'ready', 'cancelled: nothing is done')

  await rowOf(page, 'main/b')
    .getByRole('button', { name: /Weight of b/ })
    .click()
  await page.getByLabel(/New weight/).fill('6')
  await waitForText(page, '.confirm', /about 75% of pool main's new clients/)
  await page.locator('.confirm').getByRole('button', { name: 'Set weight' }).click()
  await waitForText(page, '.row[data-key="main/b"] .weight', /^6$/)
  t.equal(balancer.snapshot().pools[0]?.backends[1]?.weight, 6)

  const chart = page.getByRole('img', { name: /Requests per second, last 15 minutes: now [1-9]/ })
  await chart.waitFor()
  const before = await page.locator('.row[data-key="main/b"] polyline').getAttribute('points')
  const moved = `.row[data-key="main/b"] polyline:not([points="${before}"])`
  await page.locator(moved).waitFor({ state: 'attached' })
  t.same(errors, [])
  t.same([...origins], [new URL(url).origin], 'asks nobody else')
})

void test('drain and return by keys alone', async (t) => {
  const { balancer, url } = await rig(t)
  const { page, errors } = await openPage(t, browser, { url })
  await waitForState(page, 'main/a', 'up')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('d')
  await page.locator('.confirm').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.confirm').waitFor({ state: 'detached' })
  t.equal(balancer.snapshot().pools[0]?.backends[1]?.mode, 'ready')
  await page.keyboard.press('d')
  await page.locator('.confirm').waitFor()
  await page.keyboard.press('Enter')
  await waitForState(page, 'main/b', 'draining')
  await page.keyboard.press('r')
  await page.locator('.confirm').waitFor()
  await page.keyboard.press('Enter')
  await waitForState(page, 'main/b', 'up')
  await page.keyboard.press('w')
  await page.keyboard.type('3')
  await page.keyboard.press('Enter')
  await waitForText(page, '.row[data-key="main/b"] .weight', /^3$/)
  await page.keyboard.press('u')
  await waitForText(page, '.row[data-key="main/b"] .weight', /^1$/)
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys and signs' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.keyboard.press('p')
  await page.getByRole('button', { name: 'Paused' }).waitFor()
  // The tab key alone gets there, too.
  await page.keyboard.press('2')
  await page.getByRole('heading', { name: 'Open sessions' }).waitFor()
  await page.keyboard.press('1')
  await page.locator('#views a').first().focus()
  for (let i = 0; i < 40; i++) {
    const name = await page.evaluate("document.activeElement.getAttribute('aria-label')")
    if (name === 'Drain a') break
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await waitForText(page, '.confirm', /a gets no new clients/)
  t.same(errors, [])
})

void test('the last backend, one that fails and returns, and a change behind one’s back', async (t) => {
  const { balancer, backends, url } = await rig(t)
  const { page } = await openPage(t, browser, { url })
  await waitForState(page, 'main/c', 'up')
  backends[2]?.setHealthy(false)
  await waitForState(page, 'main/c', 'down')
  await waitForText(page, '.row[data-key="main/c"]', /503 Service Unavailable/)
  await waitForText(page, '#verdict', /Degraded.*c in pool main is down: 503 Service Unavailable/)
  await waitForText(page, '#events li', /c is down.*503 Service Unavailable/)
  await waitForText(page, '#announcer', /c is down/)

  balancer.setMode('b', 'maint')
  await waitForState(page, 'main/b', 'maintenance')
  await rowOf(page, 'main/a').getByRole('button', { name: 'Drain a' }).click()
  await waitForText(page, '.confirm .warning', /a is the last backend of pool main that can serve/)

  // Somebody else was quicker, and the question on the screen is of a state that is no more.
  balancer.setWeight('a', 9)
  await page.locator('.confirm').getByRole('button', { name: 'Drain a' }).click()
  await waitForText(page, '#toasts [role=alert]', /Nothing was done: somebody else changed something/)
  t.equal(balancer.snapshot().pools[0]?.backends[0]?.mode, 'ready')
  await waitForText(page, '.row[data-key="main/a"] .weight', /^9$/)

  backends[2]?.setHealthy(true)
  await waitForState(page, 'main/c', 'up')
  balancer.setMode('b', 'ready')
  await waitForText(page, '.pool .figures', /Serving\s*3 of 3/)
})

void test('on a paused page, what is decided is held against what was shown', async (t) => {
  const { balancer, url } = await rig(t)
  const { page, errors } = await openPage(t, browser, { url })
  const modes = () => balancer.snapshot().pools[0]?.backends.map(({ mode }) => mode)
  const drain = (id: string): Promise<void> => drainByClicks(page, id)
  for (const id of ['a', 'c']) balancer.setMode(id, 'maint')
  await waitForState(page, 'main/c', 'maintenance')
  await page.getByRole('button', { name: 'Pause' }).click()
  balancer.setMode('b', 'maint')
  // Told also while it is paused, once the snapshot is there.
  await waitForText(page, '#announcer', /Not serving.*Pool main has no backend/)
  await drain('b')
  await waitForText(page, '#toasts [role=alert]', /Nothing was done: somebody else changed something/)
  t.same(modes(), ['maint', 'maint', 'maint'])

  for (const id of ['a', 'b', 'c']) balancer.setMode(id, 'ready')
  await page.getByRole('button', { name: 'Paused' }).click()
  await waitForState(page, 'main/c', 'up')
  await page.getByRole('button', { name: 'Pause' }).click()
  await drain('a')
  await waitForState(page, 'main/a', 'draining')
  await drain('c')
  await waitForState(page, 'main/c', 'draining')
  t.same(modes(), ['drain', 'ready', 'drain'], 'what was done here is seen, and no reason to refuse the next')
  t.same(
    errors.filter((text) => !/status of 412/.test(text)),
    [],
  )
})

void test('a dropped connection is told, and taken up again with nothing lost', async (t) => {
  const { balancer, url, cutAdmin } = await rig(t)
  const { page } = await openPage(t, browser, { url })
  await waitForState(page, 'main/a', 'up')
  balancer.setMode('a', 'drain')
  await waitForText(page, '#events li', /a drains/)
  const openAgain = await cutAdmin()
  await waitForText(page, '#connection', /Reconnecting in \d+ s/)
  await waitForText(page, '#verdict', /Not known since/)
  await openAgain()
  balancer.setMode('b', 'maint')
  await page
    .getByRole('button', { name: 'Try now' })
    .click({ timeout: 2_000 })
    .catch(() => undefined)
  await waitForText(page, '#connection', /Live/)
  await waitForState(page, 'main/a', 'draining')
  await waitForState(page, 'main/b', 'maintenance')
  t.equal(await page.locator('#events li').filter({ hasText: 'a drains' }).count(), 1)
  await waitForText(page, '#events li', /b is put in maintenance/)
  await page.locator('body:not([data-stale])').waitFor()
})

void test('sessions are found and killed, choices explained, reloads reported', async (t) => {
  const { balancer, url } = await rig(t, {
    mode: 'tcp',
    check: 'off',
    admin: {
      reload: async () => {
        const report = {
          at: Date.now(),
          ok: false,
          changes: [],
          problems: ['pools.web: <b>no</b>'],
          needsRestart: [],
        }
        return await Promise.resolve(report)
      },
    },
  })
  const client = connect(balancer.port, '127.0.0.1')
  client.on('error', () => undefined)
  t.teardown(() => client.destroy())
  const closed = new Promise((resolve) => client.on('close', resolve))
  const { page, errors } = await openPage(t, browser, { url: `${url}#sessions` })
  await page.getByRole('cell', { name: /main \/ a/ }).waitFor()
  await page.getByLabel('Contains').fill('nobody')
  await waitForText(page, '#sessions', /1 session open, none matches/)
  await page.getByLabel('Contains').fill('127.0.0.1')
  await page.getByRole('button', { name: /Reset session 1 of 127/ }).click()
  await page.getByRole('button', { name: 'Reset it' }).click()
  await closed
  await waitForText(page, '#sessions', /No session is open/)

  await page.getByRole('link', { name: 'Explain' }).click()
  await page.getByLabel('Client address').fill('10.1.2.3')
  await page.getByRole('button', { name: 'Explain' }).click()
  await waitForText(page, '#explain', /10\.1\.2\.3 gets b of pool main.*not its turn/s)
  await page.getByLabel('Client address').fill('nonsense')
  await page.keyboard.press('Enter')
  await waitForText(page, '#explain', /No answer: .*nonsense.* is no IP address/)

  await page.getByRole('link', { name: 'Process' }).click()
  await page.getByRole('button', { name: 'Reload the configuration' }).click()
  await waitForText(page, '#process', /Not reloaded.*pools\.web: <b>no<\/b>/s)
  t.equal(await page.locator('#process .report b').count(), 0, 'what is not ours is never markup')
  await page.getByRole('button', { name: 'Reset counters' }).click()
  await page.getByRole('button', { name: 'Reset all' }).click()
  await waitForText(page, '#toasts', /All counters are back at zero/)

  balancer.faults.add({ type: 'refuse', backend: 'b', name: 'trouble' })
  await waitForText(page, '#faults', /1 fault on purpose.*trouble.*refuse, backend b/s)
  await page.getByRole('button', { name: 'Remove fault trouble' }).click()
  await page.locator('#faults').waitFor({ state: 'hidden' })
  t.same(
    errors.filter((text) => !/status of (400|422)/.test(text)),
    [],
  )
})

void test('the question whether to reset a session keeps the focus while others end', async (t) => {
  const { balancer, url } = await rig(t, { mode: 'tcp', check: 'off' })
  const clients = Array.from({ length: 3 }, () => {
    const client = connect(balancer.port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => client.destroy())
    return client
  })
  const { page } = await openPage(t, browser, { url: `${url}#sessions` })
  await waitForText(page, '#sessions', /3 sessions open/)
  await page
    .getByRole('button', { name: /Reset session/ })
    .last()
    .click()
  clients[0]?.destroy()
  await waitForText(page, '#sessions', /2 sessions open/)
  t.equal(await page.evaluate('document.activeElement.textContent'), 'Reset it')
})

void test('who takes back more than the latest change is not taken for somebody else', async (t) => {
  const { balancer, url } = await rig(t)
  const { page } = await openPage(t, browser, { url })
  const undo = (what: string) =>
    page.locator('.toast').filter({ hasText: what }).getByRole('button', { name: 'Undo' })
  await waitForState(page, 'main/c', 'up')
  for (const id of ['a', 'b']) {
    await drainByClicks(page, id)
    await waitForState(page, `main/${id}`, 'draining')
  }
  await undo('b drains').click()
  await waitForState(page, 'main/b', 'up')
  await undo('a drains').waitFor()
  await waitForText(page, '#toasts', /Undone: b is ready/)
  await undo('a drains').click()
  await waitForState(page, 'main/a', 'up')

  await rowOf(page, 'main/a').getByRole('button', { name: 'Drain a' }).click()
  await page.locator('.confirm').getByRole('button', { name: 'Drain a' }).click()
  await waitForState(page, 'main/a', 'draining')
  balancer.setWeight('c', 9)
  await undo('a drains').click()
  await waitForText(page, '#toasts [role=alert]', /Nothing was done: somebody else changed something/)
  t.equal(balancer.snapshot().pools[0]?.backends[0]?.mode, 'drain')
})

/** Asks again and again until the test ends. */
function load(t: Test, { port }: Balancer, path = '/?delay=5'): void {
  const agent = new Agent({ keepAlive: true })
  let isOver = false
  t.teardown(() => {
    isOver = true
    agent.destroy()
  })
  const ask = (): void => {
    if (isOver) return
    get({ port, path, agent }, (response) => response.resume().on('end', ask).on('error', ask)).on(
      'error',
      ask,
    )
  }
  for (let i = 0; i < 3; i++) ask()
}
