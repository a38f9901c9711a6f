import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { childProcesses } from '../../test/support/audio.ts';
import { type ChildCall, childOutput } from './child-output.js';

const BLOCK = Buffer.alloc(64 * 1024, 'x');

function call(program: string, args: string[], more: Partial<ChildCall> = {}) {
  const { signal } = new AbortController();
  return childOutput({ program, args, input: () => [], signal, timeoutMs: 5_000, ...more });
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part);
  return Buffer.concat(parts);
}

const gone = (program: string) => vi.waitFor(() => expect(childProcesses(program)).toEqual([]), 5_000);

describe('childOutput', () => {
  it('gives what the program makes of its input', async () => {
    const input = () => [Buffer.from('Hello '), Buffer.from('你好')];
    expect((await collect(call('cat', [], { input }))).toString()).toBe('Hello 你好');
    expect((await collect(call('printf', ['%s', '$(id); "']))).toString()).toBe('$(id); "');
  });

  it('neither reads nor writes faster than the other side', async () => {
    let given = 0;
    async function* input() {
      for (; given < 1_000; given += 1) yield BLOCK;
    }
    const pieces = call('cat', [], { input });
    await pieces.next();
    await sleep(300);
    // Pipes hold some; a thousand blocks they do not.
    expect(given).toBeLessThan(100);
    let bytes = 0;
    for await (const piece of pieces) bytes += piece.length;
    expect(bytes).toBeGreaterThan(900 * BLOCK.length);
    expect(given).toBe(1_000);
  });

  it.each<[what: string, program: string, args: string[], failure: string]>([
    ['that is not there', 'no-such-program', [], 'missing'],
    ['that fails', 'false', [], 'failed'],
    ['that is killed', 'sh', ['-c', 'kill -9 $$'], 'failed'],
    ['that fails after it has written', 'sh', ['-c', 'echo x; exit 3'], 'failed'],
    ['that keeps still', 'sleep', ['60'], 'timeout'],
    ['that does not read', 'sleep', ['61'], 'timeout'],
  ])('says so of a program %s', async (what, program, args, failure) => {
    const input = () => (what.includes('read') ? Array.from({ length: 100 }, () => BLOCK) : []);
    const work = collect(call(program, args, { input, timeoutMs: failure === 'timeout' ? 200 : 5_000 }));
    await expect(work).rejects.toMatchObject({ name: 'ChildError', program, failure });
    await gone(program);
  });

  it('leaves a program alone that waits for its input', async () => {
    async function* input() {
      yield Buffer.from('a');
      await sleep(400);
      yield Buffer.from('b');
    }
    expect((await collect(call('cat', [], { input, timeoutMs: 200 }))).toString()).toBe('ab');
  });

  it('leaves a reader alone who takes his time', async () => {
    const pieces = call('sh', ['-c', 'echo a; sleep 0.1; echo b'], { timeoutMs: 300 });
    let text = '';
    for await (const piece of pieces) {
      text += Buffer.from(piece).toString();
      await sleep(500);
    }
    expect(text).toBe('a\nb\n');
  });

  it('kills the program when it is aborted, or nobody reads on', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const work = collect(call('sleep', ['62'], { signal: controller.signal }));
    await vi.waitFor(() => expect(childProcesses('sleep')).toHaveLength(1));
    controller.abort(reason);
    await expect(work).rejects.toBe(reason);
    await gone('sleep');
    // One that would write on, and one that would never find out that nobody reads.
    for (const [program, args] of [
      ['yes', []],
      ['sh', ['-c', 'echo a; exec sleep 63']],
    ] as [string, string[]][]) {
      for await (const piece of call(program, args)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await gone('yes');
      await gone('sleep');
    }
    await expect(collect(call('yes', [], { signal: controller.signal }))).rejects.toBe(reason);
  });

  it('ends with what its input throws, and ends its input when it is over', async () => {
    async function* broken() {
      yield Buffer.from('a');
      throw new Error('no more');
    }
    await expect(collect(call('cat', [], { input: broken }))).rejects.toThrow('no more');
    let signal: AbortSignal | undefined;
    async function* waiting(given: AbortSignal) {
      signal = given;
      yield Buffer.from('a');
      await sleep(60_000, undefined, { signal: given });
    }
    for await (const piece of call('cat', [], { input: waiting })) {
      expect(piece.length).toBe(1);
      break;
    }
    expect(signal?.aborted).toBe(true);
    await gone('cat');
  });
});
