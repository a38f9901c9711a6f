import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { StoredFile } from '../files/stored-file.entity.js';
import { countTokens } from '../llm/token-counter.js';
import { Branches } from './branches.js';
import type { Conversation } from './conversation.entity.js';
import { chooseWhole, type CountedDocument, placesToShow } from './document.choice.js';
import { DocumentPassages, type ShownPassage } from './document-passages.js';
import {
  distinctNames,
  documentsText,
  documentsTokens,
  markOf,
  type ShownDocument,
} from './document.text.js';
import { MessageFiles } from './message-files.js';
import { Message } from './message.entity.js';
import { PassageRanker } from './passage-ranker.js';
import type { RankedPassage, RankingQuery } from './passage-ranking.js';

/** The part of what the prompt leaves free that documents take at most; what was said has the rest. */
export const DOCUMENTS_SHARE = 0.5;

/** The newest so many documents of a branch are shown. */
const DOCUMENTS = 20;
/** Of documents that are not shown whole, so much altogether: what the question is about, not all that there is room for. */
const CHOSEN_TOKENS = 16_000;
/** Tokens of documents that are looked through for one question; the oldest ones beyond it are not. */
const RANKED_TOKENS = 4_000_000;
const RANKED = 200;
/** Places that are read at a time. */
const BATCH = 50;
/** Below it, no passage worth reading is to be expected. */
const LEAST_TOKENS = 32;
const BEFORE_LENGTH = 300;
/** Introduction, delimiters, and what is said of documents that are not whole. */
const FRAME_TOKENS = 120;
const LEFT_OUT_TOKENS = 30;
/** Digits of a page, line ends. */
const MARK_TOKENS = 8;

/** A document on the branch, with the name that it has in this prompt. */
interface NamedDocument extends CountedDocument {
  name: string;
  markTokens: number;
}

/** What of the documents is shown, and what it takes at most. */
export interface ShownDocuments {
  text: string;
  tokens: number;
}

const NONE: ShownDocuments = { text: '', tokens: 0 };

