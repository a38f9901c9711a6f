import { InProcessJobQueue } from './in-process-job-queue.js';
import { jobQueueContract } from './job-queue.contract.js';

jobQueueContract('InProcessJobQueue', { make: (settings) => new InProcessJobQueue(settings) });
