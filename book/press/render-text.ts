/**
 * Markdown to text for a terminal, wrapped to a width, with colour where there is any.
 */
import { lexer, type Token, type Tokens } from 'marked'
import { chalk } from '../../lib/lab/colour.ts'
import { unescapeHtml } from './source/html.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin.
const COLOURS = /\x1b\[[\d;]*m/g
const lengthOf = (text: string) => text.replace(COLOURS, '').length

/** A paragraph in lines of a width; words longer than that keep a line to themselves. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && lengthOf(last) + 1 + lengthOf(word) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Colours each word by itself: a line may be broken between any two. */
const each = (paint: (text: string) => string) => (text: string) => text.replace(/\S+/g, word => paint(word))

function inline(tokens: readonly Token[] | undefined): string {
  return (tokens ?? []).map(inlineToken).join('')
}

function inlineToken(token: Token): string {
  switch (token.type) {
    case 'strong':
      return each(chalk.bold)(inline(token.tokens))
    case 'em':
      return each(chalk.italic)(inline(token.tokens))
    case 'codespan':
      return each(chalk.cyan)(unescapeHtml(token.text))
    case 'link':
      return each(chalk.underline)(inline(token.tokens))
    case 'image':
      return each(chalk.dim)(`[Picture: ${unescapeHtml(token.text)}]`)
    case 'br':
      return '\n'
    case 'html':
      return ''
    default:
      return 'tokens' in token && token.tokens
        ? inline(token.tokens)
        : unescapeHtml('text' in token ? String(token.text) : '')
  }
}

const indent = (lines: readonly string[], first: string, rest = ' '.repeat(lengthOf(first))) =>
  lines.map((line, i) => (i === 0 ? first + line : line && rest + line))

function code({ text, lang = '' }: Tokens.Code): string[] {
  const isSession = lang.startsWith('console')
  const paint = (line: string) => (isSession && /^([$>] |[\w.-]+:\S*[#$] )/.test(line) ? chalk.green(line) : line)
  return text.split('\n').map(line => line && `    ${isSession ? paint(line) : chalk.cyan(line)}`)
}

function heading({ depth, tokens }: Tokens.Heading, width: number): string[] {
  const lines = wrap(inline(tokens), width).map(line => chalk.bold(line))
  const rule = depth === 1 ? '=' : depth === 2 ? '-' : ''
  const longest = Math.max(...lines.map(lengthOf), 0)
  return rule ? [...lines, chalk.dim(rule.repeat(Math.min(width, longest)))] : lines
}

function list({ items, ordered, start }: Tokens.List, width: number): string[] {
  return items.flatMap((item, i) => {
    const mark = ordered ? `${Number(start || 1) + i}. ` : '- '
    return indent(blocks(item.tokens, width - mark.length, true), mark)
  })
}

/** The widths of columns that fit: the widest give way first. */
function columnWidths(natural: readonly number[], room: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width, 0)
  while (total() > room) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] ?? 0) <= 6) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function table({ header, rows }: Tokens.Table, width: number): string[] {
  const cells = [header, ...rows].map(row => row.map(cell => inline(cell.tokens)))
  const natural = header.map((_, i) => Math.max(...cells.map(row => lengthOf(row[i] ?? '')), 1))
  const widths = columnWidths(natural, width - 2 * (header.length - 1))
  const lines = cells.map(row => {
    const wrapped = row.map((cell, i) => wrap(cell, widths[i] ?? 1))
    const height = Math.max(...wrapped.map(lines => lines.length), 1)
    return Array.from({ length: height }, (_, at) =>
      wrapped
        .map((lines, i) => (lines[at] ?? '') + ' '.repeat(Math.max(0, (widths[i] ?? 0) - lengthOf(lines[at] ?? ''))))
        .join('  ')
        .trimEnd(),
    )
  })
  const [head = [], ...body] = lines
  return [
    ...head.map(line => chalk.bold(line)),
    chalk.dim(widths.map(each => '─'.repeat(each)).join('  ')),
    ...body.flat(),
  ]
}

function htmlBlock(text: string): string[] {
  const summary = /<summary>([\s\S]*?)<\/summary>/.exec(text)?.[1]
  return summary ? [chalk.bold(`▸ ${unescapeHtml(summary.replace(/<[^>]+>/g, '')).trim()}`)] : []
}

function block(token: Token, width: number): string[] {
  switch (token.type) {
    case 'heading':
      return heading(token as Tokens.Heading, width)
    case 'code':
      return code(token as Tokens.Code)
    case 'list':
      return list(token as Tokens.List, width)
    case 'table':
      return table(token as Tokens.Table, width)
    case 'blockquote':
      return blocks(token.tokens ?? [], width - 2).map(line => `${chalk.dim('│')} ${line}`.trimEnd())
    case 'hr':
      return [chalk.dim('─'.repeat(width))]
    case 'html':
      return htmlBlock(token.text)
    case 'space':
    case 'def':
      return []
    default:
      return inlineToken(token)
        .split('\n')
        .flatMap(line => wrap(line, width))
  }
}

/**
 * Blocks one below the other, with folded parts indented.
 * @param isTight without empty lines between them, as in a list
 */
function blocks(tokens: readonly Token[], width: number, isTight = false): string[] {
  let depth = 0
  const parts: string[][] = []
  for (const token of tokens) {
    const count = (tag: string) => (token.type === 'html' ? token.raw.split(tag).length - 1 : 0)
    depth -= count('</details')
    const lines = indent(block(token, width - 2 * depth), '  '.repeat(Math.max(0, depth)))
    depth += count('<details')
    if (lines.length > 0) parts.push(lines)
  }
  return parts.flatMap((lines, i) => (i === 0 || (isTight && tokens.length < 3) ? lines : ['', ...lines]))
}

/** A chapter as text. @param width in columns; code keeps its own */
export function renderText(markdown: string, width: number): string {
  return `${blocks(lexer(markdown), width).join('\n')}\n`
}
