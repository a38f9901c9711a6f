import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { PromptScope } from './prompt-scope.entity.js';

/** A tag of a scope, and how many of its prompts have it. */
@Entity('prompt_tags', { withoutRowid: true })
export class PromptTag {
  @PrimaryColumn({ name: 'scope_id', type: 'bigint' })
  scopeId!: number;

  @ManyToOne(() => PromptScope, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'scope_id' })
  scope?: Relation<PromptScope>;

  /** What makes it the same tag, see `tagKey`. */
  @PrimaryColumn({ name: 'tag_key', type: 'varchar', length: 110 })
  tagKey!: string;

  /** As it was written first. */
  @Column({ type: 'varchar', length: 50 })
  tag!: string;

  @Column({ type: 'int' })
  uses!: number;
}
