import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../common/current-user.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { MessagesService } from '../conversations/messages.service.js';
import { TopicsService } from '../topics/topics.service.js';
import { UsersService } from '../users/users.service.js';
import type { NamedObject, NamedUser } from './names-caller.js';

type FindOwner = (value: unknown) => Promise<number | undefined>;

/** Who is meant by a request that shows no login: for closed networks only (`LEGACY_TRUST_CALLER`). */
@Injectable()
export class TrustedCallers {
  private readonly owners: Record<NamedObject['owner'], FindOwner>;

  constructor(
    private readonly users: UsersService,
    conversations: ConversationsService,
    messages: MessagesService,
    topics: TopicsService,
  ) {
    const byId = (find: (id: number) => Promise<number | undefined>) => async (value: unknown) => {
      const id = toId(value);
      return id === undefined ? undefined : find(id);
    };
    const byText = (find: (text: string) => Promise<number | undefined>) => (value: unknown) =>
      find(String(value).slice(0, 500));
    this.owners = {
      topic: byId((id) => topics.ownerOf(id)),
      message: byId((id) => messages.ownerOf(id)),
      conversation: byId((id) => conversations.ownerOf(id)),
      externalId: byText((text) => conversations.ownerOfExternalId(text)),
      title: byText((text) => conversations.ownerOfTitle(text)),
    };
  }

  /** The user that is named, or whose object is; undefined where there is none, or he may not log in. */
  async find(named: NamedUser | NamedObject, value: unknown): Promise<AuthUser | undefined> {
    const user = await ('user' in named
      ? this.named(named, value)
      : this.byId(await this.ownerOf(named, value)));
    if (!user || user.deactivatedAt) return undefined;
    return { id: user.id, username: user.username, role: user.role };
  }

  private ownerOf({ owner }: NamedObject, value: unknown): Promise<number | undefined> {
    return this.owners[owner](value);
  }

  private named({ as }: NamedUser, value: unknown) {
    return as === 'id' ? this.byId(toId(value)) : this.users.findByUsername(String(value));
  }

  private async byId(id: number | undefined) {
    return id === undefined ? null : this.users.findById(id);
  }
}

/** An id as the older clients write it: a number, or a string of digits. */
export function toId(value: unknown): number | undefined {
  const id = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
