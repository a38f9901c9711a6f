import type { Upstream } from '../../test/support/upstream/upstream.ts';
import type { LanguageModel, LlmEvent, LlmRequest } from './language-model.js';

/** How the contract makes the adapter under test. */
export interface ContractOptions {
  upstream: Upstream;
  /** What the upstream shall do (see its switches); to be put where the adapter's protocol has them. */
  switches: string;
  apiKey?: string;
  fetch?: typeof globalThis.fetch;
}

/** What a contract's call asks, where nothing else is said. */
export const REQUEST: LlmRequest = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: '你好' },
  ],
};

/** All events of a call; with `abort`, the signal is aborted as soon as it says so. */
export async function collect(
  model: LanguageModel,
  abort: (events: LlmEvent[]) => boolean = () => false,
  request = REQUEST,
): Promise<LlmEvent[]> {
  const controller = new AbortController();
  const events: LlmEvent[] = [];
  for await (const event of model.stream(request, controller.signal)) {
    events.push(event);
    if (abort(events)) controller.abort();
  }
  return events;
}

export function textOf(events: LlmEvent[]): string {
  return events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
}

export type Make = (switches?: string, more?: Partial<ContractOptions>) => LanguageModel;
