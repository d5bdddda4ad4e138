import { connect } from 'node:net'
import tap, { test } from 'tap'
import { testBalancer } from '../../src/testing/test-balancer.ts'
import { openBrowser, openPage, rowOf, waitForState, waitForText } from './page.ts'
import { rig } from './rig.ts'

const browser = await openBrowser(tap)

void test('in a tab behind others the title tells what happens', async (t) => {
  const { balancer, url } = await rig(t)
  const { page } = await openPage(t, browser, { url })
  await waitForState(page, 'main/c', 'up')
  // What browsers do with a tab that nobody sees.
  await page.evaluate('window.requestAnimationFrame = () => 0')
  const told = page.evaluate(
    `new Promise((resolve) => new MutationObserver(() => {
      if (document.title.startsWith('▼ Not serving')) resolve(document.title)
    }).observe(document.querySelector('title'), { childList: true }))`,
  )
  for (const id of ['a', 'b', 'c']) balancer.setMode(id, 'maint')
  t.equal(await told, '▼ Not serving · fairlead')
})

void test('the key for a filter finds the one that is seen', async (t) => {
  const backends = Array.from({ length: 9 }, (_, i) => ({ id: `b${i}`, address: 4_000 + i }))
  const { url } = await rig(t, { backends, check: 'off' })
  const { page } = await openPage(t, browser, { url })
  const focused = 'document.activeElement.placeholder'
  await waitForState(page, 'main/b8', 'up')
  await page.keyboard.press('/')
  t.equal(await page.evaluate(focused), 'Filter by name or address')
  await page.evaluate('document.activeElement.blur()')
  await page.keyboard.press('2')
  await page.getByRole('heading', { name: 'Open sessions' }).waitFor()
  await page.keyboard.press('/')
  t.equal(await page.evaluate(focused), 'client, listener, reason …')
})

void test('when a login has ended, the next thing that is asked leads to a new one', async (t) => {
  const { balancer, url } = await rig(t, { admin: { token: 'open sesame' } })
  const { page } = await openPage(t, browser, { url })
  const logIn = async (): Promise<void> => {
    await page.getByLabel('Admin token').fill('open sesame')
    await page.getByRole('button', { name: 'Log in' }).click()
  }
  await logIn()
  await waitForState(page, 'main/a', 'up')
  await page.context().clearCookies()
  await rowOf(page, 'main/a').getByRole('button', { name: 'Drain a' }).click()
  await page.locator('.confirm').getByRole('button', { name: 'Drain a' }).click()
  await logIn()
  await waitForState(page, 'main/a', 'up')
  t.equal(balancer.snapshot().pools[0]?.backends[0]?.mode, 'ready')

  await page.getByRole('link', { name: 'Sessions' }).click()
  await waitForText(page, '#sessions', /No session is open/)
  await page.context().clearCookies()
  await logIn()
  await page.getByRole('heading', { name: 'Open sessions' }).waitFor()
})

void test('an older change is not taken back over a newer one of the same backend', async (t) => {
  const { balancer, url } = await rig(t)
  const { page } = await openPage(t, browser, { url })
  const weight = () => balancer.snapshot().pools[0]?.backends[0]?.weight
  const undo = (to: number) =>
    page
      .locator('.toast')
      .filter({ hasText: `a has weight ${to}` })
      .getByRole('button', { name: 'Undo' })
  const set = async (to: number): Promise<void> => {
    await rowOf(page, 'main/a')
      .getByRole('button', { name: /Weight of a/ })
      .click()
    await page.getByLabel(/New weight/).fill(String(to))
    await page.keyboard.press('Enter')
    await undo(to).waitFor()
  }
  await waitForState(page, 'main/a', 'up')
  await set(5)
  await set(6)
  await set(7)
  await undo(5).click()
  await waitForText(page, '#toasts [role=alert]', /Nothing was done: a was changed again after that/)
  t.equal(weight(), 7)
  await undo(7).click()
  await waitForText(page, '#toasts', /Undone: a has weight 6/)
  await undo(6).click()
  await waitForText(page, '#toasts', /Undone: a has weight 5/)
  t.equal(weight(), 5)
})

void test('another process in its place: what was decided, and what there is no more, is not of that one', async (t) => {
  const { url, cutAdmin } = await rig(t, { mode: 'http', check: 'off' })
  const { page } = await openPage(t, browser, { url: `${url}#process` })
  await waitForText(page, '#process', /Faults on purpose\s*switched on/)
  await page.getByRole('link', { name: 'Overview' }).click()
  await waitForText(page, '.pool .figures', /Requests/)
  await rowOf(page, 'main/a').getByRole('button', { name: 'Drain a' }).click()
  const openAgain = await cutAdmin()
  const other = await testBalancer({
    mode: 'tcp',
    backends: [{ id: 'a', address: 4_000 }],
    check: 'off',
    faults: false,
    assertNoLeaks: false,
  })
  t.teardown(() => other.close())
  await openAgain(other)
  await waitForText(page, '.pool .figures', /Serving\s*1 of 1\s*Sessions/)
  t.notMatch(await page.locator('.pool .figures').textContent(), /Requests/)
  await page.locator('.confirm').getByRole('button', { name: 'Drain a' }).click()
  await waitForText(page, '#toasts [role=alert]', /fairlead was started anew in the meantime/)
  t.equal(other.snapshot().pools[0]?.backends[0]?.mode, 'ready')
  await page.getByRole('link', { name: 'Process' }).click()
  await waitForText(page, '#process', /Faults on purpose\s*switched off/)
})

void test('the question whether to reset a session is not asked about another one of its number', async (t) => {
  const { balancer, url, cutAdmin } = await rig(t, { mode: 'tcp', check: 'off' })
  const other = await testBalancer({
    mode: 'tcp',
    backends: [{ id: 'a', address: balancer.port }],
    check: 'off',
    assertNoLeaks: false,
  })
  t.teardown(() => other.close())
  const clients = [balancer, other].map(({ port }) => {
    const client = connect(port, '127.0.0.1').on('error', () => undefined)
    t.teardown(() => client.destroy())
    return client
  })
  const { page } = await openPage(t, browser, { url: `${url}#sessions` })
  await page
    .getByRole('button', { name: /Reset session 1 of/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Reset it' }).waitFor()
  await (
    await cutAdmin()
  )(other)
  await waitForText(page, '#sessions tr', new RegExp(`127\\.0\\.0\\.1:${clients[1]?.localPort}`))
  t.equal(await page.getByRole('button', { name: 'Reset it' }).count(), 0)
})
