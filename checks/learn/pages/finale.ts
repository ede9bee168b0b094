/**
 * After a lab is done: what the reader now knows, and what comes next.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { LABS, type Lab } from '../../../lib/lab/manifest.ts'
import { checkedLab } from '../../labs/all.ts'
import type { Progress } from '../mine/progress.ts'
import { paragraph } from './page.ts'

/** What a container has of each lab, by its slug. */
const PARTS: Readonly<Record<string, string>> = {
  '01-fork-vs-clone': 'clone(2), the call that makes it',
  '02-newpid': 'processes of its own, with its own PID 1',
  '03-newnet': 'a network of its own, and a veth pair out of it',
  '04-newns': 'a root, a host name and a shell of its own',
  '05-memory-oom': 'a limit to its memory',
  '06-freezer': 'a button that stops it',
  '08-layers': 'layers, an upper one for what it writes, and volumes',
}

/** What the chapter has explained: three lines, which are also the answers to what was asked beforehand. */
export const knownLines = ({ slug }: Pick<Lab, 'slug'>, width: number): string[] =>
  checkedLab(slug)
    .questions.slice(0, 3)
    .flatMap(({ why }) => paragraph(why, width, one => one, '   - '))

/** The reader's programs as one container, and what comes next; nothing as long as one of them is missing. */
export function containerLines({ labs }: Progress, width: number): string[] {
  if (!LABS.every(({ slug }) => labs[slug]?.done !== undefined)) return []
  const parts = LABS.flatMap(({ slug, number }) =>
    paragraph(`lab ${number}: ${PARTS[slug] ?? checkedLab(slug).claims[0]?.title ?? ''}`, width, one => one, '   + '),
  )
  return [
    '',
    ...paragraph(`All ${LABS.length} are done. Together your programs are a container:`, width, chalk.bold, ' '),
    ...parts,
    ...paragraph(
      'What comes next: book/further.md has the rest of one (images, users, capabilities, seccomp), and `npm run learn -- --review` asks what you had predicted wrong.',
      width,
      one => one,
      ' ',
    ),
  ]
}
