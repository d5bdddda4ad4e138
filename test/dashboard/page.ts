import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import type { Test } from 'tap'

/** A browser for a whole file: starting one costs a second. */
export async function openBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser
}

/** As Debian's package installs it. */
const CHROMIUM = '/usr/bin/chromium'

/** A page of the dashboard, and what went wrong on it. */
export interface Opened {
  readonly page: Page
  /** Errors of scripts and of the console, refused by the content security policy included. */
  readonly errors: string[]
  /** Origins that anything was asked of. */
  readonly origins: Set<string>
}

export async function openPage(
  t: Test,
  browser: Browser,
  { url, ...options }: BrowserContextOptions & { readonly url: string },
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const errors: string[] = []
  const origins = new Set<string>()
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('request', (request) => origins.add(new URL(request.url()).origin))
  await page.goto(url)
  return { page, errors, origins }
}

/** Waits until the text of what `selector` finds matches. */
export async function waitForText(page: Page, selector: string, wanted: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: wanted }).first().waitFor()
}

/** The row of a backend. */
export function rowOf(page: Page, key: string) {
  return page.locator(`.row[data-key=${JSON.stringify(key)}]`)
}

/** Waits until a backend is shown as `state`. */
export async function waitForState(page: Page, key: string, state: string): Promise<void> {
  await page.locator(`.row[data-key=${JSON.stringify(key)}][data-state=${state}]`).waitFor()
}
