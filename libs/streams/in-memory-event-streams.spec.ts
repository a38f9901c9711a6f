import { eventStreamsContract } from './event-streams.contract.js';
import { InMemoryEventStreams } from './in-memory-event-streams.js';

let made: InMemoryEventStreams;

eventStreamsContract('InMemoryEventStreams', {
  make: (settings) => (made = new InMemoryEventStreams({ retentionMs: 60_000, ...settings })),
  another: () => made,
});
