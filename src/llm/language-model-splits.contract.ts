import { expect, it } from 'vitest';
import { PIECES } from '../../test/support/upstream/pieces.ts';
import { collect, type Make, textOf } from './language-model-calls.contract.js';

/** The part of the contract that is about bytes: where a stream is cut must never show. */
export function splits(model: Make): void {
  it.each(['', 'crlf,bom,count=4,thinking=1'])(
    'reads the stream (%s) wherever it is cut in two',
    async (switches) => {
      const { bytes, head } = await recorded(model, switches);
      const whole = await collect(model(switches, { fetch: replay(bytes, bytes.length, head) }));
      expect(whole.at(-1)).toMatchObject({ type: 'done' });
      for (let offset = 0; offset < bytes.length; offset += 1) {
        const events = await collect(model(switches, { fetch: replay(bytes, offset, head) }));
        if (JSON.stringify(events) !== JSON.stringify(whole))
          expect({ offset, events }).toEqual({ offset, events: whole });
      }
    },
    120_000,
  );

  it.each(['bytes=1', 'bytes=7', 'split=1', 'split=333', 'split=1500', 'split=2222'])(
    'reads the stream from a socket with %s',
    async (switches) => {
      expect(textOf(await collect(model(switches)))).toBe(PIECES.join(''));
    },
  );
}

/** The bytes that the upstream really sends. */
async function recorded(model: Make, switches: string): Promise<{ bytes: Uint8Array; head: ResponseInit }> {
  let bytes = new Uint8Array();
  let head: ResponseInit = {};
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    bytes = new Uint8Array(await response.arrayBuffer());
    head = { status: response.status, headers: response.headers };
    return new Response(bytes, head);
  };
  await collect(model(switches, { fetch }));
  return { bytes, head };
}

function replay(bytes: Uint8Array, offset: number, head: ResponseInit): typeof globalThis.fetch {
  return async () => {
    const parts = [bytes.slice(0, offset), bytes.slice(offset)].filter(({ length }) => length > 0);
    return new Response(ReadableStream.from(parts) as ReadableStream<Uint8Array>, head);
  };
}
