/**
 * A session as HTML: what was typed stands out, and a copy takes the commands alone.
 */
import { escapeHtml } from '../source/html.ts'

const AT_PROGRAM = /^([\w.-]+:\S*[#$] )(.*)$/

function lineHtml(line: string, isTyped: boolean): string {
  if (isTyped)
    return `<span class="prompt">${line.slice(0, 2).replace('>', '&gt;')}</span><b class="command">${escapeHtml(line.slice(2))}</b>`
  const [, prompt, typed] = AT_PROGRAM.exec(line) ?? []
  if (prompt === undefined) return escapeHtml(line)
  return `<span class="prompt">${escapeHtml(prompt)}</span><b class="typed">${escapeHtml(typed ?? '')}</b>`
}

/** The lines of a session as HTML. */
export function sessionHtml(lines: readonly string[]): string {
  let isTyping = false
  const shown = lines.map(line => {
    isTyping = line.startsWith('$ ') || (isTyping && line.startsWith('> '))
    return lineHtml(line, isTyping)
  })
  return shown.join('\n')
}
