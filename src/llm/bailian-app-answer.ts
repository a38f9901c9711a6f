import type { ProviderAnswer } from './answer-stream.js';
import type { LlmEvent } from './language-model.js';
import { protocolError, ProviderProtocolError } from './network-errors.js';
import { type LlmErrorEvent, providerError, ReportedFailure } from './provider-errors.js';
import type { SseEvent } from './sse-events.js';
import { TextAccumulator } from './text-accumulator.js';

type Fields = Record<string, unknown>;
type DoneReason = Extract<LlmEvent, { type: 'done' }>['reason'];

/** Understands the events of one application completion, be its texts cumulative or incremental. */
export class BailianAppAnswer implements ProviderAnswer {
  /** This protocol has no word for it. */
  readonly over = false;
  private reason: DoneReason | undefined;
  private usage: LlmEvent | undefined;
  private model: string | undefined;
  private text = new TextAccumulator();
  private thinking = new TextAccumulator();
  private node = '';

  /** The provider said that the text is whole, whatever becomes of the connection now. */
  get finished(): boolean {
    return this.reason !== undefined;
  }

  /**
   * @throws ReportedFailure for an error event
   * @throws ProviderProtocolError for data that cannot be understood
   */
  read(event: SseEvent, said: LlmEvent[]): void {
    for (const word of this.understand(event)) said.push(word);
  }

  private *understand({ event, data, status }: SseEvent): Generator<LlmEvent> {
    if (data.trim() === '') return; // a heartbeat
    const body = parse(data);
    const output = fields(body.output);
    if (event === 'error' || (status ?? 200) >= 400 || (isText(body.code) && !output)) {
      throw new ReportedFailure(
        providerError({ codes: [body.code], status: status === 200 ? undefined : status }),
      );
    }
    if (output?.reject_status === true) {
      throw new ReportedFailure({ type: 'error', kind: 'content_filter', retryable: false });
    }
    this.readUsage(fields(body.usage)?.models);
    if (!output) return;
    yield* this.readThoughts(output.thoughts);
    const reason = doneReason(output.finish_reason);
    yield* this.readText(output, reason !== undefined);
    // Only now: a final text that cannot be understood must not pass for a finished answer.
    this.reason = reason ?? this.reason;
  }

  /** The last events of a stream that ended by itself. */
  *end(): Generator<LlmEvent> {
    yield* this.rest();
    if (this.reason === undefined) yield protocolError();
    else yield { type: 'done', reason: this.reason, ...(this.model !== undefined && { model: this.model }) };
  }

  /** The last events of a call that failed with `error`; what is held back was said, so it is given out. */
  *fail(error: LlmErrorEvent): Generator<LlmEvent> {
    yield* this.rest();
    yield error;
  }

  private *rest(): Generator<LlmEvent> {
    yield* thinking(this.thinking.flush());
    yield* delta(this.text.flush());
    if (this.usage) yield this.usage;
  }

  private *readText(output: Fields, last: boolean): Generator<LlmEvent> {
    const workflow = fields(output.workflow_message);
    const fromNode = !isText(output.text) && workflow !== undefined;
    const text = fromNode ? fields(workflow.message)?.content : output.text;
    // Each node of a workflow speaks a text of its own; a cumulative one repeats only that.
    const node = fromNode ? `${String(workflow.node_id)}/${String(workflow.node_msg_seq_id)}` : '';
    if (node !== this.node) {
      yield* delta(this.text.flush());
      this.text = new TextAccumulator();
      this.node = node;
    }
    const piece = this.text.push(typeof text === 'string' ? text : '', last);
    if (piece === null) throw new ProviderProtocolError();
    if (piece !== '') yield* thinking(this.thinking.flush());
    yield* delta(piece);
  }

  private *readThoughts(thoughts: unknown): Generator<LlmEvent> {
    if (!Array.isArray(thoughts)) return;
    const text = thoughts
      .map((thought) => fields(thought)?.thought ?? '')
      .filter(isText)
      .join('');
    const piece = this.thinking.push(text);
    if (piece !== null) return yield* thinking(piece);
    // A step of thinking was replaced by the next one.
    this.thinking = new TextAccumulator();
    yield* thinking(this.thinking.push(text) ?? '');
  }

  private readUsage(models: unknown): void {
    if (!Array.isArray(models) || models.length === 0) return;
    const used = models.map((model) => fields(model) ?? {});
    const sum = (key: string) => used.reduce((total, model) => total + (Number(model[key]) || 0), 0);
    this.usage = { type: 'usage', inputTokens: sum('input_tokens'), outputTokens: sum('output_tokens') };
    const name = used.at(-1)?.model_id;
    if (isText(name)) this.model = name;
  }
}

/** `"null"`, as a string, means that more is to come; so does every word that is not known as an end. */
function doneReason(finishReason: unknown): DoneReason | undefined {
  const ends: DoneReason[] = ['stop', 'length', 'content_filter'];
  return ends.find((end) => end === finishReason);
}

function parse(data: string): Fields {
  const body = fields(JSON.parse(data));
  if (!body) throw new ProviderProtocolError();
  return body;
}

function* delta(text: string): Generator<LlmEvent> {
  if (text !== '') yield { type: 'delta', text };
}

function* thinking(text: string): Generator<LlmEvent> {
  if (text !== '') yield { type: 'thinking', text };
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
