import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Signals } from './signals.js';

interface Subject {
  make(): Signals | Promise<Signals>;
  /** What another process has of the one made last; that one itself where there is one process only. */
  another(): Signals | Promise<Signals>;
}

async function eventually(check: () => void): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt += 1) {
    try {
      return check();
    } catch {
      await sleep(20);
    }
  }
  check();
}

/** What every adapter of `Signals` promises. */
export function signalsContract(name: string, { make, another }: Subject): void {
  describe(`${name} keeps the contract of Signals`, () => {
    it('tells every listener of a topic in every process once, in order', async () => {
      const signals = await make();
      const other = await another();
      const heard: unknown[][] = [[], [], []];
      signals.on('stop', (data) => heard[0]!.push(data));
      other.on('stop', (data) => heard[1]!.push(data));
      other.on('stop', (data) => heard[2]!.push(data));
      other.on('go', () => heard[2]!.push('of another topic'));
      await sleep(100);
      const wanted = Array.from({ length: 50 }, (_, n) => ({ n, text: '你好 \u0000 "' }));
      for (const data of wanted) await signals.send('stop', data);
      await eventually(() => expect(heard).toEqual([wanted, wanted, wanted]));
      await sleep(50);
      expect(heard).toEqual([wanted, wanted, wanted]);
    });

    it('gives each listener a copy of its own', async () => {
      const signals = await make();
      const sent = { list: [1] };
      const heard: { list: number[] }[] = [];
      for (let i = 0; i < 2; i += 1)
        signals.on('a', (data) => {
          (data as { list: number[] }).list.push(2);
          heard.push(data as { list: number[] });
        });
      await signals.send('a', sent);
      await eventually(() => expect(heard).toEqual([{ list: [1, 2] }, { list: [1, 2] }]));
      expect(sent).toEqual({ list: [1] });
    });

    it('is not heard any longer once that is wished, by nobody else but the one who did', async () => {
      const signals = await make();
      const other = await another();
      const heard: unknown[] = [];
      const listener = (data: unknown) => heard.push(data);
      const offs = [signals.on('a', listener), other.on('a', listener), other.on('a', listener)];
      await sleep(100);
      await signals.send('a', 1);
      await eventually(() => expect(heard).toEqual([1, 1, 1]));
      offs[1]!();
      offs[1]!();
      await signals.send('a', 2);
      await eventually(() => expect(heard).toEqual([1, 1, 1, 2, 2]));
      for (const off of offs) off();
      await signals.send('a', 3);
      await sleep(50);
      expect(heard).toEqual([1, 1, 1, 2, 2]);
    });

    it('survives a listener that fails', async () => {
      const signals = await make();
      const heard: unknown[] = [];
      signals.on('a', () => {
        throw new Error('on purpose');
      });
      signals.on('a', (data) => heard.push(data));
      await signals.send('a', 1);
      await eventually(() => expect(heard).toEqual([1]));
    });

    it('sends into the void', async () => {
      const signals = await make();
      await signals.send('nobody', null);
    });
  });
}
