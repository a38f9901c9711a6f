import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../../libs/streams/event-streams.js';
import { textOfEvents } from './turn.text.js';

const created = { id: 1, type: 'message.created', data: {} };
const delta = (text: string) => ({ id: 2, type: 'message.delta', data: { text } });
const end = (content: string, type = 'completed') => ({
  ...{ id: 9, type: `message.${type}`, data: { message: { content } } },
});

async function* of(batches: StreamEvent[][]): AsyncGenerator<StreamEvent[]> {
  yield* batches;
}

async function told(...batches: StreamEvent[][]) {
  const pieces: string[] = [];
  const text = textOfEvents(of(batches));
  let next = await text.next();
  for (; !next.done; next = await text.next()) pieces.push(next.value);
  return { pieces, ended: next.value };
}

describe('the text of a turn', () => {
  it('comes by batches, and with the answer at last', async () => {
    expect(await told([created], [delta('a'), delta('b')], [delta('c')], [end('abc')])).toEqual({
      ...{ pieces: ['ab', 'c'], ended: { content: 'abc' } },
    });
  });

  it('is whole in one batch, and of a failed turn what there was', async () => {
    expect(await told([created, delta('ab'), end('ab', 'failed')])).toEqual({
      ...{ pieces: ['ab'], ended: { content: 'ab' } },
    });
    expect(await told([created, end('', 'failed')])).toEqual({ pieces: [], ended: { content: '' } });
  });

  it('is whole where the stream was lost: the end has what nobody has told', async () => {
    expect((await told([created, delta('ab')], [end('abcd')])).pieces).toEqual(['ab', 'cd']);
    expect((await told([end('abcd', 'interrupted')])).pieces).toEqual(['abcd']);
  });

  it('ends without an answer where its events break off', async () => {
    expect(await told([created, delta('ab')])).toEqual({ pieces: ['ab'], ended: undefined });
  });
});
