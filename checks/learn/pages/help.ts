/**
 * What the keys do, and what the signs say.
 */
import { chalk } from '../../../lib/lab/colour.ts'
import { SIGNS } from './main.ts'
import { keyLines, type Page, paragraph, type Size, type Style } from './page.ts'

const KEYS = [
  ['h', 'one more hint'],
  ['o', 'opens your editor at the line ($VISUAL, $EDITOR, else VS Code, nano or vi)'],
  ['c', 'opens the chapter at the section that explains it'],
  ['r', 'runs your program on this machine; the checks run it in a sandbox'],
  ['u', 'shows earlier versions of your file that got further, and brings one back'],
  ['p', 'what you predicted; once a task has failed twice: its lines, in mixed order'],
  ['s', "the lab's own program beside yours, once the lab is done"],
  ['m', 'a harder task, from an empty file, once the lab is done'],
  ['n', 'the next lab'],
  ['l', 'the list of all labs'],
  ['?', 'this page'],
  ['q', 'back from a page; from your file it ends the session'],
] as const

const BESIDES = [
  ['▸', 'the task to look at'],
  ['!', 'what your program says of its own failure, with the line of your file'],
  ['?', 'a claim that cannot be judged on this machine'],
] as const

/** The page. */
export function helpPage({ columns }: Size): Page {
  const width = columns - 1
  const line = (sign: string, text: string, style: Style = chalk.bold) =>
    paragraph(text, width, one => one, `   ${sign}  `, style)
  return {
    head: [...paragraph('Keys and signs', width, chalk.bold, ' '), ''],
    body: [
      ' In front of a task:',
      ...Object.values(SIGNS).flatMap(([sign, style, text]) => line(sign, text, style)),
      '',
      ' Besides:',
      ...BESIDES.flatMap(([sign, text]) => line(sign, text)),
      '',
      ' Keys:',
      ...KEYS.flatMap(([key, text]) => line(key, text)),
    ],
    foot: keyLines(
      [
        ['arrows', 'scroll'],
        ['q', 'back'],
      ],
      width - 1,
    ).map(each => ` ${each}`),
  }
}
