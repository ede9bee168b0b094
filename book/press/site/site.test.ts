/**
 * The book in a browser: every page, every link, the search, a phone, and what a screen reader needs. It is the book of
 * this checkout; where none is written yet, a made-up one.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import test from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findProgram } from '../../../lib/machine/find-program.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { present } from '../source/order.ts'
import { describeProblem } from '../source/problem.ts'
import { soundBook, withTree } from '../testing.ts'
import { pageName } from './page.ts'
import { serve } from './serve.ts'
import { type Book, readBook, writeSite } from './site.ts'

const isWritten = present(join(ROOT, 'book')).some(({ name }) => name === 'README')

test('nothing is wrong with the book', { skip: !isWritten && 'no book is written yet' }, () => {
  assert.deepEqual(readBook(ROOT).problems.map(describeProblem), [])
})

test('the whole book takes less than 3 s of a processor to build', {
  skip: !isWritten && 'no book is written yet',
}, async () => {
  await withTree(new Map(), out => {
    const before = process.cpuUsage()
    writeSite(ROOT, join(out, 'site'), readBook(ROOT))
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 3_000_000, `${user + system} µs`)
  })
})

const executablePath = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'].map(findProgram).find(Boolean)
// Without background requests of its own, and so that root may start it.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** What a page did that it should not. */
function listen(page: Page, address: string): string[] {
  const faults: string[] = []
  page.on('console', message => message.type() === 'error' && faults.push(`${page.url()}: console: ${message.text()}`))
  page.on('pageerror', error => faults.push(`${page.url()}: ${error.message}`))
  page.on('request', request => {
    if (!request.url().startsWith(address) && !request.url().startsWith('data:'))
      faults.push(`${page.url()} asks for ${request.url()}`)
  })
  return faults
}

/** Everything that can be seen of one page: where it leads, what is in it, how wide it is. */
const look = (page: Page) =>
  page.evaluate(() => ({
    links: [...document.querySelectorAll('a')].map(link => link.href),
    anchors: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    isWider: document.documentElement.scrollWidth > innerWidth,
  }))

/** The pages of a site, and what is wrong with them at the width of a phone. */
async function crawl(page: Page, address: string): Promise<{ readonly pages: string[]; readonly faults: string[] }> {
  const faults: string[] = []
  const seen = new Map<string, Awaited<ReturnType<typeof look>>>()
  const waiting = [`${address}index.html`]
  for (let url = waiting.shift(); url; url = waiting.shift()) {
    const response = await page.goto(url, { waitUntil: 'domcontentloaded' })
    if (response?.status() !== 200) faults.push(`${url}: ${response?.status()}`)
    const found = await look(page)
    seen.set(url, found)
    if (found.isWider) faults.push(`${url} is wider than a phone`)
    if (new Set(found.anchors).size < found.anchors.length) faults.push(`${url} has one id twice`)
    for (const link of found.links) {
      const target = link.replace(/#.*$/, '')
      if (target.startsWith(address)) {
        if (!seen.has(target) && !waiting.includes(target)) waiting.push(target)
      } else if (!target.startsWith('https://man7.org/linux/man-pages/')) faults.push(`${url} leads to ${link}`)
    }
  }
  for (const [url, { links }] of seen)
    for (const link of links) {
      const [target = '', anchor] = link.split('#')
      if (anchor && seen.has(target) && !seen.get(target)?.anchors.includes(decodeURIComponent(anchor)))
        faults.push(`${url} leads to ${link}, and there is no such anchor`)
    }
  return { pages: [...seen.keys()], faults }
}

/** A word of a chapter that it alone has, as far as a reader's search can tell. */
function wordsOf({ chapters }: Book): Map<string, string> {
  const texts = chapters.map(
    ({ html }) =>
      new Set(
        html
          .replace(/<[^>]+>/g, ' ')
          .toLowerCase()
          .match(/\b[a-z]{6,}\b/g) ?? [],
      ),
  )
  return new Map(
    chapters.map(({ place, title }, i) => {
      const others = texts.filter((_, at) => at !== i)
      const own = [...(texts[i] ?? [])].find(word => !others.some(text => text.has(word)))
      return [pageName(place.name), own ?? title]
    }),
  )
}

async function search(page: Page, words: string): Promise<string[]> {
  await page.fill('#search', '')
  await page.fill('#search', words)
  await page.waitForSelector('#found:not([hidden]) li')
  return page.$$eval('#found li', lines => lines.map(line => (line as HTMLElement).dataset['to'] ?? ''))
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe objects to on a page, each with the first element. @param rules all of them, if none is named */
function violations(page: Page, ...rules: string[]): Promise<string[]> {
  return page.evaluate(async only => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const options = only.length > 0 ? { runOnly: only } : {}
    const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => `${location.pathname}: ${id}: ${nodes[0]?.html.slice(0, 160)}`)
  }, rules)
}

