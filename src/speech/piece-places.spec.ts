import { describe, expect, it } from 'vitest';
import { Transcriber, type TranscriberState } from '../../libs/whisper/transcriber.js';
import { PiecePlaces } from './piece-places.js';

class Engines extends Transcriber {
  constructor(public places: number) {
    super();
  }

  state(): TranscriberState {
    return { ready: true, places: this.places, services: [], condition: 'ready', reason: null };
  }

  transcribe(): Promise<never> {
    return Promise.reject(new Error('not asked for here'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const NEVER = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Takes places and notes in which order they are given. */
function taker(places: PiecePlaces) {
  const given: string[] = [];
  const back = new Map<string, () => void>();
  const take = (transcription: number, piece: number, signal = NEVER) =>
    places.take(transcription, signal).then((giveBack) => {
      given.push(`${transcription}.${piece}`);
      back.set(`${transcription}.${piece}`, giveBack);
    });
  return { given, take, giveBack: (name: string) => back.get(name)!() };
}

describe('PiecePlaces', () => {
  it('gives as many as the engines have', async () => {
    const { given, take, giveBack } = taker(new PiecePlaces(new Engines(2)));
    for (let piece = 1; piece <= 4; piece += 1) void take(1, piece);
    await turn();
    expect(given).toEqual(['1.1', '1.2']);
    giveBack('1.1');
    await turn();
    expect(given).toEqual(['1.1', '1.2', '1.3']);
  });

  it('goes on where no engine is there: somebody has to find out that they are back', async () => {
    const engines = new Engines(0);
    const { given, take, giveBack } = taker(new PiecePlaces(engines));
    for (let piece = 1; piece <= 4; piece += 1) void take(1, piece);
    await turn();
    expect(given).toEqual(['1.1']);
    engines.places = 3;
    giveBack('1.1');
    await turn();
    expect(given).toEqual(['1.1', '1.2', '1.3', '1.4']);
  });

  it('lets nobody wait behind all pieces of another one, also where there is one place only', async () => {
    const { given, take, giveBack } = taker(new PiecePlaces(new Engines(1)));
    for (let piece = 1; piece <= 4; piece += 1) void take(1, piece);
    void take(2, 1);
    void take(2, 2);
    await turn();
    for (const name of ['1.1', '2.1', '1.2', '2.2']) {
      giveBack(name);
      await turn();
    }
    expect(given).toEqual(['1.1', '2.1', '1.2', '2.2', '1.3']);
  });

  it('lets those go first who have the fewest, and among them whose turn is longest ago', async () => {
    const { given, take, giveBack } = taker(new PiecePlaces(new Engines(2)));
    for (let piece = 1; piece <= 5; piece += 1) void take(1, piece);
    await turn();
    void take(2, 1);
    void take(3, 1);
    void take(2, 2);
    giveBack('1.1');
    await turn();
    giveBack('1.2');
    await turn();
    giveBack('2.1');
    await turn();
    expect(given).toEqual(['1.1', '1.2', '2.1', '3.1', '1.3']);
  });

  it('lets go of those who wait no more', async () => {
    const { given, take, giveBack } = taker(new PiecePlaces(new Engines(1)));
    const abort = new AbortController();
    void take(1, 1);
    const waiting = take(1, 2, abort.signal);
    void take(1, 3);
    await turn();
    const reason = new Error('cancelled');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(take(1, 4, abort.signal)).rejects.toBe(reason);
    giveBack('1.1');
    await turn();
    expect(given).toEqual(['1.1', '1.3']);
  });
});
