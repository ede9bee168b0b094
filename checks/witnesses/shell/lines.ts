/**
 * What is typed at a program's terminal, drawn anew for every run: questions to a shell. Each is answered by a process
 * that ends with a code nobody could know before, and some of them by more that the kernel sees.
 */
import { randomInt } from 'node:crypto'

/** What is asked of a shell. */
export interface Question {
  /** The lines that are typed, each with its end. It does no harm to answer them twice. */
  readonly text: string
  /** The code with which a process is to end that the shell makes for it. */
  readonly code: (shell: { readonly number: number }) => number
  /** Where in the shell's root that process is to be then. */
  readonly directory?: string
  /** The numbers to which signal 0 is to be sent meanwhile. */
  readonly probes?: (shell: { readonly number: number }) => readonly number[]
}

/** No shell and no program ends with one of these by itself, but for mount(8). */
export const CODES = { lowest: 30, highest: 120 } as const
const { lowest, highest } = CODES
/** What every root has: the machine's, and one of busybox alone. */
const DIRECTORIES = ['dev', 'etc', 'proc', 'usr'] as const
/** More than there are processes in a sandbox that has just begun to count. */
const NUMBERS = [25000, 32000] as const

const anyCode = () => randomInt(lowest, highest)
const any = <T>(list: readonly T[]) => list[randomInt(list.length)] as T
/** A word that is nothing yet: no variable, no command. */
const newWord = () => `q${Array.from({ length: 6 }, () => any([...'abcdefghijkmnpqrstuvwxyz'])).join('')}`

/** In different order each time. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map(one => [randomInt(2 ** 32), one] as const)
    .sort(([one], [other]) => one - other)
    .map(([, one]) => one)
}

function sum(): Question {
  const [code, a, b, c] = [anyCode(), randomInt(2, 9), randomInt(2, 9), randomInt(10, 99)]
  return { text: `(exit $((${code - a * b + c} + ${a} * ${b} - ${c})))\n`, code: () => code }
}

/** A loop, and a variable that is kept from one line to a later one. */
function loopAndVariable(): readonly Question[] {
  const [word, each] = [newWord(), newWord()]
  const parts = Array.from({ length: randomInt(3, 6) }, () => randomInt(10, 20))
  const total = parts.reduce((one, other) => one + other, 0)
  const later = anyCode()
  const more = later - total
  return [
    {
      text: `${word}=0; for ${each} in ${parts.join(' ')}; do ${word}=$((${word} + ${each})); done; (exit $${word})\n`,
      code: () => total,
    },
    { text: `(exit $((${word} ${more < 0 ? '-' : '+'} ${Math.abs(more)})))\n`, code: () => later },
  ]
}

/** A directory that is kept, and a path from there. */
function directories(): readonly Question[] {
  const [first, second] = shuffled(DIRECTORIES) as [string, string]
  const [one, other] = [anyCode(), anyCode()]
  return [
    { text: `cd /; cd ${first}; (exit ${one})\n`, code: () => one, directory: first },
    { text: `(cd ../${second} && exit ${other})\n`, code: () => other, directory: second },
  ]
}

function pipe(): Question {
  const [one, other] = [newWord(), newWord()]
  const [a, b] = [randomInt(30, 60), randomInt(5, 50)]
  const text = `echo ${a} ${b} | (read ${one} ${other}; exit $((${one} + ${other})))\n`
  return { text, code: () => a + b }
}

function hereDocument(): Question {
  const [end, one, other, all] = [newWord(), newWord(), newWord(), newWord()]
  const [a, b, c] = [randomInt(2, 7), randomInt(2, 7), randomInt(30, 60)]
  const text = [
    `while read ${one} ${other}; do ${all}=$((${one} * ${other})); (exit $((${all} + ${c}))); done <<${end}`,
    `${a} ${b}`,
    `${end}`,
  ]
  return { text: `${text.join('\n')}\n`, code: () => a * b + c }
}

/** The shell's own number, and signals that do nothing but ask whether somebody is there. */
function numbers(): readonly Question[] {
  const [factor, more] = [randomInt(2, 50), randomInt(highest)]
  const range = highest - lowest
  const [code, number] = [anyCode(), randomInt(...NUMBERS)]
  return [
    {
      text: `(exit $((($$ * ${factor} + ${more}) % ${range} + ${lowest})))\n`,
      code: shell => ((shell.number * factor + more) % range) + lowest,
    },
    {
      text: `kill -0 $$ && kill -0 ${number} 2>&-; (exit ${code})\n`,
      code: () => code,
      probes: shell => [shell.number, number],
    },
  ]
}

/** Words, functions and choices, one of them. */
function language(): Question {
  const [word, code] = [newWord(), anyCode()]
  const [a, b] = [randomInt(10, 60), randomInt(10, 60)]
  const others = shuffled([a, b, randomInt(10, 60)])
  return any<Question>([
    { text: `${word}() { return $(($1 - ${a})); }; ${word} ${code + a}; (exit $?)\n`, code: () => code },
    {
      text: `case ${word} in ${word.slice(0, 3)}?*) (exit ${code});; *) (exit ${code - 7});; esac\n`,
      code: () => code,
    },
    {
      text: `set -- ${others.join(' ')}; shift $#; set -- ${a} ${b}; (exit $(($1 * 0 + $2 + ${code - b})))\n`,
      code: () => code,
    },
    { text: `${word}=${word.slice(0, randomInt(3, 7))}; ${word}=$(echo ${code}); (exit $${word})\n`, code: () => code },
  ])
}

/** All that is asked of one program, in the order in which it is typed. The first is one short line. */
export function drawQuestions(): Question[] {
  const chains = [loopAndVariable(), directories(), [pipe()], [hereDocument()], numbers(), [language()]]
  // Chains are mixed, and each stays in its order.
  const order = shuffled(chains.flatMap((chain, i) => chain.map(() => i)))
  const next = chains.map(chain => chain.values())
  return [sum(), ...order.map(i => next[i]?.next().value as Question)]
}
