/**
 * Which C library a program uses: a shim built for one does not load in the other. JavaScript, because the doctor asks
 * before anything here can read TypeScript.
 */
import { closeSync, openSync, readSync } from 'node:fs'

/** From the ELF interpreter, whose name stands in the first page: every musl has its loader at /lib/ld-musl-ARCH.so.1. */
export function libcName(program = process.execPath) {
  const start = Buffer.alloc(4096)
  const fd = openSync(program, 'r')
  try {
    readSync(fd, start)
  } finally {
    closeSync(fd)
  }
  return start.includes('/ld-musl-') ? 'musl' : 'glibc'
}

/** How the shim of a Node is called, by default of this one. */
export const shimName = (libc = libcName(), arch = process.arch) => `shim-${arch}-${libc}.so`
