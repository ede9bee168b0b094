/**
 * The press: how it renders Markdown, and what it refuses.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { findProgram } from '../../lib/machine/find-program.ts'
import { machinesOf, stamped } from './recording/circumstances.ts'
import { screen } from './recording/keys.ts'
import { Comparison } from './recording/mask.ts'
import { recordingsOf } from './recording/recording.ts'
import { lackingTools } from './recording/tools.ts'
import { renderText } from './render-text.ts'
import { inlinePicture } from './site/picture.ts'
import { render } from './site/render.ts'
import { searchIndex } from './site/search-index.ts'
import { readBook } from './site/site.ts'
import { fences, refill } from './source/fences.ts'
import { findChapter, ORDER } from './source/order.ts'
import { minutesToRead, placeLine } from './source/reading.ts'
import { regionsOf } from './source/regions.ts'
import { soundBook, withTree } from './testing.ts'

const renderPlain = (markdown: string) => {
  const faults: string[] = []
  const page = render(markdown, {
    link: target => target,
    picture: () => '<svg></svg>',
    fault: (_, what) => faults.push(what),
  })
  return { ...page, faults }
}

test('anchors are those of a code host, also where two headings have the same text', () => {
  const { headings } = renderPlain('# A `veth` pair\n\n## Run it\n\n## Run it\n\n### What runc & Docker do: "this"?\n')
  assert.deepEqual(
    headings.map(({ anchor }) => anchor),
    ['a-veth-pair', 'run-it', 'run-it-1', 'what-runc--docker-do-this'],
  )
})

test('a man page is linked in text and in code, once inside a link, and a misspelt one is a fault', () => {
  const { html, faults } = renderPlain('clone(2), `kill(2)`, [see mount(2)](x.md), `f(1)` and clnoe(2)')
  assert.match(html, /href="https:\/\/man7.org\/linux\/man-pages\/man2\/clone.2.html">clone\(2\)<\/a>/)
  assert.match(html, /<code><a class="man"[^>]+>kill\(2\)<\/a><\/code>/)
  assert.match(html, /<a href="x.md">see mount\(2\)<\/a>/)
  assert.deepEqual(faults, ['clnoe(2) is not in the list of man pages'])
})

test('text and code keep their angle brackets and quotes', () => {
  const { html } = renderPlain('a < b && c, `x<y>` and "so"\n\n```ts\nconst a = b < c && "d"\n```\n')
  assert.match(html, /a &lt; b &amp;&amp; c, <code>x&lt;y&gt;<\/code>/)
  assert.doesNotMatch(html, /&amp;(lt|amp|quot);/)
})

test('of a session only the commands are marked as such', () => {
  const { html } = renderPlain('```console\n$ a <b\n> c\n> out\nmyhost:/# ps\n```\n')
  assert.deepEqual(
    [...html.matchAll(/class="command">([^<]*)</g)].map(match => match[1]),
    ['a &lt;b', 'c', 'out'],
  )
  assert.match(html, /class="typed">ps</)
})

test('a region is cut out without the markers in it and without its indent', () => {
  const { regions, faults } = regionsOf(
    '// #region a\n  one\n  // #region b\n    two\n  // #endregion b\n// #endregion a\n',
  )
  assert.deepEqual(
    regions.map(({ name, lines }) => [name, ...lines]),
    [
      ['a', 'one', '  two'],
      ['b', 'two'],
    ],
  )
  assert.deepEqual(faults, [])
  assert.equal(regionsOf('// #region a\n// #endregion b\n').faults.length, 1)
  assert.equal(regionsOf('// #region a\n').faults.length, 1)
})

test('blocks are filled in where they stand, and the rest stays as it is', () => {
  const text = 'a\n```ts x#y\nold\n```\nb\n````md\n```ts x#y\n```\n````\n'
  assert.equal(fences(text).length, 2)
  assert.equal(refill(text, new Map([[2, ['new', 'er']]])), text.replace('old', 'new\ner'))
})

test('a picture is drawn with rules and names of its own, and with the colours of the page', () => {
  const svg =
    '<svg role="img"><style>:root{--ink:#000} @media (a){ :root{--ink:#fff} } .t,.m{fill:red}</style><g id="x"/><use href="#x"/></svg>'
  const html = inlinePicture(svg, 'a', 'says "so"')
  assert.match(html, /<style>#picture-a \.t,#picture-a \.m\{fill:red\}<\/style>/)
  assert.match(html, /id="picture-a-x"\/><use href="#picture-a-x"/)
  assert.match(html, /aria-label="says &quot;so&quot;"/)
})

test('a recording says what is typed, by which user and where', () => {
  const [plain, keys, wrong, guest] = recordingsOf(
    '```console record exit=1\n$ a\nx\n$ b \\\n> c\n```\n```console record keys\n$ lab\nmyhost:/# ps\n^C\n```\n```console record loud\n$ a\n```\n```console record groups=v2\n$ a\n```\n',
  )
  assert.deepEqual([plain?.groups, guest?.groups, guest?.fault], [undefined, 'v2', undefined])
  assert.deepEqual([plain?.commands, plain?.exit], [['a', 'b \\\nc'], 1])
  assert.deepEqual([keys?.commands, keys?.typed], [['lab'], ['ps', '\x03']])
  assert.match(wrong?.fault ?? '', /loud/)
})

test('a chapter names the machines that its sessions were recorded on, each kind of control groups once', () => {
  const [old, now, other] = [
    { kernel: '6.17', groups: 'hybrid', node: '20.19.0' },
    { kernel: '6.18', groups: 'hybrid', node: '20.20.2' },
    { kernel: '6.1', groups: 'v2', node: '20.20.2' },
  ]
  const text = stamped(stamped(stamped('# A\n\nman\n', old), other), now)
  assert.equal(text, stamped(stamped('# A\n\nman\n', now), other))
  assert.deepEqual(machinesOf(text), [now, other])
  assert.equal(text.match(/Recorded/g)?.length, 1)
})

test('a chapter says which of how many it is, and how long it takes to read', () => {
  const [, , lab1 = { name: '' }] = ORDER
  assert.match(placeLine(lab1, 'word '.repeat(1000)), /^Chapter 1 of \d+ · 5 minutes to read$/)
  assert.equal(minutesToRead(`word\n\`\`\`ts\n${'const one = 1\n'.repeat(80)}\`\`\`\n`), 2)
  assert.equal(placeLine({ name: 'README' }, 'word'), '')
})

test('a run may have other PIDs, inodes and times than its recording, but the same one has to stay the same', () => {
  const same = (recorded: string[], seen: string[]) =>
    new Comparison([7000, 8000]).difference(recorded, seen) === undefined
  assert.ok(same(['I am 301, net:[4026532181]', 'kill(301)'], ['I am 7100, net:[4026532999]', 'kill(7100)']))
  assert.ok(!same(['I am 301', 'kill(301)'], ['I am 7100', 'kill(7101)']), 'one PID became two')
  assert.ok(
    !same(['net:[4026532181] net:[4026532182]'], ['net:[4026532999] net:[4026532999]']),
    'two networks became one',
  )
  assert.ok(!same(['I am 2'], ['I am 3']), 'a PID inside is no matter of chance')
  assert.ok(same(['after 1.00 s, time=0.3 ms'], ['after 1.02 s, time=0.05 ms']))
  assert.ok(same(['step 1  [##..]   1,048,576'], ['step 1  [###.]   1,310,720']))
  assert.ok(!same(['limit 20,000,000'], ['limit 30,000,000']))
  assert.ok(!same(['echo 20000000 > memory.max'], ['echo 30000000 > memory.max']))
  assert.ok(same(['|.|.|.|..........|.|.|.|'], ['|.|..|.|...........|.|.|.|']))
  assert.ok(!same(['|.|.|.|..........|.|.|.|'], ['|.|.|.|.|.|.|.|.|.|.|.|.|']), 'the gap is gone')
  assert.ok(same(['veth1@if3  UP  10.0.0.4/24 fe80::1/64'], ['veth1@if3  UNKNOWN  10.0.0.4/24']))
  assert.ok(!same(['veth1@if3  UP  10.0.0.4/24'], ['veth1@if3  DOWN  10.0.0.4/24']))
  assert.ok(!same(['one', 'two'], ['one']))
})

test('what another release says in other words is the same, and what it does otherwise is not', () => {
  const same = (recorded: string[], seen: string[]) =>
    new Comparison([7000, 8000]).difference(recorded, seen) === undefined
  const mkdir = 'mkdir /sys/fs/cgroup/memory/containers-from-clone.lab5'
  assert.ok(same([`${mkdir}.301`], [`${mkdir}.7100@4026532181`]))
  assert.ok(!same([`${mkdir}.301`, 'I am 301'], [`${mkdir}.7100@4026532181`, 'I am 7101']))
  assert.ok(same(['BusyBox v1.35.0 (Debian 1:1.35.0-4) built-in'], ['BusyBox v1.38.0 (Debian 1:1.38.0-3) built-in']))
  assert.ok(same(["sh: can't create x"], ["sh: line 2: can't create x"]))
  const [kernels, ips] = [
    'RTNETLINK answers: No such process',
    'Error: argument "7100" is wrong: Invalid "netns" value',
  ]
  assert.ok(same([kernels, 'not laid'], [ips, '', 'not laid']))
  assert.ok(!same([kernels], ['RTNETLINK answers: File exists']))
  assert.ok(!same(['one', 'two'], ['one', '', 'two']), 'an empty line is one')
  assert.ok(same(['/bin /lib /lib64 /proc'], ['/bin /lib /proc']))
  assert.ok(!same(['/bin /etc /proc'], ['/bin /proc']))
  assert.ok(same(['max 51'], ['max 55']))
  assert.ok(!same(['max 51'], ['max 0']), 'whether the limit was in the way is not chance')
  const fits = 'Each step touches 1,003,520 bytes. (19,996,672 - 524,288) / 1,003,520 = '
  assert.ok(same([`${fits}19.40.`], [`${fits}19.52.`]))
  assert.ok(!same([`${fits}19.40.`], [`${fits}18.40.`]))
})

test('a session that calls what a machine lacks is known, and one that has it done inside a script as well', () => {
  const path = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  try {
    assert.deepEqual(
      lackingTools(['cgcreate -g memory:x && echo ps-like', 'mounted']),
      findProgram('cgcreate') ? [] : ['cgcreate'],
    )
    const script = 'checks/labs/04-newns/wrong/no-uts.sh'
    assert.deepEqual(lackingTools([`npm run check lab4 ${script}`]), findProgram('mount') ? [] : ['mount'])
  } finally {
    process.env['PATH'] = path
  }
})

test('a screen shows what a terminal would', () => {
  assert.equal(screen('sh# pa\b \bs\r\nout\r\nsh# \r\x1b[Jsh# x\x1b[6n'), 'sh# ps\nout\nsh# x')
})

test('a chapter is found by every name of its lab and by its own', () => {
  for (const name of ['lab3', '3', 'newnet', '03-newnet', '03-newnet.md'])
    assert.equal(findChapter(name).name, '03-newnet')
  assert.equal(findChapter('glossary').name, 'glossary')
  assert.throws(() => findChapter('lab99'), /unknown chapter "lab99"\nhint: the chapters are README/)
})

test('in the terminal a chapter is wrapped, and its code, sessions, tables and pictures are there', () => {
  const long = 'word '.repeat(40)
  const text = renderText(
    `# Title\n\n${long}\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![what it says](x.svg)\n\n\`\`\`console\n$ ls\n\`\`\`\n`,
    60,
  )
  assert.ok(text.split('\n').every(line => line.length <= 60))
  assert.equal(
    renderText('<details><summary>Answer</summary>\n\nYes.\n\n</details>\n\nOn.', 60),
    '▸ Answer\n\n  Yes.\n\nOn.\n',
  )
  assert.equal(renderText('**Two words** and `a c` in *em*.', 60), 'Two words and a c in em.\n')
  for (const part of ['Title\n=====', '- one', 'a  b', '1  2', '[Picture: what it says]', '    $ ls'])
    assert.ok(text.includes(part), part)
})

test('a correct book has no problems, and its index has a word of every chapter', async () => {
  await withTree(soundBook(), root => {
    const { problems, chapters } = readBook(root)
    assert.deepEqual(problems, [])
    assert.equal((searchIndex(chapters).match(/About /g) ?? []).length >= chapters.length - 1, true)
  })
})

const LAB3 = 'book/03-newnet.md'
/** Faults that are put into a correct book, and what the press says then. */
const FAULTS: readonly (readonly [string, string, (text: string) => string | undefined, RegExp])[] = [
  [
    'an unknown region',
    LAB3,
    text => text.replace('#child', '#chidl'),
    /^book\/03-newnet.md:\d+: labs\/03-newnet.ts has no region chidl/,
  ],
  ['a region named twice', 'labs/03-newnet.ts', text => `${text}\n${text}`, /has two regions child, at lines 1 and 7/],
  [
    'an unused region',
    'labs/03-newnet.ts',
    text => `${text}\n// #region idle\n// #endregion idle`,
    /^labs\/03-newnet.ts:7: no chapter and no exercise uses the region idle/,
  ],
  ['a region without an end', 'labs/03-newnet.ts', text => `${text}\n// #region idle`, /#region idle is never ended/],
  [
    'a quotation that was edited',
    LAB3,
    text => text.replace('const one = 1', 'const one = 7'),
    /the quotation is not what the source says/,
  ],
  [
    'a quotation of nothing',
    LAB3,
    text => `${text}\n\`\`\`ts 09-no#child\n\`\`\`\n`,
    /it quotes labs\/09-no.ts, which does not exist/,
  ],
  ['a dead link', LAB3, text => `${text}\n[x](nowhere.md)`, /the link to nowhere.md leads nowhere/],
  ['a dead anchor', LAB3, text => `${text}\n[x](glossary.md#no)`, /book\/glossary.md has no heading #no/],
  [
    'a link to another host',
    LAB3,
    text => `${text}\n[x](https://example.org/)`,
    /the link to https:\/\/example.org\/ leads nowhere/,
  ],
  ['a picture without words', LAB3, text => text.replace('![a cable with two ends]', '![]'), /has no text alternative/],
  [
    'a picture that is not there',
    LAB3,
    text => text.replace('cable.svg', 'rope.svg'),
    /there is no picture pictures\/rope.svg/,
  ],
  [
    'a picture that loads something',
    'book/pictures/cable.svg',
    text => text.replace('<text', '<image href="http://x/"/><text'),
    /something outside itself/,
  ],
  [
    'a picture with a colour that no page has',
    'book/pictures/cable.svg',
    text => text.replace('--ink', '--pink').replace('var(--ink)', 'var(--pink)'),
    /--pink is no colour of the pages/,
  ],
  ['a man page that is not listed', LAB3, text => `${text}\nclnoe(2)`, /clnoe\(2\) is not in the list/],
  ['a lab without a chapter', LAB3, () => undefined, /lab 3 has no chapter/],
  [
    'a claim without its section',
    'checks/labs/03-newnet/claims.ts',
    () => "section: 'the-pair'",
    /sends its reader to #the-pair/,
  ],
  [
    'an exercise without a section of its name',
    'checks/labs/03-newnet/exercises.ts',
    () => "{ region: 'child' }",
    /an exercise is about the region child, and no heading has that anchor/,
  ],
  [
    'a script that is gone',
    LAB3,
    text => text.replace('npm run check', 'npm run chekc'),
    /package.json has no script chekc/,
  ],
  [
    'an option that is gone',
    LAB3,
    text => `${text}\n\`\`\`sh\nnpx tsx labs/03-newnet.ts --loud\n\`\`\``,
    /labs\/03-newnet.ts has no option --loud/,
  ],
  ['a recording without commands', LAB3, text => `${text}\n\`\`\`console record\n\`\`\``, /there is nothing to run/],
  [
    'a chapter that the cover forgets',
    'book/README.md',
    text => text.replace('- [glossary](glossary.md)', ''),
    /the contents do not list glossary.md/,
  ],
  [
    'a cover in another order',
    'book/README.md',
    text =>
      text.replace('(03-newnet.md)', '(X)').replace('(04-newns.md)', '(03-newnet.md)').replace('(X)', '(04-newns.md)'),
    /the contents have 04-newns.md where 03-newnet.md follows/,
  ],
]

for (const [name, file, change, expected] of FAULTS) {
  test(`the build fails on ${name}`, async () => {
    const files = soundBook()
    const text = change(files.get(file) ?? '')
    if (text === undefined) files.delete(file)
    else files.set(file, text)
    await withTree(files, root => {
      const found = readBook(root).problems.map(
        ({ file, line, what }) => `${file}${line === undefined ? '' : `:${line}`}: ${what}`,
      )
      assert.ok(
        found.some(line => expected.test(line)),
        found.join('\n') || 'nothing was found',
      )
    })
  })
}

test('a region that only an exercise names is used', async () => {
  const files = soundBook()
  files.set('labs/03-newnet.ts', `${files.get('labs/03-newnet.ts')}\n// #region idle\n// #endregion idle`)
  files.set('checks/labs/03-newnet/exercises.ts', "{ region: 'idle' }")
  files.set(LAB3, `${files.get(LAB3)}\n\n## Idle\n`)
  await withTree(files, root => assert.deepEqual(readBook(root).problems, []))
})
