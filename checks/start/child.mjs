/**
 * Running one program after the other, at the reader's terminal.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT } from '../doctor/observe/programs.mjs'

const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program in the checkout to its end. A signal that would end this process ends the program first, and then this
 * process, so that the program does not go on alone.
 * @param more further descriptors that it inherits
 * @returns its exit code; 127 if it cannot be started
 */
export async function run([program, ...words], more = []) {
  const child = spawn(program, words, { cwd: ROOT, stdio: ['inherit', 'inherit', 'inherit', ...more] })
  let wish
  const passers = ENDINGS.map(signal => [
    signal,
    () => {
      // At a terminal Ctrl-C has reached it already; twice does no harm.
      wish = signal
      child.kill(signal)
    },
  ])
  for (const [signal, pass] of passers) process.on(signal, pass)
  const code = await new Promise(resolve => {
    child.on('error', error => {
      console.error(error.message)
      resolve(127)
    })
    child.on('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]))
  })
  for (const [signal, pass] of passers) process.off(signal, pass)
  if (wish) process.exit(128 + constants.signals[wish])
  return code
}
