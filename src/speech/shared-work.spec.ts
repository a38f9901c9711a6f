import { describe, expect, it } from 'vitest';
import { SharedWork } from './shared-work.js';

/** Work that is finished by hand. */
class Works {
  readonly begun: { signal: AbortSignal; finish: (value: string) => void; fail: (error: Error) => void }[] =
    [];

  readonly begin = (signal: AbortSignal) =>
    new Promise<string>((finish, fail) => {
      this.begun.push({ signal, finish, fail });
    });
}

const { signal } = new AbortController();

describe('SharedWork', () => {
  it('is done once for all who want it at the time, and anew for later ones', async () => {
    const [shared, works] = [new SharedWork<string>(), new Works()];
    const waiting = ['a', 'a', 'b', 'a'].map((key) => shared.join(key, works.begin, signal));
    expect(works.begun).toHaveLength(2);
    works.begun[0]!.finish('A');
    works.begun[1]!.finish('B');
    expect(await Promise.all(waiting)).toEqual(['A', 'A', 'B', 'A']);
    const later = shared.join('a', works.begin, signal);
    works.begun[2]!.finish('A2');
    expect(await later).toBe('A2');
  });

  it('fails for all of them', async () => {
    const [shared, works] = [new SharedWork<string>(), new Works()];
    const waiting = [shared.join('a', works.begin, signal), shared.join('a', works.begin, signal)];
    works.begun[0]!.fail(new Error('no'));
    for (const one of waiting) await expect(one).rejects.toThrow('no');
  });

  it('goes on until the last one has left, and is begun anew for who comes then', async () => {
    const [shared, works] = [new SharedWork<string>(), new Works()];
    const [first, second] = [new AbortController(), new AbortController()];
    const leaving = [first, second].map((one) => shared.join('a', works.begin, one.signal));
    first.abort(new Error('gone'));
    await expect(leaving[0]).rejects.toThrow('gone');
    expect(works.begun[0]!.signal.aborted).toBe(false);
    second.abort(new Error('gone too'));
    await expect(leaving[1]).rejects.toThrow('gone too');
    expect(works.begun[0]!.signal.aborted).toBe(true);
    const later = shared.join('a', works.begin, signal);
    works.begun[0]!.fail(new Error('given up'));
    works.begun[1]!.finish('A');
    expect(await later).toBe('A');
    await expect(shared.join('a', works.begin, first.signal)).rejects.toThrow('gone');
    expect(works.begun).toHaveLength(2);
  });
});
