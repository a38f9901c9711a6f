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

const REQUEST_ID = '4b1a0000-2d5b-4b8e-9f4e-000000000000';
const SESSION_ID = '6105c965c31b40958a43dc93c28c7a59';

interface AppBody {
  input?: { prompt?: unknown; messages?: unknown };
  parameters?: { incremental_output?: unknown; model_id?: unknown };
}

export function askedOfApp(body: unknown, appId: string, sse: boolean): Asked {
  const { input, parameters } = (body ?? {}) as AppBody;
  const messages = messagesOf(input?.messages);
  if (typeof input?.prompt === 'string') messages.push({ role: 'user', content: input.prompt });
  return {
    model: typeof parameters?.model_id === 'string' ? parameters.model_id : appId,
    stream: sse,
    wantsUsage: true,
    incremental: parameters?.incremental_output === true,
    lastUserMessage: messages.findLast(({ role }) => role === 'user')?.content ?? '',
    inputTokens: tokensOf(messages.map(({ content }) => content)),
  };
}

/** Bailian's application completion: no space after the colons, the status in a comment, no `[DONE]`. */
class AppWire implements Wire {
  *frames(answer: Answer): Generator<Frame> {
    const { switches } = answer;
    let id = 0;
    const frame = (output: object, usage: object, chunk: boolean): Frame => {
      id += 1;
      const data = JSON.stringify({ output, usage, request_id: REQUEST_ID });
      return { text: `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:${data}\n\n`, chunk };
    };
    if (switches.reject === true) {
      yield frame({ ...this.output('', 'stop', switches), reject_status: true }, {}, false);
      return;
    }
    for (const thought of answer.thoughts) {
      yield frame({ ...this.output('', 'null', switches), thoughts: thoughtsOf(thought) }, {}, true);
    }
    const emptyFinal = switches['empty-final'] === true || answer.pieces.length === 0;
    for (const [text, last] of this.texts(answer)) {
      const final = last && !emptyFinal;
      const finish = final ? (switches.finish ?? 'stop') : 'null';
      yield frame(this.output(text, finish, switches), final ? usageOf(answer) : early(switches), true);
    }
    if (emptyFinal) yield frame(this.output('', switches.finish ?? 'stop', switches), usageOf(answer), false);
  }

  errorFrame(switches: Switches): Frame {
    const status = switches['error-status'] ?? 500;
    const data = JSON.stringify(this.refusal(status, switches.code));
    if (switches['error-style'] === 'bare') return { text: `data:${data}\n\n`, chunk: false };
    const line = switches['error-style'] === 'status-line' ? `status:${status}` : `:HTTP_STATUS/${status}`;
    return { text: `id:9\nevent:error\n${line}\ndata:${data}\n\n`, chunk: false };
  }

  whole(answer: Answer): object {
    const output = {
      ...this.output(answer.pieces.join(''), answer.switches.finish ?? 'stop', answer.switches),
    };
    return {
      output: { ...output, reject_status: answer.switches.reject === true },
      usage: usageOf(answer),
      request_id: REQUEST_ID,
    };
  }

  refusal(status: number, code = defaultCode(status)): object {
    return { code, message: SECRET_MESSAGE, request_id: REQUEST_ID };
  }

  /** Texts as they stand in the events, and whether one is the last. */
  private *texts(answer: Answer): Generator<[string, boolean]> {
    const { asked, switches } = answer;
    const cumulative =
      switches.cumulative === true || switches['ignore-incremental'] === true || !asked.incremental;
    let sofar = '';
    for (const [piece, index] of endless(answer)) {
      sofar += piece;
      const last = switches['never-ending'] !== true && index === answer.pieces.length - 1;
      if (!cumulative) yield [piece, last];
      else yield [switches.rewrite !== undefined && index >= switches.rewrite ? `*${sofar}` : sofar, last];
    }
  }

  private output(text: string, finish: string, switches: Switches): object {
    const head = { session_id: SESSION_ID, finish_reason: finish };
    if (switches.workflow !== true) return { ...head, text };
    return {
      ...head,
      workflow_message: {
        node_status: 'Executing',
        node_type: 'End',
        node_msg_seq_id: 0,
        node_name: '结束',
        message: { content: text, role: 'assistant' },
        node_is_completed: false,
        node_id: 'End_test',
      },
    };
  }
}

export const appWire: Wire = new AppWire();

function thoughtsOf(thought: string): object[] {
  return [{ thought, action_type: 'reasoning', response: '', action_name: '', action: '' }];
}

function early(switches: Switches): object {
  return switches['usage-twice'] === true
    ? { models: [{ input_tokens: 1, output_tokens: 1, model_id: 'qwen-plus' }] }
    : {};
}

/** Two models share the work, as in a real application, so that a reader has to add them up. */
function usageOf({ asked, pieces, switches }: Answer): object {
  if (switches['no-usage'] === true) return {};
  const first = Math.floor(asked.inputTokens / 2);
  return {
    models: [
      { input_tokens: first, output_tokens: 0, model_id: 'text-embedding-v3' },
      { input_tokens: asked.inputTokens - first, output_tokens: pieces.length, model_id: 'qwen-plus' },
    ],
  };
}

function defaultCode(status: number): string {
  const codes: Record<number, string> = {
    401: 'InvalidApiKey',
    403: 'AccessDenied',
    404: 'ModelNotFound',
    429: 'Throttling',
  };
  return codes[status] ?? (status >= 500 ? 'InternalError' : 'InvalidParameter');
}
