import tap, { test } from 'tap'
import { openBrowser, openPage, waitForState } from './page.ts'
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
