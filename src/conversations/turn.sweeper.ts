import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Sweep } from '../database/sweep.js';
import { Message } from './message.entity.js';
import { TurnEnding } from './turn.ending.js';
import { endEvent, TurnEvents } from './turn.events.js';
import { expired, LEASE_MS, TurnLease } from './turn.lease.js';
import { TurnStarter } from './turn.starter.js';

const SWEEP_MS = 500;
const BATCH = 100;

/** A turn that takes every process with it before its model is asked is not begun for ever. */
const MAX_ATTEMPTS = 5;

/**
 * Takes care of the turns of processes that are gone. What had not asked its model yet is begun here; what had keeps
 * its text, the longer of what row and stream have, and ends; the conversation can go on.
 */
@Injectable()
export class TurnSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('TurnSweeper');
  private readonly sweep = new Sweep<Message>({
    ...{ name: 'TurnSweeper', everyMs: SWEEP_MS, leaseMs: LEASE_MS },
    look: () => this.messages.find({ where: expired(), take: BATCH }),
    take: (message) => this.take(message),
  });

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly lease: TurnLease,
    private readonly events: TurnEvents,
    private readonly ending: TurnEnding,
    private readonly starter: TurnStarter,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.sweep.end();
  }

  private async take(message: Message): Promise<void> {
    // What this process runs is not lost, however long a database was away that should have been told so.
    if (this.lease.holds(message.id)) return;
    const { id, status, stopRequestedAt, attempt } = message;
    const canBegin = status === 'pending' && stopRequestedAt === null && attempt < MAX_ATTEMPTS;
    if (canBegin && this.starter.accepting) {
      if (await this.starter.resume(message))
        this.logger.log(`turn ${id} is begun again: its process is gone`);
    } else if (!canBegin) await this.interrupt(message);
  }

  /** The lease is looked at once more in the statement itself: its owner may have come back a moment ago. */
  private async interrupt(message: Message): Promise<void> {
    const { id, content } = message;
    const streamed = await this.events.textSoFar(message);
    const text = streamed !== null && streamed.length > content.length ? streamed : content;
    const ended = await this.ending.sweep(message, text);
    if (!ended) return;
    this.logger.log(`turn ${id} is ${ended.status}: its process is gone`);
    if (streamed !== null) await this.events.end(message, endEvent(ended));
  }
}
