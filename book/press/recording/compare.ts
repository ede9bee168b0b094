/**
 * What has become of a session since it was recorded.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../source/problem.ts'
import { Comparison } from './mask.ts'
import type { Recording } from './recording.ts'
import type { Session } from './session.ts'
import { staleness } from './story-picture.ts'

/** A recording and the chapter it stands in. */
export interface Take {
  readonly file: string
  readonly recording: Recording
}

/** What is wrong with a recording, where it stands. */
export const problem = ({ file, recording }: Take, what: string, hint: string): Problem => ({
  file,
  line: recording.line,
  what,
  hint,
})

/** What a picture that the session has drawn anew shows otherwise than that of the book. */
function stalePicture(root: string, { recording: { plot } }: Take, session: Session): string | undefined {
  if (plot === undefined || session.plot === undefined) return undefined
  const path = join(root, 'book', plot)
  const why = existsSync(path) ? staleness(readFileSync(path, 'utf8'), session.plot) : 'it does not exist'
  return why && `${plot} is not what is drawn now: ${why}`
}

/** What a session that was run again shows otherwise than its recording, and whether it went wrong. */
export function compare(root: string, take: Take, session: Session): Problem[] {
  const again = `npm run book -- record ${take.file.replace(/^.*\/|\.md$/g, '')} records it again`
  if (session.fault)
    return [
      problem(
        take,
        `the session does not run as it should: ${session.fault}\n  ${session.lines.slice(-3).join('\n  ')}`,
        'run it by hand',
      ),
    ]
  const found = new Comparison(session.pids).difference(take.recording.body, session.lines)
  const stale = found ? undefined : stalePicture(root, take, session)
  if (stale) return [problem(take, stale, again)]
  if (!found) return []
  const line = take.recording.line + 1 + found.at
  const what = `the recording is not what happens now\n  recorded: ${found.before ?? '(nothing more)'}\n  seen now: ${found.now ?? '(nothing more)'}`
  return [{ file: take.file, line, what, hint: again }]
}
