/**
 * Terminals: raw mode and window size. termios(3), ioctl_tty(2).
 */
import { call, libcFunction } from '../machine/libc.ts'

const libcTcgetattr = libcFunction('int tcgetattr(int fd, _Out_ uint8_t *termios_p)')
const libcTcsetattr = libcFunction('int tcsetattr(int fd, int optional_actions, const uint8_t *termios_p)')
const libcCfmakeraw = libcFunction('void cfmakeraw(_Inout_ uint8_t *termios_p)')
const libcIoctl = libcFunction('int ioctl(int fd, unsigned long request, ...)')

/** `sizeof(struct termios)` of the C library. */
export const TERMIOS_SIZE = 60
/** tcsetattr(3): once everything that was written has been shown. `<termios.h>` */
export const TCSADRAIN = 1
/** Requests of ioctl_tty(2), `<asm-generic/ioctls.h>`. */
export const TIOCSCTTY = 0x540e
export const TIOCGWINSZ = 0x5413
export const TIOCSWINSZ = 0x5414
export const TIOCGPTN = 0x80045430
export const TIOCSPTLCK = 0x40045431
export const TIOCGPTPEER = 0x5441
/** `struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; }` */
export const WINSIZE = { size: 8, rows: 0, columns: 2 } as const

/** The size of a terminal's window, in characters. */
export interface WindowSize {
  readonly rows: number
  readonly columns: number
}

/** One ioctl on a terminal. @throws SyscallError ENOTTY, EIO (hung up), EPERM */
export function terminalIoctl(fd: number, request: number, label: string, data: Buffer): void {
  call('ioctl', libcIoctl, [fd, request, 'void *', data], [fd, Symbol(label)], 'tty')
}

/**
 * Opens the other end of a master, wherever its devpts is mounted.
 * @param flags `int flags`, as of open(2)
 * @returns a descriptor
 * @throws SyscallError EIO (locked)
 * @see ioctl_tty(2) TIOCGPTPEER
 */
export function openPeer(master: number, flags: number): number {
  return call('ioctl', libcIoctl, [master, TIOCGPTPEER, 'int', flags], [master, Symbol('TIOCGPTPEER'), flags], 'tty')
}

/** Settings of a terminal, as the C library keeps them. @throws SyscallError ENOTTY, EIO @see tcgetattr(3) */
export function terminalSettings(fd: number): Buffer {
  const settings = Buffer.alloc(TERMIOS_SIZE)
  call('tcgetattr', libcTcgetattr, [fd, settings], [fd])
  return settings
}

/** Changes the settings of a terminal, once its output is out. @throws SyscallError ENOTTY, EIO @see tcsetattr(3) */
export function setTerminal(fd: number, settings: Buffer): void {
  call('tcsetattr', libcTcsetattr, [fd, TCSADRAIN, settings], [fd, Symbol('TCSADRAIN')])
}

/**
 * The same settings but raw: each byte goes through as it is, nothing is echoed, and Ctrl-C is a byte like any other.
 * @see cfmakeraw(3)
 */
export function rawSettings(settings: Buffer): Buffer {
  const raw = Buffer.from(settings)
  libcCfmakeraw(raw)
  return raw
}

/** The size of a terminal's window. @throws SyscallError ENOTTY @see ioctl_tty(2) TIOCGWINSZ */
export function windowSize(fd: number): WindowSize {
  const size = Buffer.alloc(WINSIZE.size)
  terminalIoctl(fd, TIOCGWINSZ, 'TIOCGWINSZ', size)
  return { rows: size.readUInt16LE(WINSIZE.rows), columns: size.readUInt16LE(WINSIZE.columns) }
}

/**
 * Sets the size of a terminal's window; its foreground process group gets SIGWINCH.
 * @throws SyscallError ENOTTY, EIO
 */
export function setWindowSize(fd: number, { rows, columns }: WindowSize): void {
  const size = Buffer.alloc(WINSIZE.size)
  size.writeUInt16LE(rows, WINSIZE.rows)
  size.writeUInt16LE(columns, WINSIZE.columns)
  terminalIoctl(fd, TIOCSWINSZ, 'TIOCSWINSZ', size)
}
