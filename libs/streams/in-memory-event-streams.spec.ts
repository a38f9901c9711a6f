import { eventStreamsContract } from './event-streams.contract.js';
import { InMemoryEventStreams } from './in-memory-event-streams.js';

eventStreamsContract('InMemoryEventStreams', {
  make: (retentionMs) => new InMemoryEventStreams(retentionMs),
});