async function withSite(use: (book: Book, address: string, browser: Browser) => Promise<void>): Promise<void> {
  await withTree(isWritten ? new Map() : soundBook(), async folder => {
    const root = isWritten ? ROOT : folder
    const book = readBook(root)
    writeSite(root, join(folder, 'site'), book)
    const { server, address } = await serve(join(folder, 'site'), 0)
    const browser = await chromium.launch({ executablePath: executablePath as string, args: ARGS })
    try {
      await use(book, address, browser)
    } finally {
      await browser.close()
      server.closeAllConnections()
      server.close()
    }
  })
}

test('the site in a browser', { skip: !executablePath && 'chromium is not installed' }, async suite => {
  await withSite(async (book, address, browser) => {
    const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'light' })
    const faults = listen(phone, address)
    let pages: string[] = []

    await suite.test('every link leads somewhere, and no page is wider than a phone', async () => {
      const crawled = await crawl(phone, address)
      pages = crawled.pages
      assert.deepEqual(crawled.faults, [])
      for (const { place } of book.chapters) assert.ok(pages.includes(address + pageName(place.name)), place.name)
    })

    await suite.test('the search finds a word of every chapter, and Enter goes there', async () => {
      await phone.goto(`${address}index.html`)
      for (const [page, word] of wordsOf(book)) {
        const found = await search(phone, word)
        assert.ok(
          found.some(to => to.startsWith(page)),
          `${word} is in ${page}, and found in ${found.join(', ')}`,
        )
      }
      await search(phone, 'Run it')
      const to = await phone.getAttribute('#found li', 'data-to')
      await phone.press('#search', 'Enter')
      await phone.waitForURL(address + to)
    })

    await suite.test('a chosen theme stays, and a copied session is its commands', async () => {
      await phone.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      const isDark = () => phone.evaluate(() => document.documentElement.dataset['theme'] === 'dark')
      await phone.click('#theme')
      assert.ok(await isDark())
      const session = pages.find(page => /03-newnet/.test(page)) as string
      await phone.goto(session)
      assert.ok(await isDark())
      const block = phone.locator('.session').first()
      await block.locator('.copy').click()
      await block.locator('.copy', { hasText: 'Copied' }).waitFor()
      const copied = await phone.evaluate(() => navigator.clipboard.readText())
      assert.deepEqual(copied.split('\n'), await block.locator('.command').allTextContents())
    })

    await suite.test('axe objects to nothing in light, and to no colour in dark', async () => {
      const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
      // The sources all look the same.
      const source = pages.find(url => url.includes('/source/'))
      const found: string[] = []
      for (const url of pages.filter(url => !url.includes('/source/') || url === source)) {
        await page.emulateMedia({ colorScheme: 'light' })
        await page.goto(url, { waitUntil: 'domcontentloaded' })
        await page.evaluate(AXE)
        found.push(...(await violations(page)))
        await page.emulateMedia({ colorScheme: 'dark' })
        found.push(...(await violations(page, 'color-contrast')))
      }
      assert.deepEqual(found, [])
    })

    await suite.test('no page complained or asked another host', () => assert.deepEqual(faults, []))
  })
})
