/** Loaded into a process with `--import`: writes how late its event loop was, at 99 %, once a second. Milliseconds. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 2;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
setInterval(() => {
  // The histogram counts whole intervals between two looks: the delay is what goes beyond the resolution.
  const delay = Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS);
  process.stderr.write(`loop delay p99 ${delay.toFixed(2)} of ${histogram.count}\n`);
}, 1_000).unref();
// Not SIGUSR2: that ends a Nest application in order.
process.on('SIGWINCH', () => histogram.reset());
