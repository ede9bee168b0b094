/**
 * What must be true of the whole book: every lab has a chapter, every region is used, every claim finds its section,
 * every command that is shown exists.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LABS } from '../../../lib/lab/manifest.ts'
import { recordingsOf } from '../recording/recording.ts'
import { fillContents } from '../source/contents.ts'
import { fences } from '../source/fences.ts'
import { ORDER } from '../source/order.ts'
import type { Problem } from '../source/problem.ts'
import { type Quotation, quoteInto, regionReader } from '../source/quote.ts'
import type { Chapter } from './page.ts'

const read = (root: string, file: string) =>
  existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
const fileOf = ({ place }: Chapter) => `book/${place.name}.md`
const sourcesIn = (root: string, folder: string) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter(name => name.endsWith('.ts'))
        .map(name => `${folder}/${name}`)
    : []

function missingChapters(chapters: readonly Chapter[]): Problem[] {
  const there = new Set(chapters.map(({ place }) => place.name))
  return ORDER.filter(({ name }) => !there.has(name)).map(({ name, lab }) => ({
    file: `book/${name}.md`,
    what: lab ? `lab ${lab.number} has no chapter` : 'the chapter does not exist',
    hint: 'write it, or take it out of the order in book/press/source/order.ts',
  }))
}

function quotations(root: string, chapters: readonly Chapter[]) {
  const regionsIn = regionReader(root)
  const problems: Problem[] = []
  const used: Quotation[] = []
  for (const file of chapters.map(fileOf)) {
    const found = quoteInto(file, read(root, file), regionsIn)
    used.push(...found.quotations)
    problems.push(...found.problems)
    for (const line of found.changed)
      problems.push({ file, line, what: 'the quotation is not what the source says', hint: 'npm run book -- quote' })
  }
  return { problems, used }
}

/** The regions that exercises name, `03-newnet#ping`: each lab's stand in its own folder. */
function exercised(root: string): Set<string> {
  const slugs = LABS.map(({ slug }) => slug)
  const regionsOf = (slug: string) =>
    [...read(root, `checks/labs/${slug}/exercises.ts`).matchAll(/region:\s*'([\w-]+)'/g)].map(match => match[1])
  return new Set(slugs.flatMap(slug => regionsOf(slug).map(region => `${slug}#${region}`)))
}

/** Regions of labs that nothing uses, and markers that do not match. */
function unusedRegions(root: string, used: readonly Quotation[]): Problem[] {
  const regionsIn = regionReader(root)
  const inExercises = exercised(root)
  return sourcesIn(root, 'labs').flatMap(file => {
    const { regions = [], faults = [] } = regionsIn(file) ?? {}
    const slug = /([^/]+)\.ts$/.exec(file)?.[1]
    const isUsed = (name: string) =>
      inExercises.has(`${slug}#${name}`) || used.some(one => one.source === file && one.region === name)
    const unused = regions.filter(({ name }) => !isUsed(name))
    return [
      ...faults.map(({ line, what }) => ({ file, line, what, hint: 'every #region has an #endregion of its name' })),
      ...unused.map(({ name, line }) => ({
        file,
        line,
        what: `no chapter and no exercise uses the region ${name}`,
        hint: 'quote it, or take its markers away',
      })),
    ]
  })
}

/** Sections that a claim sends its reader to, and that the lab's chapter does not have. */
function missingSections(root: string, chapters: readonly Chapter[]): Problem[] {
  const sectionsOf = (file: string) =>
    [...read(root, file).matchAll(/section: '([\w-]+)'/g)].map(match => match[1] as string)
  const everywhere = sectionsOf('checks/labs/claim.ts')
  return chapters.flatMap(({ place, headings }) => {
    if (!place.lab) return []
    const anchors = new Set(headings.map(({ anchor }) => anchor))
    const wanted = new Set([...sectionsOf(`checks/labs/${place.name}/claims.ts`), ...everywhere])
    return [...wanted]
      .filter(section => !anchors.has(section))
      .map(section => ({
        file: `book/${place.name}.md`,
        what: `a claim of checks/labs/${place.name}/claims.ts sends its reader to #${section}, and no heading has that anchor`,
        hint: `write a section whose heading becomes ${section}`,
      }))
  })
}

