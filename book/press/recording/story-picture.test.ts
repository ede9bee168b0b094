import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LABS } from '../../../lib/lab/manifest.ts'
import { ROOT } from '../../../lib/machine/root.ts'
import { placesIn, staleness } from './story-picture.ts'

const picture = (...places: readonly string[]) =>
  `<svg>${places.map((place, i) => `<text>${i * 7} ms fork() = ${i}<tspan>  [${place}]</tspan></text>`).join('')}</svg>`

test('numbers and times may be others; the lines of the lab may not', () => {
  const kept = picture('labs/01-x.ts:63', 'labs/01-x.ts:66')
  assert.equal(staleness(kept, picture('labs/01-x.ts:66', 'labs/01-x.ts:63', 'labs/01-x.ts:63')), undefined)
  assert.equal(staleness(kept, picture('labs/01-x.ts:63')), 'nothing happens at labs/01-x.ts:66 any more')
  assert.match(staleness(kept, picture('labs/01-x.ts:63', 'labs/01-x.ts:66', 'labs/01-x.ts:70')) ?? '', /:70 is not/)
  assert.equal(staleness('<svg>a curve</svg>', '<svg>another</svg>'), undefined)
})

test('a story in the book names lines that its lab has, and does nothing at an empty one', () => {
  const stories = LABS.map(
    ({ slug }) => [slug, join(ROOT, 'book', 'pictures', `${slug.slice(0, 2)}-story.svg`)] as const,
  )
  const there = stories.filter(([, path]) => existsSync(path))
  assert.ok(there.length >= 6, `only ${there.length} stories`)
  for (const [slug, path] of there) {
    const lines = readFileSync(join(ROOT, 'labs', `${slug}.ts`), 'utf8').split('\n')
    const places = placesIn(readFileSync(path, 'utf8'))
    assert.ok(places.length > 0, path)
    for (const place of places) {
      const [file, line = ''] = place.split(':')
      assert.equal(file, `labs/${slug}.ts`, path)
      assert.match(lines[Number(line) - 1] ?? '', /\w/, `${place} in ${path}: npm run book -- record ${slug}`)
    }
  }
})
