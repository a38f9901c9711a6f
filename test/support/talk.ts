import type { ApiClient } from './client.ts';
import type { SseEvent } from './event-stream.ts';

/** A conversation with a chatbot whose model carries switches of the test upstream (`test:gap=20,count=50`). */
export async function beginWith(client: ApiClient, chatbot: Record<string, unknown> = {}): Promise<number> {
  const { body } = await client.post('chatbots', { name: 'Bot', ...chatbot }, { expect: 201 });
  return begin(client, { chatbotId: body.id });
}

/** A conversation; returns its id. */
export async function begin(client: ApiClient, values: Record<string, unknown> = {}): Promise<number> {
  const { body } = await client.post('conversations', values, { expect: 201 });
  return body.id as number;
}

/** The pieces of an answer, joined. */
export function textOf(events: SseEvent[]): string {
  return events
    .filter(({ event }) => event === 'message.delta')
    .map(({ data }) => data.text as string)
    .join('');
}

/** Waits until `probe` gives something; throws after `ms`. */
export async function eventually<T>(probe: () => Promise<T | undefined | false>, ms = 5_000): Promise<T> {
  for (const deadline = performance.now() + ms; ;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > deadline)
      throw new Error(`it did not happen within ${ms} ms: ${probe.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
