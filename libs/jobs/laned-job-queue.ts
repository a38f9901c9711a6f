import { InvalidJobError, type JobHandler, JobQueue, type JobOptions } from './job-queue.js';

/** Jobs that share a number of places; what waits in one lane holds up nobody in another. */
export interface Lane {
  /** 1 to 40 characters of `a-z 0-9 . -`. */
  name: string;
  /** The names of its jobs; a name is in one lane only. */
  jobs: readonly string[];
  /** How many of them run at once in a process. */
  concurrency: number;
  /** After how long without a sign of life from its process a job is given to another one, where there is Redis. */
  lockMs?: number;
}

const NAME = /^[a-z][a-z0-9.-]{0,39}$/;

/** Several queues as one: each job goes through the queue of its lane, and all of them begin and end together. */
export class LanedJobQueue extends JobQueue {
  private readonly lanes: JobQueue[] = [];
  private readonly laneOf = new Map<string, JobQueue>();

  /**
   * @param make the queue of a lane
   * @throws InvalidJobError where a lane or a job is declared twice
   */
  constructor(lanes: readonly Lane[], make: (lane: Lane) => JobQueue) {
    super();
    const names = lanes.map(({ name }) => name);
    const jobs = lanes.flatMap((lane) => lane.jobs);
    if (!names.every((name) => NAME.test(name))) throw new InvalidJobError('a lane without a proper name');
    if (new Set(names).size < names.length) throw new InvalidJobError('a lane is declared twice');
    if (new Set(jobs).size < jobs.length) throw new InvalidJobError('a job name is declared twice');
    for (const lane of lanes) {
      const queue = make(lane);
      this.lanes.push(queue);
      for (const job of lane.jobs) this.laneOf.set(job, queue);
    }
  }

  async add(name: string, data: unknown, options?: JobOptions): Promise<void> {
    await this.of(name).add(name, data, options);
  }

  handle<Data>(name: string, handler: JobHandler<Data>): void {
    this.of(name).handle(name, handler);
  }

  start(): void {
    for (const lane of this.lanes) lane.start();
  }

  async drain(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.drain()));
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private of(name: string): JobQueue {
    const lane = this.laneOf.get(name);
    if (!lane) throw new InvalidJobError(`job ${name}: not declared`);
    return lane;
  }
}
