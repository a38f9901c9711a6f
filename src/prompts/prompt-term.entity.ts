import { Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { PromptScope } from './prompt-scope.entity.js';

/**
 * Something that a prompt is found by, see `prompt-terms.ts`. The key is the index: all prompts of a term stand
 * together in the order of their ids.
 */
@Entity('prompt_terms', { withoutRowid: true })
export class PromptTerm {
  /** The prompt's own; what is found by a term is of one owner, or shared. */
  @PrimaryColumn({ name: 'scope_id', type: 'bigint' })
  scopeId!: number;

  @ManyToOne(() => PromptScope, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'scope_id' })
  scope?: Relation<PromptScope>;

  @PrimaryColumn({ type: 'varchar', length: 120 })
  term!: string;

  /** No reference: it would need an index as large as the table. Whoever deletes a prompt takes its terms out. */
  @PrimaryColumn({ name: 'prompt_id', type: 'bigint' })
  promptId!: number;
}
