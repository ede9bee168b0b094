/**
 * Places of the matrix that are containers: of Docker and of rootless podman, with the options that an engine gives by
 * itself, with those that README names, and privileged.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CannotRun } from '../../lib/errors.ts'
import { CONTAINER_OPTIONS } from '../../lib/machine/container.ts'
import { findProgram } from '../../lib/machine/find-program.ts'
import { ROOT } from '../../lib/machine/root.ts'

/** One kind of container. */
export interface ContainerPlace {
  readonly name: string
  readonly engine: 'docker' | 'podman'
  /** Started by an ordinary user, without any daemon of root's. */
  readonly isRootless?: true
  readonly options: readonly string[]
}

/** Their rows. What an engine withholds is no failure of the labs, if they say so. */
export const CONTAINER_PLACES: readonly ContainerPlace[] = [
  { name: 'docker, as it is', engine: 'docker', options: [] },
  { name: "docker, README's line", engine: 'docker', options: CONTAINER_OPTIONS },
  { name: 'docker, --privileged', engine: 'docker', options: ['--privileged', '--cgroupns=host'] },
  { name: "podman, README's line", engine: 'podman', options: CONTAINER_OPTIONS },
  { name: 'podman, rootless, as it is', engine: 'podman', options: [], isRootless: true },
  { name: "podman, rootless, README's line", engine: 'podman', options: CONTAINER_OPTIONS, isRootless: true },
]

/** The image that is made here: Debian with what the labs start, and the machine's own Node. */
const IMAGE = 'containers-from-clone-matrix'
const PACKAGES = 'iproute2,iputils-ping,nftables,busybox-static,procps,libstdc++6,util-linux'

const runs = (engine: string, ...words: string[]) => spawnSync(engine, words, { stdio: 'ignore' }).status === 0

/** Makes the image of a root that mmdebstrap makes, unless the engine has it. */
function ensureImage(engine: string): void {
  if (runs(engine, 'image', 'inspect', IMAGE)) return
  if (!findProgram('mmdebstrap'))
    throw new CannotRun('there is no mmdebstrap to make an image with\nhint: sudo apt-get install mmdebstrap')
  const folder = mkdtempSync(join(tmpdir(), 'containers-from-clone.image-'))
  try {
    const file = join(folder, 'root.tar')
    execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', `--include=${PACKAGES}`, 'bookworm', file])
    execFileSync(engine, ['import', file, IMAGE], { stdio: 'ignore' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * The words that run a command in a container, with this checkout at /workbook and this Node.
 * @throws CannotRun where there is no such engine, or it does not answer
 */
export function containerWords({ engine, options, isRootless }: ContainerPlace, command: readonly string[]): string[] {
  if (!findProgram(engine)) {
    const tool = { docker: 'docker.io', podman: 'podman' }[engine]
    throw new CannotRun(`there is no ${engine}\nhint: sudo apt-get install -y ${tool}`)
  }
  if (!runs(engine, 'info'))
    throw new CannotRun(
      `${engine} does not answer\nhint: start its daemon, and see that you may use it: ${engine} info`,
    )
  const isRoot = process.getuid?.() === 0
  if (isRootless && isRoot)
    throw new CannotRun('rootless is how an ordinary user starts it\nhint: npm run matrix -- --only rootless, as one')
  if (engine === 'podman' && !isRootless && !isRoot)
    throw new CannotRun('it is started by root here\nhint: sudo npm run matrix -- --only podman')
  ensureImage(engine)
  const mounts = ['-v', `${ROOT}:/workbook`, '-v', `${process.execPath}:/usr/local/bin/node:ro`, '-w', '/workbook']
  // Its network is none of a bridge's: the labs make their own.
  return [engine, 'run', '--rm', '--network', 'none', ...options, ...mounts, IMAGE, 'node', ...command]
}
