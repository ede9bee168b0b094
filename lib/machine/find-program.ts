/**
 * Where programs are, and whether they are busybox's. The functions are in JavaScript, because setup.mjs uses them
 * before TypeScript can be loaded.
 */
export { findProgram, isBusybox, SBIN } from './packages.mjs'
