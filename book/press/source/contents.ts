/**
 * The list of the labs' chapters on the cover. It says what the manifest says, so a lab that is added is listed.
 */
import { LABS } from '../../../lib/lab/manifest.ts'

const [START, END] = ['<!-- labs -->', '<!-- end of the labs -->']

const lines = () => LABS.map(({ number, title, slug, contents }) => `${number}. [${title}](${slug}.md): ${contents}`)

/** A text with the list between its two marks as the manifest has it; a text without them as it is. */
export function fillContents(text: string): string {
  const [start, end] = [text.indexOf(START), text.indexOf(END)]
  if (start < 0 || end < start) return text
  return `${text.slice(0, start + START.length)}\n${lines().join('\n')}\n${text.slice(end)}`
}
