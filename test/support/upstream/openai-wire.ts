import {
  endless,
  SECRET_MESSAGE,
  type Answer,
  type Asked,
  type Frame,
  type Wire,
  messagesOf,
  tokensOf,
} from './protocol.ts';
import type { Switches } from './switches.ts';

interface ChatBody {
  model?: unknown;
  stream?: unknown;
  stream_options?: { include_usage?: unknown };
  messages?: unknown;
}

/** Builds one chunk in the member order of its provider. */
type ChunkMaker = (model: string, choices: object[], usage: object | null, wantsUsage: boolean) => object;

const openAiChunk: ChunkMaker = (model, choices, usage, wantsUsage) => ({
  id: 'chatcmpl-test',
  object: 'chat.completion.chunk',
  created: 1694268190,
  model,
  system_fingerprint: 'fp_44709d6fcb',
  choices,
  ...(wantsUsage && { usage }),
});

const dashScopeChunk: ChunkMaker = (model, choices, usage) => ({
  choices,
  object: 'chat.completion.chunk',
  usage,
  created: 1768391649,
  system_fingerprint: null,
  model,
  id: 'chatcmpl-e30f5ae7',
});

export function askedOfChat(body: unknown): Asked {
  const { model, stream, stream_options: options, messages } = (body ?? {}) as ChatBody;
  const list = messagesOf(messages);
  return {
    model: typeof model === 'string' ? model : '',
    stream: stream === true,
    wantsUsage: options?.include_usage === true,
    incremental: true,
    lastUserMessage: list.findLast(({ role }) => role === 'user')?.content ?? '',
    inputTokens: tokensOf(list.map(({ content }) => content)),
  };
}

class ChatWire implements Wire {
  private readonly chunk: ChunkMaker;
  private readonly requestId: object;

  constructor(chunk: ChunkMaker, requestId: object) {
    this.chunk = chunk;
    this.requestId = requestId;
  }

  *frames(answer: Answer): Generator<Frame> {
    const { asked, switches } = answer;
    const frame = (choices: object[], usage: object | null, chunk: boolean): Frame => {
      const body = this.chunk(asked.model, choices, usage, asked.wantsUsage);
      const extra = switches.obfuscation === true ? { obfuscation: 'r4N7vQ2m' } : {};
      return { text: `data: ${JSON.stringify({ ...body, ...extra })}\n\n`, chunk };
    };
    const choice = (delta: object, finish: string | null = null) => [
      { index: 0, delta, logprobs: null, finish_reason: finish },
    ];
    yield frame(choice({ role: 'assistant', content: '' }), null, false);
    for (const thought of answer.thoughts)
      yield frame(choice({ content: null, reasoning_content: thought }), null, true);
    for (const [piece] of endless(answer)) yield frame(choice({ content: piece }), null, true);
    yield frame(choice({}, switches.finish ?? 'stop'), null, false);
    if (asked.wantsUsage && switches['no-usage'] !== true) {
      if (switches['usage-twice'] === true) yield frame([], usageOf(1, 1), false);
      yield frame([], usageOf(asked.inputTokens, answer.pieces.length), false);
    }
    if (switches['no-done'] !== true) yield { text: 'data: [DONE]\n\n', chunk: false };
  }

  errorFrame(switches: Switches): Frame {
    return {
      text: `data: ${JSON.stringify(this.refusal(500, switches.code ?? 'server_error'))}\n\n`,
      chunk: false,
    };
  }

  whole(answer: Answer): object {
    const message = {
      role: 'assistant',
      content: answer.pieces.join(''),
      reasoning_content: answer.thoughts.join(''),
    };
    return {
      id: 'chatcmpl-test',
      object: 'chat.completion',
      created: 1694268190,
      model: answer.asked.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: answer.switches.finish ?? 'stop' }],
      usage: usageOf(answer.asked.inputTokens, answer.pieces.length),
      ...this.requestId,
    };
  }

  refusal(status: number, code = defaultCode(status)): object {
    const type = status >= 500 ? 'server_error' : 'invalid_request_error';
    return { error: { message: SECRET_MESSAGE, type, param: null, code }, ...this.requestId };
  }
}

export const openAiWire: Wire = new ChatWire(openAiChunk, {});
export const dashScopeWire: Wire = new ChatWire(dashScopeChunk, {
  request_id: 'fb53c4ec-1c12-4fc4-a580-cdb7c3261fc1',
});

function usageOf(input: number, output: number): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function defaultCode(status: number): string | null {
  return { 401: 'invalid_api_key', 404: 'model_not_found', 429: 'rate_limit_exceeded' }[status] ?? null;
}
