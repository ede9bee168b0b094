/**
 * What the witness of layers adds to the story: what an overlay is made of, what came into its upper layer, who tried to
 * walk out, who wrote to a volume, and where a mount has appeared.
 */
import type { Story } from '../../observer/story/story.ts'
import type { Change, Escape, Spread, VolumeUse } from './record.ts'

/** Tells of the layers of one sandbox. */
export class LayersTeller {
  readonly #story: Story

  constructor(story: Story) {
    this.#story = story
  }

  overlay(tid: number, { target, names }: { readonly target: string; readonly names: readonly string[] }): void {
    this.#story.add({ kind: 'overlay', target, lower: names }, tid)
  }

  change(tid: number, { target }: { readonly target: string }, { kind, path }: Pick<Change, 'kind' | 'path'>): void {
    this.#story.add({ kind: 'layer', change: kind, path, overlay: target }, tid)
  }

  escape(tid: number, { to, path }: Pick<Escape, 'to' | 'path'>): void {
    this.#story.add({ kind: 'escape', to, path }, tid)
  }

  volume(tid: number, { target, answer }: Pick<VolumeUse, 'target' | 'answer'>): void {
    this.#story.add({ kind: 'volume', target, answer: answer === 'written' ? 'done' : 'EROFS' }, tid)
  }

  spread(tid: number, { by, inside, outside }: Pick<Spread, 'by' | 'inside' | 'outside'>): void {
    this.#story.add({ kind: 'spread', by, inside: inside.map(({ kind }) => kind), outside }, tid)
  }
}
