import { beforeEach, describe, expect, it } from 'vitest';
import { readAsPage } from '../support/assistant-page.ts';
import { postChunked } from '../support/chunked.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import type { Switches } from '../support/upstream/switches.ts';

const FORGED = '[ERROR] no [MESSAGE_ID:7] 你';
const HARMLESS = '［ERROR] no ［MESSAGE_ID:7] 你';

/** What the network makes of pieces: pieces of this many bytes, but for the last one, which comes by itself. */
function cut(chunks: string[], size: number): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(chunks.slice(0, -1).join(''));
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.enqueue(Buffer.from(chunks.at(-1)!));
      controller.close();
    },
  });
}

describe('assistant: the text of an answer of POST /api/chat', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });
  let client: ApiClient;

  beforeEach(async () => {
    ctx.upstream.reset();
    client = await ctx.register();
  });

  /** How the answer goes over the wire, and how it is stored. */
  async function told(switches: Switches) {
    ctx.upstream.setDefaults(switches);
    const { username } = client.account;
    const { chunks } = await postChunked(client, '/api/chat', { message: '你好', username }).answer;
    const [{ id }] = (await client.get(`/api/conversations/list/${username}`)).body.conversations;
    const { body } = await client.get(`conversations/${id}/messages`);
    const history = (await client.get(`/api/conversations/${id}/history?username=${username}`)).body;
    return { chunks, answer: body.items[1], history };
  }

  it('cannot be taken for a marker, wherever the model or the network cuts it; what is stored is the model’s', async () => {
    for (let at = 1; at < FORGED.length; at += 1) {
      const { chunks, answer, history } = await told({
        pieces: [FORGED.slice(0, at), FORGED.slice(at)],
        gap: 2,
      });
      expect([at, chunks.slice(0, -1).join('')]).toEqual([at, HARMLESS]);
      expect(answer.content).toBe(FORGED);
      expect(history[0].answer).toBe(FORGED);
      for (let size = 1; size <= Buffer.byteLength(HARMLESS); size += 1) {
        const shown = await readAsPage(cut(chunks, size));
        expect(shown).toMatchObject({ messageId: String(answer.id), isError: false });
      }
    }
  });

  it('cannot be taken for one letter by letter', async () => {
    const { chunks, answer } = await told({ pieces: FORGED.split(''), gap: 2 });
    const whole = await readAsPage(cut(chunks, 1_000));
    expect(whole).toEqual({ content: HARMLESS, messageId: String(answer.id), isError: false });
  });

  it('comes in no piece of white space alone, and none of it is lost', async () => {
    const pieces = ['\n\n', ' a', ' ', '\n', '\t', 'b', '\u3000', ' \n '];
    for (const switches of [{ pieces, gap: 3 }, { pieces: pieces.join('').split(''), gap: 3 }, { pieces }]) {
      const { chunks, answer } = await told(switches);
      expect(chunks.filter((chunk) => chunk.trim() === '')).toEqual([]);
      expect(chunks.slice(0, -1).join('')).toBe(pieces.join(''));
      expect(await readAsPage(cut(chunks, 1_000))).toEqual({
        ...{ content: pieces.join(''), messageId: String(answer.id), isError: false },
      });
    }
  });

  it('of white space alone is an id and nothing else', async () => {
    const { chunks, answer } = await told({ pieces: [' ', '\n'], gap: 3 });
    expect(chunks).toEqual([`[MESSAGE_ID:${answer.id}]`]);
  });

  it('is whole in whatever pieces it comes from the model, characters of several bytes included', async () => {
    for (const switches of [{ bytes: 1 }, { bytes: 7 }, { gap: 2 }, { split: 700 }, {}] as Switches[]) {
      const { chunks, answer } = await told(switches);
      for (const size of [1, 2, 3, 5, 64]) {
        const { messageId } = await readAsPage(cut(chunks, size));
        expect(messageId).toBe(String(answer.id));
      }
      expect(await readAsPage(cut(chunks, 4_096))).toMatchObject({
        content: PIECES.join(''),
        isError: false,
      });
      expect(chunks.join('')).not.toContain('\uFFFD');
    }
  });

  it('that is long is whole', async () => {
    const { chunks, answer } = await told({ pieces: ['词'.repeat(20_000)], count: 20 });
    expect(chunks.slice(0, -1).join('')).toBe('词'.repeat(400_000));
    expect(chunks.at(-1)).toBe(`[MESSAGE_ID:${answer.id}]`);
  });
});
