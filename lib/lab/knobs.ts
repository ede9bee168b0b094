/**
 * Options of a program: declared once, parsed, checked and listed by --help.
 */
import { isIPv4 } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '../errors.ts'

/** One option: its default, what it means, and how its text becomes a value. */
export interface Knob<T> {
  readonly initial: T
  readonly help: string
  /** What a value must be, as an error says it. */
  readonly expected: string
  /** What --help shows behind the name; empty for a switch. */
  readonly placeholder: string
  /** The value that a text stands for, or `undefined` if it stands for none. */
  readonly parse: (text: string) => T | undefined
  /** Whether it may stand without a value, which is parsed as an empty text then. */
  readonly isOptional?: true
}

/** The knobs of a program by name, as {@link parseKnobs} takes them. */
export type Knobs = Readonly<Record<string, Knob<unknown>>>
/** The values of a set of knobs. */
export type Values<K extends Knobs> = { readonly [name in keyof K]: K[name]['initial'] }

/** A time in seconds, from 0, fractions allowed. */
export function seconds(initial: number, help: string): Knob<number> {
  const parse = (text: string) => (/^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : undefined)
  return { initial, help, expected: 'a number of seconds such as 0.5', placeholder: 'SECONDS', parse }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

/** A number of bytes, from 1; k, M and G are powers of a thousand. */
export function bytes(initial: number, help: string): Knob<number> {
  const parse = (text: string) => {
    const [, digits, unit = ''] = /^([1-9]\d{0,14})([kMG]?)$/.exec(text) ?? []
    return digits === undefined ? undefined : Number(digits) * (UNITS[unit] as number)
  }
  return { initial, help, expected: 'a number of bytes such as 20000000 or 20M', placeholder: 'BYTES', parse }
}

/** Any text that is not empty. @param expected what it is, as an error says it: `a word` */
export function text(help: string, expected: string, placeholder: string): Knob<string | undefined> {
  return { initial: undefined, help, expected, placeholder, parse: given => given || undefined }
}

/** The path of a file or directory. */
export function path(placeholder: string, help: string): Knob<string | undefined> {
  return text(help, 'a path', placeholder)
}

/** The path of a file or directory, made absolute when it is read: for a lab that changes its directory afterwards. */
export function absolutePath(placeholder: string, help: string): Knob<string | undefined> {
  return { ...path(placeholder, help), parse: given => (given ? resolve(given) : undefined) }
}

/** A host name, 1 to 64 letters, digits, dots and hyphens. */
export function hostName(initial: string, help: string): Knob<string> {
  const parse = (text: string) => (/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(text) ? text : undefined)
  return { initial, help, expected: 'a name of 1 to 64 letters, digits and hyphens', placeholder: 'NAME', parse }
}

/** An IPv4 address, dotted. */
export function ipv4(initial: string, help: string): Knob<string> {
  const parse = (text: string) => (isIPv4(text) ? text : undefined)
  return { initial, help, expected: 'an IPv4 address such as 10.0.0.3', placeholder: 'ADDRESS', parse }
}

/** The name of a network interface, 1 to 15 bytes. */
export function interfaceName(initial: string, help: string): Knob<string> {
  const parse = (text: string) => (/^(?!lo$)[A-Za-z0-9][\w.-]{0,14}$/.test(text) ? text : undefined)
  return { initial, help, expected: 'a name of 1 to 15 letters and digits, and not lo', placeholder: 'NAME', parse }
}

/** Some IDs that follow one another, by the first and how many there are: `100000:65536`. */
export function idSpan(help: string): Knob<{ readonly first: number; readonly count: number } | undefined> {
  const parse = (text: string) => {
    const [, first, count] = /^(\d{1,10}):([1-9]\d{0,9})$/.exec(text) ?? []
    const span = { first: Number(first), count: Number(count) }
    return first === undefined || span.first + span.count > 2 ** 32 - 1 ? undefined : span
  }
  return { initial: undefined, help, expected: 'FIRST:COUNT such as 100000:65536', placeholder: 'FIRST:COUNT', parse }
}

/** A port of TCP, from 1 to 65535. */
export function port(initial: number, help: string): Knob<number> {
  const parse = (text: string) => (/^[1-9]\d{0,4}$/.test(text) && Number(text) < 65536 ? Number(text) : undefined)
  return { initial, help, expected: 'a port from 1 to 65535', placeholder: 'PORT', parse }
}

/** A word from a list. */
export function choice<W extends string>(
  words: readonly W[],
  initial: W | undefined,
  help: string,
): Knob<W | undefined> {
  const parse = (text: string) => words.find(word => word === text)
  return { initial, help, expected: `one of ${words.join(', ')}`, placeholder: 'WORD', parse }
}

/** A switch that is off unless named. */
export function flag(help: string): Knob<boolean> {
  return { initial: false, help, expected: '', placeholder: '', parse: () => true }
}

function helpLine(name: string, { help, placeholder, initial }: Knob<unknown>): string {
  const shown = placeholder && initial !== undefined ? ` (${initial})` : ''
  return `  ${`--${name} ${placeholder}`.padEnd(20)} ${help}${shown}`
}

/** The lines of --help for a set of knobs. */
export function helpLines(knobs: Knobs): string[] {
  return [...Object.entries(knobs).map(([name, knob]) => helpLine(name, knob)), helpLine('help', flag('prints this'))]
}

/** Which words a program takes besides options: none, any, or a command behind `--`. */
export type Words = 'none' | 'any' | 'command'

/** The arguments with `--name=` for a bare `--name` that may stand without a value. */
const withEmptyValues = (knobs: Knobs, args: readonly string[]) =>
  args.map((word, i) => {
    const isBare = Object.entries(knobs).some(([name, { isOptional }]) => isOptional && word === `--${name}`)
    const next = args[i + 1]
    return isBare && (next === undefined || next.startsWith('-')) ? `${word}=` : word
  })

/**
 * Parses command-line arguments.
 * @returns the value of each knob, whether --help was asked for, and the words that are no options
 * @throws UsageError that names the option, what it takes and what arrived
 */
export function parseKnobs<K extends Knobs>(knobs: K, args: readonly string[], words: Words) {
  const option = (knob: Knob<unknown>) => ({ type: knob.placeholder ? ('string' as const) : ('boolean' as const) })
  const options = Object.fromEntries(Object.entries(knobs).map(([name, knob]) => [name, option(knob)]))
  const { tokens } = parseArgs({
    args: withEmptyValues(knobs, args),
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(knobs).map(([name, knob]) => [name, knob.initial]),
  )
  const positionals: string[] = []
  let help = false
  let isBehind = false
  for (const token of tokens) {
    if (token.kind === 'option-terminator') isBehind = true
    else if (token.kind === 'positional') {
      if (words === 'none' || (words === 'command' && !isBehind)) throw unexpected(token.value, words)
      positionals.push(token.value)
    } else if (token.kind === 'option' && token.name === 'help') help = true
    else if (token.kind === 'option') values[token.name] = knobValue(knobs, token.name, token.rawName, token.value)
  }
  return { values: values as Values<K>, help, words: positionals }
}

function unexpected(word: string, words: Words): UsageError {
  const hint = words === 'command' ? `a command goes behind --, as in -- ${word}` : 'try --help'
  return new UsageError(`unexpected argument ${word}\nhint: ${hint}`)
}

function knobValue(knobs: Knobs, name: string, typed: string, text: string | undefined): unknown {
  const knob = Object.hasOwn(knobs, name) ? knobs[name] : undefined
  if (!knob) throw new UsageError(`unknown option ${typed}\nhint: --help lists the options`)
  if (!knob.placeholder && text !== undefined) throw new UsageError(`${typed} takes no value, but got ${text}`)
  if (knob.placeholder && text === undefined)
    throw new UsageError(`${typed} needs a value: ${typed} ${knob.placeholder}`)
  const value = knob.parse(text ?? '')
  if (value === undefined) throw new UsageError(`${typed} must be ${knob.expected}, not ${JSON.stringify(text)}`)
  return value
}
