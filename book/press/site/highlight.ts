/**
 * Code coloured when the book is built, so that no reader's browser has to.
 */
import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import diff from 'highlight.js/lib/languages/diff'
import json from 'highlight.js/lib/languages/json'
import typescript from 'highlight.js/lib/languages/typescript'
import yaml from 'highlight.js/lib/languages/yaml'
import { escapeHtml } from '../source/html.ts'

for (const [name, language] of Object.entries({ bash, c, diff, json, typescript, yaml }))
  hljs.registerLanguage(name, language)

/** What a block may be called, and the language it is coloured as. */
const LANGUAGES: Readonly<Record<string, string | undefined>> = {
  ts: 'typescript',
  js: 'typescript',
  mjs: 'typescript',
  cjs: 'typescript',
  mts: 'typescript',
  h: 'c',
  sh: 'bash',
  c: 'c',
  diff: 'diff',
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
}
const PLAIN = new Set(['', 'text', 'console', 'md'])

/** Whether a block may have this name for its language. */
export const isLanguage = (name: string): boolean => LANGUAGES[name] !== undefined || PLAIN.has(name)

/** Code as HTML, coloured if its language is known. */
export function highlight(code: string, name: string): string {
  const language = LANGUAGES[name]
  return language ? hljs.highlight(code, { language }).value : escapeHtml(code)
}
