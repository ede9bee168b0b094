import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { drawTicksPicture, PICTURE, ticksPicture } from './ticks.ts'

test('the picture of lab 6 shows the ticks that its chapter has recorded', () => {
  assert.equal(readFileSync(PICTURE, 'utf8'), ticksPicture(), 'npx tsx book/press/recording/ticks.ts draws it anew')
})

test('it draws each tick, and the pause between those that are furthest apart', () => {
  const chapter = ' inside  |.|.............|.|.|.|.|\n inside  … it was suddenly 0.71 s later.\n'
  const picture = drawTicksPicture(chapter, '')
  assert.equal(picture.match(/class="i"/g)?.length, 7)
  assert.match(picture, /from tick to tick: 0\.71 s/)
  assert.match(picture, /2 ticks before, 5 after/)
})

test('without a recording it names the command that makes one', () => {
  assert.throws(() => drawTicksPicture('nothing', ''), /record 06/)
})
