/**
 * The witness of the kernel's log: what the kernel wrote to it while the program ran.
 */
import { INITIAL_PID_NAMESPACE } from '../../lib/machine/container.ts'
import { namespaceInode } from '../../lib/namespaces.ts'
import { openKernelLog } from '../../lib/trace/kmsg.ts'
import type { WitnessKind } from './witness.ts'

/** What this witness records. */
export interface KernelLogRecord {
  /** The lines; `undefined` if the log cannot be read here. */
  readonly kernelLog: readonly string[] | undefined
  /** Whether it numbers processes as the judge does. */
  readonly logHasOurNumbers: boolean
}

export const kernelLog: WitnessKind<KernelLogRecord> = {
  open() {
    const log = openKernelLog()
    return () => ({
      record() {
        const lines = log?.read()
        log?.close()
        return { kernelLog: lines, logHasOurNumbers: namespaceInode('self', 'pid') === INITIAL_PID_NAMESPACE }
      },
    })
  },
}
