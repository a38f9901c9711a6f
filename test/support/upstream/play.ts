import type { Call } from './call.ts';
import type { Answer, Frame, Wire } from './protocol.ts';
import type { Switches } from './switches.ts';

const MEGABYTE = 1024 * 1024;

/** Where a broken or a huge line stands in the stream. */
const SPOILED_AFTER = 2;

/** Milliseconds between the two writes of `split`, and before a reset, so that what was sent arrives first. */
const SETTLE_MS = 4;

/** Plays a stream with all its faults. */
export async function play(call: Call, wire: Wire, answer: Answer): Promise<void> {
  const { switches } = answer;
  call.head(200, { 'content-type': 'text/event-stream;charset=UTF-8', 'cache-control': 'no-cache' });
  const { split, drop } = switches;
  if (drop !== undefined) return playPart(call, wire, answer, drop);
  if (split !== undefined) return playSplit(call, wire, answer, split);
  if (switches.bom === true) await send(call, '\uFEFF', switches);
  let spoiled = false;
  for (const frame of wire.frames(answer)) {
    if (await fault(call, wire, switches)) return;
    if (!spoiled && call.record.chunksSent === SPOILED_AFTER) {
      spoiled = true;
      if (!(await spoil(call, switches))) return;
    }
    if (frame.chunk && !(await pause(call, switches))) return;
    if (!(await send(call, frame.text, switches))) return;
    if (frame.chunk) call.sent();
  }
  if (switches['hang-tail'] === true) return call.hang();
  call.end(Buffer.alloc(0), true);
}

/** The beginning of the stream, and then nothing. */
async function playPart(call: Call, wire: Wire, answer: Answer, length: number): Promise<void> {
  if (!(await call.write(wholeStream([...wire.frames(answer)], answer.switches).subarray(0, length)))) return;
  if (await call.sleep(SETTLE_MS)) call.destroy(answer.switches['reset-how']);
}

/** The whole stream, unspoiled and without gaps, as two packets. */
async function playSplit(call: Call, wire: Wire, answer: Answer, offset: number): Promise<void> {
  const frames: Frame[] = [...wire.frames(answer)];
  const bytes = wholeStream(frames, answer.switches);
  if (offset > 0 && !(await call.write(bytes.subarray(0, offset)))) return;
  if (!(await call.sleep(SETTLE_MS))) return;
  call.record.chunksSent = frames.filter(({ chunk }) => chunk).length;
  call.end(bytes.subarray(offset), true);
}

function wholeStream(frames: Frame[], switches: Switches): Buffer {
  const bom = switches.bom === true ? '\uFEFF' : '';
  return encode(bom + frames.map(({ text }) => text).join(''), switches);
}

async function pause(
  call: Call,
  { first = 0, gap = 0, 'never-ending': endless }: Switches,
): Promise<boolean> {
  const ms = call.record.chunksSent === 0 ? first : gap;
  if (ms > 0) return call.pause(ms);
  // Without a gap nothing else would ever get its turn beside an endless stream.
  return endless === true ? call.turn() : call.open;
}

/** Ends the call where a fault is due after the chunks that were sent. */
async function fault(call: Call, wire: Wire, switches: Switches): Promise<boolean> {
  const { chunksSent } = call.record;
  if (switches.hang === chunksSent) await call.hang();
  else if (switches.end === chunksSent) call.end(Buffer.alloc(0), false);
  else if (switches.error === chunksSent) call.end(encode(wire.errorFrame(switches).text, switches), false);
  else if (switches.reset === chunksSent && (await call.sleep(SETTLE_MS)))
    call.destroy(switches['reset-how']);
  return !call.open;
}

async function spoil(call: Call, switches: Switches): Promise<boolean> {
  const { garbage, 'huge-line': megabytes } = switches;
  if (garbage !== undefined) {
    await send(
      call,
      garbage === 'line' ? '<html>this is no event stream\n' : 'data: {"broken": tru\n\n',
      switches,
    );
  }
  if (megabytes !== undefined) {
    await call.write(Buffer.from('data: {"huge":"'));
    const block = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < megabytes * MEGABYTE && call.open; sent += block.length) {
      if ((await call.write(block)) && sent % MEGABYTE === 0) await call.turn();
    }
    await call.write(Buffer.from('"}\n\n'));
  }
  return call.open;
}

async function send(call: Call, text: string, switches: Switches): Promise<boolean> {
  const bytes = encode(text, switches);
  const size = switches.bytes ?? bytes.length;
  if (size >= bytes.length) return call.write(bytes);
  for (let at = 0; at < bytes.length; at += size) {
    if (!(await call.write(bytes.subarray(at, at + size))) || !(await call.turn())) return false;
  }
  return true;
}

function encode(text: string, switches: Switches): Buffer {
  return Buffer.from(switches.crlf === true ? text.replaceAll('\n', '\r\n') : text);
}
