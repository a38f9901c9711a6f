/**
 * Makes a Whisper model in ggml format with the sizes of an official one and weights by chance: it understands nothing,
 * and takes as long as the official one to find that out, but that it seldom stops of itself.
 *
 *   node test/support/random-model.ts small model.bin
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Width and layers of encoder and decoder; what large-v3 has beside: 128 mel bands, which the fixture's filters lack. */
const SIZES = {
  tiny: { state: 384, heads: 6, encoder: 4, decoder: 4 },
  base: { state: 512, heads: 8, encoder: 6, decoder: 6 },
  small: { state: 768, heads: 12, encoder: 12, decoder: 12 },
  medium: { state: 1_024, heads: 16, encoder: 24, decoder: 24 },
  'large-v2': { state: 1_280, heads: 20, encoder: 32, decoder: 32 },
  'large-v2-turbo': { state: 1_280, heads: 20, encoder: 32, decoder: 4 },
};
const FIXTURE = join(import.meta.dirname, '../fixtures/whisper-fixture-q5_0.bin');
const [MELS, AUDIO_CONTEXT, TEXT_CONTEXT] = [80, 1_500, 448];
const F32 = 0;
const F16 = 1;

type Tensor = [name: string, sizes: number[], type: typeof F32 | typeof F16];

export type RandomModelSize = keyof typeof SIZES;

export function writeRandomModel(file: string, size: RandomModelSize): void {
  const { state, heads, encoder, decoder } = SIZES[size];
  const fixture = readFileSync(FIXTURE);
  const vocabulary = fixture.readInt32LE(4);
  const out = openSync(file, 'w');
  const header = [
    vocabulary,
    AUDIO_CONTEXT,
    state,
    heads,
    encoder,
    TEXT_CONTEXT,
    state,
    heads,
    decoder,
    MELS,
    F16,
  ];
  writeSync(out, fixture, 0, 4);
  writeSync(out, Buffer.from(Int32Array.from(header).buffer));
  // Filters and vocabulary are the fixture's.
  writeSync(out, fixture, 48, tensorsAt(fixture) - 48);
  for (const tensor of tensorsOf(state, encoder, decoder, vocabulary)) write(out, tensor);
  closeSync(out);
}

/** Where the fixture's tensors begin. */
function tensorsAt(fixture: Buffer): number {
  let at = 48 + 8 + 4 * fixture.readInt32LE(48) * fixture.readInt32LE(52);
  const tokens = fixture.readInt32LE(at);
  at += 4;
  for (let n = 0; n < tokens; n += 1) at += 4 + fixture.readUInt32LE(at);
  return at;
}

function* tensorsOf(state: number, encoder: number, decoder: number, vocabulary: number): Generator<Tensor> {
  yield ['encoder.positional_embedding', [state, AUDIO_CONTEXT], F32];
  yield ['encoder.conv1.weight', [3, MELS, state], F16];
  yield ['encoder.conv1.bias', [1, state], F32];
  yield ['encoder.conv2.weight', [3, state, state], F16];
  yield ['encoder.conv2.bias', [1, state], F32];
  yield* norm('encoder.ln_post', state);
  yield ['decoder.positional_embedding', [state, TEXT_CONTEXT], F32];
  yield ['decoder.token_embedding.weight', [state, vocabulary], F16];
  yield* norm('decoder.ln', state);
  for (let n = 0; n < encoder; n += 1) yield* block(`encoder.blocks.${n}`, state, ['attn']);
  for (let n = 0; n < decoder; n += 1) yield* block(`decoder.blocks.${n}`, state, ['attn', 'cross_attn']);
}

function* block(name: string, state: number, attentions: string[]): Generator<Tensor> {
  yield* norm(`${name}.mlp_ln`, state);
  yield [`${name}.mlp.0.weight`, [state, 4 * state], F16];
  yield [`${name}.mlp.0.bias`, [4 * state], F32];
  yield [`${name}.mlp.2.weight`, [4 * state, state], F16];
  yield [`${name}.mlp.2.bias`, [state], F32];
  for (const attention of attentions) {
    yield* norm(`${name}.${attention}_ln`, state);
    for (const part of ['query', 'key', 'value', 'out']) {
      yield [`${name}.${attention}.${part}.weight`, [state, state], F16];
      if (part !== 'key') yield [`${name}.${attention}.${part}.bias`, [state], F32];
    }
  }
}

function* norm(name: string, state: number): Generator<Tensor> {
  yield [`${name}.weight`, [state], F32];
  yield [`${name}.bias`, [state], F32];
}

function write(out: number, [name, sizes, type]: Tensor): void {
  writeSync(out, Buffer.from(Int32Array.from([sizes.length, name.length, type, ...sizes]).buffer));
  writeSync(out, Buffer.from(name, 'latin1'));
  const count = sizes.reduce((product, one) => product * one, 1);
  writeSync(out, type === F16 ? halves(count) : singles(count, name));
}

/** Between 1/64 and 1/32, of either sign. */
function halves(count: number): Buffer {
  const values = randomFillSync(new Uint16Array(count));
  for (let n = 0; n < count; n += 1) values[n] = (values[n]! & 0x83ff) | 0x2400;
  return Buffer.from(values.buffer);
}

function singles(count: number, name: string): Buffer {
  return Buffer.from(new Float32Array(count).fill(/ln(_post)?\.weight$/.test(name) ? 1 : 0).buffer);
}

if (process.argv[1] === import.meta.filename) {
  const [size, file] = process.argv.slice(2);
  if (!file || !Object.hasOwn(SIZES, size!))
    throw new Error(`a size (${Object.keys(SIZES).join(', ')}) and a file`);
  writeRandomModel(file, size as RandomModelSize);
}
