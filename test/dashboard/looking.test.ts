import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import tap, { test } from 'tap'
import { openBrowser, openPage, rowOf, waitForState, waitForText } from './page.ts'
import { rig } from './rig.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const browser = await openBrowser(tap)

void test('log in, both themes, a narrow screen, and nobody kept out', async (t) => {
  const { backends, url } = await rig(t, { admin: { token: 'open sesame' } })
  backends[1]?.setHealthy(false)
  const { page, errors } = await openPage(t, browser, { url, colorScheme: 'light' })
  t.same(await barriers(page), [], 'login page')
  await page.getByLabel('Admin token').fill('wrong')
  await page.getByRole('button', { name: 'Log in' }).click()
  await waitForText(page, '[role=alert]', /the token is wrong/)
  await page.getByLabel('Admin token').fill('open sesame')
  await page.getByRole('button', { name: 'Log in' }).click()
  await waitForState(page, 'main/b', 'down')
  await rowOf(page, 'main/a').getByRole('button', { name: 'Drain a' }).click()
  t.same(await barriers(page), [], 'light')
  const light = await page.evaluate('getComputedStyle(document.body).backgroundColor')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Theme: auto' }).click()
  const dark = await page.evaluate('getComputedStyle(document.body).backgroundColor')
  t.not(dark, light)
  t.same(await barriers(page), [], 'dark')
  await page.reload()
  await waitForState(page, 'main/b', 'down')
  t.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), dark, 'it is remembered')

  await page.setViewportSize({ width: 360, height: 740 })
  for (const view of ['overview', 'sessions', 'explain', 'process']) {
    await page.evaluate(`location.hash = '${view}'`)
    await page.locator(`#${view}`).waitFor()
    t.same(await barriers(page), [], view)
    t.ok(
      Number(await page.evaluate('document.scrollingElement.scrollWidth')) <= 360,
      `${view} is not too wide`,
    )
  }
  t.same(
    errors.filter((text) => !/status of 401/.test(text)),
    [],
  )
})

void test('names that differ at their end only are told apart, and nothing is cut off on a phone', async (t) => {
  const ids = ['blue', 'green'].map((end) => `ip-10-0-217-33.eu-central-1.compute.internal-${end}`)
  const { url } = await rig(t, {
    check: 'off',
    backends: ids.map((id, i) => ({ id, address: `[2001:db8:85a3:8d3:1319:8a2e:370:734${i}]:8080` })),
  })
  const { page } = await openPage(t, browser, { url })
  await waitForText(page, '.row .id', /green/)
  const cut = `[...document.querySelectorAll('.row[data-key] :is(.id, .minor, .weight-button)')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)`
  for (const width of [1400, 1100, 700, 400, 320]) {
    await page.setViewportSize({ width, height: 800 })
    t.same(await page.evaluate(cut), [], `at ${width} px`)
  }
})

void test('hostile names are text', async (t) => {
  const { balancer, url } = await rig(t)
  const { page, errors } = await openPage(t, browser, { url })
  await waitForState(page, 'main/a', 'up')
  const evil = '<img src=x onerror="document.title=1">'
  balancer.emit('backend:down', { id: evil, pool: evil, reason: evil })
  balancer.emit('fault:local', { code: evil, message: evil })
  await waitForText(page, '#events li', /<img src=x onerror="document\.title=1">/)
  t.equal(await page.locator('#events img').count(), 0)
  // No grammar lets such a name in; were one to get through, it would still be text.
  const status = { ...balancer.snapshot(), process: undefined }
  await page.route('**/api/v1/events*', (route) => {
    const facts = { version: '1', node: '1', loop: { lagP99Ms: 0 }, memory: {} }
    const pools = status.pools.map((pool) => ({
      ...pool,
      name: evil,
      backends: pool.backends.map((backend, i) => ({ ...backend, id: `${evil}${i}`, healthy: false })),
    }))
    const body = `event: snapshot\ndata: ${JSON.stringify({ ...status, pools, process: facts })}\n\n`
    return route.fulfill({ contentType: 'text/event-stream', body })
  })
  await page.reload()
  await waitForText(page, '.row .id', /<img src=x/)
  await waitForText(page, '#verdict', /<img src=x/)
  t.equal(await page.locator('main img, #verdict img').count(), 0)
  t.same(errors, [])
})

void test('a thousand backends stay smooth', async (t) => {
  const backends = Array.from({ length: 1_000 }, (_, i) => ({
    id: `app-${i}`,
    address: `127.0.0.1:${20_000 + i}`,
  }))
  const { balancer, url } = await rig(t, { backends, check: 'off' })
  const { page } = await openPage(t, browser, { url })
  await page.locator('.row[data-key="main/app-999"]').waitFor({ state: 'attached' })
  for (const id of ['app-0', 'app-500', 'app-999']) {
    balancer.setMode(id, 'drain')
    await page.locator(`.row[data-key="main/${id}"][data-state=draining]`).waitFor({ state: 'attached' })
  }
  // How long that takes depends on who else uses this machine; what it is made of does not.
  const drawn = await page.evaluate(
    `[...document.querySelectorAll('.row[data-key] .id')].filter((id) => id.checkVisibility({ contentVisibilityAuto: true })).length`,
  )
  t.ok(Number(drawn) < 200, `${String(drawn)} rows are laid out and painted`)
  await page.getByLabel('Filter backends of main').fill('app-77')
  t.equal(await page.locator('.row[data-key]').count(), 11)
  await page.getByLabel('Only what is not healthy').check()
  await waitForText(page, '.pool', /None of 1,000 backends matches/)
})

/** What axe-core finds of those that keep somebody out. */
async function barriers(page: Page): Promise<unknown> {
  return await page.evaluate(
    `(async () => {
      const module = undefined
      ${AXE}
      const { violations } = await axe.run({ resultTypes: ['violations'] })
      return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => [id, ...nodes.slice(0, 4).map(({ html, failureSummary }) => html + ': ' + failureSummary)])
    })()`,
  )
}
