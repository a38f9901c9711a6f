import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

const { signal } = new AbortController();

describe('Slots', () => {
  it('lets so many in, and the others in their order', async () => {
    const slots = new Slots(2);
    const [first, second] = await Promise.all([slots.take(signal), slots.take(signal)]);
    const order: number[] = [];
    const third = slots.take(signal).then((release) => (order.push(3), release));
    const fourth = slots.take(signal).then((release) => (order.push(4), release));
    await Promise.resolve();
    expect(order).toEqual([]);
    first();
    // What was given back is given back once.
    first();
    (await third)();
    (await fourth)();
    second();
    expect(order).toEqual([3, 4]);
    const again = await Promise.all([slots.take(signal), slots.take(signal)]);
    expect(again).toHaveLength(2);
  });

  it('is left by whoever does not wait any more', async () => {
    const slots = new Slots(1);
    const release = await slots.take(signal);
    const controller = new AbortController();
    const leaving = slots.take(controller.signal);
    const staying = slots.take(signal);
    controller.abort(new Error('enough'));
    await expect(leaving).rejects.toThrow('enough');
    await expect(slots.take(controller.signal)).rejects.toThrow('enough');
    release();
    (await staying)();
    (await slots.take(signal))();
  });
});