/** Chooses what a model is shown of the documents that were attached on a branch. */
@Injectable()
export class TurnDocuments {
  private readonly logger = new Logger('TurnDocuments');

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly branches: Branches,
    private readonly files: MessageFiles,
    private readonly passages: DocumentPassages,
    private readonly ranker: PassageRanker,
  ) {}

  /** What fits whole is shown whole; of the rest what the question is most likely about. */
  async shown(conversation: Conversation, prompt: Message, room: number): Promise<ShownDocuments> {
    if (!conversation.hasDocuments) return NONE;
    const { ownerId } = conversation;
    const line = await this.branches.line(conversation, prompt);
    const carrying = line.filter(({ hasFiles }) => hasFiles).map(({ id }) => id);
    const files = (await this.files.documents(ownerId, carrying)).slice(0, DOCUMENTS);
    const documents = await this.counted(ownerId, files);
    const free = room - FRAME_TOKENS - LEFT_OUT_TOKENS * documents.length;
    if (documents.length === 0 || free < LEAST_TOKENS) return NONE;
    const { whole, left } = chooseWhole(documents, free);
    const parts = documents.filter(({ fileId }) => !whole.has(fileId));
    const query = { question: prompt.content, before: await this.questionBefore(ownerId, line) };
    const chosen = await this.choose(ownerId, parts, query, Math.min(left, CHOSEN_TOKENS));
    for (const { fileId, passages } of documents)
      if (whole.has(fileId)) chosen.set(fileId, await this.passages.at(ownerId, fileId, upTo(passages)));
    return framed(documents, chosen);
  }

  /** Tokens that the documents of a conversation, and these files, take altogether. */
  async tokens({ id, ownerId }: Conversation, fileIds: number[]): Promise<number> {
    const attached = await this.files.documentsIn(ownerId, id);
    const ids = new Set([...attached, ...fileIds]);
    const sizes = await this.passages.sizesOf(ownerId, [...ids]);
    return [...sizes.values()].reduce(
      (sum, { tokens, passages }) => sum + tokens + passages * MARK_TOKENS,
      0,
    );
  }

  private async counted(ownerId: number, files: StoredFile[]): Promise<NamedDocument[]> {
    const sizes = await this.passages.sizesOf(
      ownerId,
      files.map(({ id }) => id),
    );
    const names = distinctNames(files.map(({ name }) => name));
    const documents = files.map(({ id: fileId }, index) => {
      const { tokens, passages } = sizes.get(fileId)!;
      const markTokens = countTokens(names[index]!) + MARK_TOKENS;
      return { fileId, name: names[index]!, markTokens, passages, tokens: tokens + passages * markTokens };
    });
    return documents.filter(({ passages }) => passages > 0);
  }

  /** What is shown of documents that are too long to be shown whole, in their order. */
  private async choose(
    ownerId: number,
    documents: NamedDocument[],
    query: RankingQuery,
    room: number,
  ): Promise<Map<number, ShownPassage[]>> {
    const chosen = new Map<number, ShownPassage[]>();
    if (documents.length === 0) return chosen;
    const places = [...placesToShow(await this.rank(ownerId, documents, query), documents)];
    let left = room;
    for (let from = 0; from < places.length && left >= LEAST_TOKENS; from += BATCH) {
      const some = places.slice(from, from + BATCH);
      for (const passage of await this.read(ownerId, some)) {
        const { markTokens, name } = documents.find(({ fileId }) => fileId === passage.fileId)!;
        const tokens = passage.tokens + markTokens + (passage.label ? countTokens(markOf(name, passage)) : 0);
        if (tokens > left) continue;
        left -= tokens;
        chosen.set(passage.fileId, [...(chosen.get(passage.fileId) ?? []), passage]);
      }
    }
    for (const passages of chosen.values()) passages.sort((a, b) => a.seq - b.seq);
    return chosen;
  }

  /** A ranking that fails leaves the beginnings of the documents: the question is answered all the same. */
  private async rank(
    ownerId: number,
    documents: NamedDocument[],
    query: RankingQuery,
  ): Promise<RankedPassage[]> {
    let tokens = 0;
    const ranked = documents.filter((document) => (tokens += document.tokens) <= RANKED_TOKENS);
    const rankable = ranked.map(({ fileId }) => ({
      fileId,
      read: () => this.passages.read(ownerId, fileId),
    }));
    try {
      return await this.ranker.rank(rankable, query, RANKED);
    } catch (error) {
      this.logger.warn(`documents were not ranked: ${(error as Error).name}`);
      return [];
    }
  }

  /** The passages at these places, in the order of the places. */
  private async read(ownerId: number, places: RankedPassage[]): Promise<ShownPassage[]> {
    const byFile = Map.groupBy(places, ({ fileId }) => fileId);
    const found = new Map<string, ShownPassage>();
    for (const [fileId, some] of byFile) {
      const seqs = some.map(({ seq }) => seq);
      for (const passage of await this.passages.at(ownerId, fileId, seqs))
        found.set(`${fileId} ${passage.seq}`, passage);
    }
    return places
      .map(({ fileId, seq }) => found.get(`${fileId} ${seq}`))
      .filter((passage) => passage !== undefined);
  }

  /** The beginning of what the user said before: a question may go on from it. */
  private async questionBefore(ownerId: number, line: { id: number; role: string }[]): Promise<string> {
    const before = line.slice(1).find(({ role }) => role === 'user');
    if (!before) return '';
    const message = await this.messages.findOneBy({ id: before.id, ownerId });
    return message?.content.slice(0, BEFORE_LENGTH) ?? '';
  }
}

/** The text, oldest document first, with what it takes. */
function framed(documents: NamedDocument[], chosen: Map<number, ShownPassage[]>): ShownDocuments {
  const shown: ShownDocument[] = documents.toReversed().map(({ fileId, name, passages }) => ({
    name,
    passages: chosen.get(fileId) ?? [],
    of: passages,
  }));
  return { text: documentsText(shown), tokens: documentsTokens(shown) };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
