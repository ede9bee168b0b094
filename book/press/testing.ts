/**
 * For tests: a small book in a checkout of its own.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LABS } from '../../lib/lab/manifest.ts'
import { ORDER } from './source/order.ts'

const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 200" role="img"><title>t</title><desc>d</desc>' +
  '<style>:root{--ink:#000}.t{fill:var(--ink)}</style><text id="a" class="t" x="9" y="40">veth</text></svg>'
const LAB = [
  '// #region child',
  'const one = 1',
  '// #region inner',
  'const two = 2',
  '// #endregion inner',
  '// #endregion child',
]

const chapter = (name: string) => [
  `# About ${name}`,
  '',
  'See [the cover](README.md) and clone(2). A long line of code follows:',
  '',
  '```ts',
  `const word = '${'x'.repeat(150)}'`,
  '```',
  '',
  '| one | two |',
  '|---|---|',
  '| `a` | b |',
  '',
  '![a cable with two ends](pictures/cable.svg)',
  '',
  '## Run it',
  '',
  '```console',
  '$ npm run check',
  'done',
  '```',
  '',
  '## Clean up',
  '',
  '<details><summary>Answer</summary>',
  '',
  'Because.',
  '',
  '</details>',
]

/** The files of a correct book. */
export function soundBook(): Map<string, string> {
  const files = new Map([
    ['package.json', '{ "scripts": { "check": "" } }'],
    ['book/pictures/cable.svg', PICTURE],
  ])
  for (const { name } of ORDER) files.set(`book/${name}.md`, chapter(name).join('\n'))
  for (const { slug } of LABS) {
    files.set(`labs/${slug}.ts`, LAB.join('\n'))
    const quotations = ['child', 'inner'].flatMap(region => [
      '',
      `\`\`\`ts ${slug}#${region}`,
      ...(region === 'child' ? ['const one = 1', 'const two = 2'] : ['const two = 2']),
      '```',
    ])
    files.set(`book/${slug}.md`, [...chapter(slug), ...quotations].join('\n'))
  }
  files.set('checks/labs/claim.ts', "section: 'run-it', section: 'clean-up'")
  const links = ORDER.slice(1).map(({ name }) => `- [${name}](${name}.md)`)
  files.set('book/README.md', ['# The book', '', ...links].join('\n'))
  return files
}

/** Writes files into a new folder and calls a function with it; afterwards the folder is removed. */
export async function withTree<T>(
  files: ReadonlyMap<string, string>,
  use: (root: string) => T | Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'book-'))
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return await use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
