import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { gathered } from './gathered-text.js';

/** Pieces that come when they are let go. */
class Source {
  private readonly waiting: string[] = [];
  private over: (() => void) | undefined;
  private wake: () => void = () => undefined;

  say(...pieces: string[]): void {
    this.waiting.push(...pieces);
    this.wake();
  }

  end(over: () => void = () => undefined): void {
    this.over = over;
    this.wake();
  }

  async *pieces(): AsyncGenerator<string, void> {
    for (;;) {
      const piece = this.waiting.shift();
      if (piece !== undefined) yield piece;
      else if (this.over) return this.over();
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

describe('gathered text', () => {
  it('comes at once, and as one where more came meanwhile', async () => {
    const source = new Source();
    const text = gathered(source.pieces());
    const first = text.next();
    source.say('a');
    expect(await first).toEqual({ done: false, value: 'a' });
    source.say('b', 'c');
    await sleep(5);
    source.say('d');
    source.end();
    await sleep(5);
    expect(await text.next()).toEqual({ done: false, value: 'bcd' });
    expect(await text.next()).toEqual({ done: true, value: undefined });
  });

  it('fails behind what was said', async () => {
    const source = new Source();
    const text = gathered(source.pieces());
    source.say('a');
    source.end(() => {
      throw new Error('broken off');
    });
    await sleep(5);
    expect(await text.next()).toEqual({ done: false, value: 'a' });
    await expect(text.next()).rejects.toThrow('broken off');
  });

  it('ends where nothing was said', async () => {
    const source = new Source();
    source.end();
    expect(await gathered(source.pieces()).next()).toEqual({ done: true, value: undefined });
  });

  it('loses nothing of ten thousand pieces', async () => {
    const source = new Source();
    const said = Array.from({ length: 10_000 }, (_, n) => `${n},`);
    source.say(...said);
    source.end();
    let text = '';
    for await (const piece of gathered(source.pieces())) text += piece;
    expect(text).toBe(said.join(''));
  });
});
