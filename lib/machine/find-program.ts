/**
 * Where programs are, and whose. The functions are in JavaScript, because setup.mjs asks before anything here can read
 * TypeScript.
 */
export { findProgram, isBusybox, SBIN } from './packages.mjs'