/** Exercises that no section is named after: what a reader is to write has one name in lab, claim and chapter. */
function namelessExercises(root: string, chapters: readonly Chapter[]): Problem[] {
  const wanted = [...exercised(root)].map(name => name.split('#') as [string, string])
  return chapters.flatMap(({ place, headings }) => {
    const anchors = new Set(headings.map(({ anchor }) => anchor))
    return wanted
      .filter(([slug, region]) => slug === place.name && !anchors.has(region))
      .map(([, region]) => ({
        file: `book/${place.name}.md`,
        what: `an exercise is about the region ${region}, and no heading has that anchor`,
        hint: `write a section whose heading becomes ${region}`,
      }))
  })
}

/** What is wrong with a command that is shown. */
function commandFault(root: string, scripts: ReadonlySet<string>, command: string): string | undefined {
  const [, lab] = /\b(labs\/[\w-]+\.ts)/.exec(command) ?? []
  if (lab && !existsSync(join(root, lab))) return `there is no ${lab}`
  const [, script] = /\bnpm run (?:-s )?([\w:-]+)/.exec(command) ?? []
  if (script && !scripts.has(script)) return `package.json has no script ${script}`
  const source = lab && read(root, lab)
  const ours = command.split(' -- ')[0]?.replace(/[|>;&].*$/, '') ?? ''
  const options = lab
    ? [...ours.slice(ours.indexOf(lab)).matchAll(/\s--([\w-]+)/g)].map(match => match[1] as string)
    : []
  const unknown = options.find(name => name !== 'help' && !new RegExp(`['"\\s]${name}['"]?:`).test(source || ''))
  return unknown && `${lab} has no option --${unknown}`
}

/** Commands in the book that do not exist any more, and recordings with a faulty description. */
function deadCommands(root: string, chapters: readonly Chapter[]): Problem[] {
  const scripts = new Set(Object.keys(JSON.parse(read(root, 'package.json') || '{}').scripts ?? {}))
  return chapters.flatMap(chapter => {
    const file = fileOf(chapter)
    const text = read(root, file)
    const broken = recordingsOf(text).flatMap(({ line, fault }) =>
      fault ? [{ file, line, what: fault, hint: 'see book/press/README.md' }] : [],
    )
    const shown = fences(text).filter(({ info }) => /^(console|sh)\b/.test(info))
    const dead = shown.flatMap(({ body, line, info }) =>
      body.flatMap((command, i) => {
        if (info.startsWith('console') && !command.startsWith('$ ')) return []
        const what = commandFault(root, scripts, command.replace(/^\$ /, ''))
        return what ? [{ file, line: line + 1 + i, what, hint: 'correct the command' }] : []
      }),
    )
    return [...broken, ...dead]
  })
}

/** The cover lists every chapter, in the order in which they follow. */
function contentsFaults(root: string, chapters: readonly Chapter[]): Problem[] {
  const file = 'book/README.md'
  const cover = read(root, file)
  if (fillContents(cover) !== cover)
    return [{ file, what: 'the list of labs is not what the manifest says', hint: 'npm run book -- quote' }]
  const links = [...cover.matchAll(/\]\(([\w-]+)\.md\)/g)].map(match => match[1])
  const wanted = chapters.map(({ place }) => place.name).filter(name => name !== 'README')
  const missing = wanted.filter(name => !links.includes(name))
  const hint = 'the order is in book/press/source/order.ts'
  if (missing.length > 0 && chapters.some(({ place }) => place.name === 'README'))
    return missing.map(name => ({ file, what: `the contents do not list ${name}.md`, hint }))
  const listed = [...new Set(links)].filter(name => wanted.includes(name ?? ''))
  const at = listed.findIndex((name, i) => name !== wanted[i])
  return at < 0 ? [] : [{ file, what: `the contents have ${listed[at]}.md where ${wanted[at]}.md follows`, hint }]
}

/** Everything that is wrong with the book as a whole. */
export function verify(root: string, chapters: readonly Chapter[]): Problem[] {
  const { problems, used } = quotations(root, chapters)
  return [
    ...missingChapters(chapters),
    ...problems,
    ...unusedRegions(root, used),
    ...missingSections(root, chapters),
    ...namelessExercises(root, chapters),
    ...deadCommands(root, chapters),
    ...contentsFaults(root, chapters),
  ]
}
