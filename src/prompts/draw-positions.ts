/**
 * Draws `count` different numbers from 0 to `total` - 1 (all of them where there are fewer), every choice and every
 * order equally likely. It is the beginning of a Fisher-Yates shuffle that remembers only what it has moved: work and
 * memory grow with `count`, not with `total`. `random` gives numbers from 0 up to, but not including, 1.
 */
export function drawPositions(total: number, count: number, random: () => number): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: Math.min(count, total) }, (_, index) => {
    const picked = index + Math.floor(random() * (total - index));
    const drawn = moved.get(picked) ?? picked;
    moved.set(picked, moved.get(index) ?? index);
    return drawn;
  });
}
