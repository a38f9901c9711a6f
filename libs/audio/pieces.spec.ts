import { describe, expect, it } from 'vitest';
import { joined, pcmOf, SENTENCES, speak, synthetic } from '../../test/support/sounds.ts';
import { MAX_PIECE_MS, PiecePlanner, type RecordingPlan } from './pieces.js';

const BYTES_A_SECOND = 32_000;

function planOf(pcm: Buffer, chunk = 65_536): RecordingPlan {
  const planner = new PiecePlanner();
  for (let at = 0; at < pcm.length; at += chunk) planner.hear(pcm.subarray(at, at + chunk));
  return planner.plan();
}

function silence(seconds: number): Buffer {
  return Buffer.alloc(Math.round(seconds * 16_000) * 2);
}

/** A tone of `level` dBFS. */
function tone(seconds: number, level = -12, hz = 440): Buffer {
  const pcm = silence(seconds);
  const amplitude = 32_768 * Math.SQRT2 * 10 ** (level / 20);
  for (let n = 0; n < pcm.length / 2; n += 1)
    pcm.writeInt16LE(Math.round(amplitude * Math.sin((2 * Math.PI * hz * n) / 16_000)), n * 2);
  return pcm;
}

/** The loudest sample within 20 ms of a place. */
function loudnessAt(pcm: Buffer, ms: number): number {
  let loudest = 0;
  for (let at = Math.max(0, ms - 20) * 32; at < Math.min(pcm.length, (ms + 20) * 32); at += 2)
    loudest = Math.max(loudest, Math.abs(pcm.readInt16LE(at)));
  return loudest;
}

function checkPieces({ durationMs, pieces }: RecordingPlan): void {
  let before = 0;
  for (const { startMs, endMs } of pieces) {
    expect(startMs).toBeGreaterThanOrEqual(before);
    expect(endMs).toBeGreaterThan(startMs);
    expect(endMs - startMs).toBeLessThanOrEqual(MAX_PIECE_MS);
    before = endMs;
  }
  expect(before).toBeLessThanOrEqual(durationMs);
}

describe('PiecePlanner', () => {
  it('takes a recording of up to thirty seconds as one piece, to its last sample', () => {
    expect(planOf(tone(30))).toEqual({ durationMs: 30_000, pieces: [{ startMs: 0, endMs: 30_000 }] });
    const short = Buffer.concat([silence(2), tone(1), silence(3), tone(0.513)]);
    expect(planOf(short)).toEqual({ durationMs: 6_513, pieces: [{ startMs: 0, endMs: 6_513 }] });
  });

  it('has no pieces of silence, whatever its length, nor of the hiss of a microphone that is off', () => {
    expect(planOf(silence(5))).toEqual({ durationMs: 5_000, pieces: [] });
    expect(planOf(silence(95)).pieces).toEqual([]);
    expect(planOf(pcmOf(synthetic('anoisesrc=d=40:a=0.0005:seed=1'))).pieces).toEqual([]);
    expect(planOf(Buffer.concat([silence(4), tone(0.02), silence(40)])).pieces).toEqual([]);
    expect(planOf(Buffer.alloc(0))).toEqual({ durationMs: 0, pieces: [] });
  });

  it('hears soft speech, and does not take a constant for a sound', () => {
    expect(planOf(tone(2, -52)).pieces).toHaveLength(1);
    const constant = silence(4);
    for (let at = 0; at < constant.length; at += 2) constant.writeInt16LE(500, at);
    expect(planOf(constant).pieces).toEqual([]);
  });

  it('cuts in the longest pause between twenty and thirty seconds', () => {
    // Pauses at 12 s and 18 s (too early), 22 s (0.8 s) and 28 s (0.4 s).
    const pcm = Buffer.concat([
      ...[tone(12), silence(1), tone(5), silence(0.3), tone(3.7), silence(0.8), tone(5.2), silence(0.4)],
      tone(20),
    ]);
    const { pieces } = planOf(pcm);
    expect(pieces[0]!.endMs).toBeGreaterThan(22_000);
    expect(pieces[0]!.endMs).toBeLessThan(22_800);
    expect(pieces).toHaveLength(2);
    expect(pieces[1]!.startMs).toBe(pieces[0]!.endMs);
  });

  it('leaves out what is silent for long, and keeps a margin beside each sound', () => {
    const pcm = Buffer.concat([silence(20), tone(4), silence(12), tone(3), silence(4), tone(2), silence(60)]);
    expect(planOf(pcm)).toEqual({
      durationMs: 105_000,
      pieces: [
        { startMs: 19_600, endMs: 24_400 },
        { startMs: 35_600, endMs: 45_400 },
      ],
    });
  });

  it('cuts what goes on without a pause where it is least loud', () => {
    const pcm = Buffer.concat([tone(20), tone(0.4, -30), tone(50)]);
    const plan = planOf(pcm);
    checkPieces(plan);
    expect(plan.pieces[0]!.endMs).toBeGreaterThanOrEqual(20_000);
    expect(plan.pieces[0]!.endMs).toBeLessThanOrEqual(20_400);
    const noise = planOf(pcmOf(synthetic('anoisesrc=d=100:a=0.2:seed=7')));
    checkPieces(noise);
    expect(noise.pieces.at(-1)!.endMs).toBe(noise.durationMs);
    const covered = noise.pieces.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    expect(covered).toBe(noise.durationMs);
  });

  it('cuts the same bytes the same way, however they come', () => {
    const pcm = Buffer.concat([tone(25), silence(0.5), tone(9, -20), silence(7), tone(33, -25)]);
    const whole = planOf(pcm);
    for (const chunk of [1_001, 4_096, 65_537, pcm.length]) expect(planOf(pcm, chunk)).toEqual(whole);
  });

  it('cuts ten minutes of sentences between sentences only', { timeout: 60_000 }, () => {
    const files = SENTENCES.map((sentence) => speak(sentence));
    const clips: string[] = [];
    for (
      let seconds = 0;
      seconds < 600;
      seconds += pcmOf(files[clips.length % files.length]!).length / BYTES_A_SECOND
    )
      clips.push(files[clips.length % files.length]!);
    const pcm = pcmOf(joined(clips, 0.4));
    const plan = planOf(pcm);
    checkPieces(plan);
    expect(plan.durationMs).toBeGreaterThan(600_000);
    expect(plan.pieces.length).toBeLessThan(45);
    for (const { endMs } of plan.pieces.slice(0, -1)) expect(loudnessAt(pcm, endMs)).toBeLessThan(50);
    for (const [index, { startMs }] of plan.pieces.entries())
      if (index > 0) expect(startMs).toBe(plan.pieces[index - 1]!.endMs);
  });
});
