import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { Optional } from '../../common/validation.js';

/** A value is as long as the text of a prompt at most. */
const VALUE_LENGTH = 20_000;

/** Texts by name; which names there are, the prompt says. */
const IsValues = () =>
  ValidateBy({
    name: 'isTexts',
    constraints: [VALUE_LENGTH],
    validator: {
      validate: (values) =>
        typeof values === 'object' &&
        values !== null &&
        !Array.isArray(values) &&
        Object.values(values).every(
          (value) => typeof value === 'string' && [...value].length <= VALUE_LENGTH,
        ),
    },
  });

/** What stands for the variables of a prompt. */
export class RenderPromptDto {
  /** A text of up to 20,000 characters for each variable, by its name; those with a default may be absent. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: VALUE_LENGTH },
    example: { audience: 'a ten-year-old' },
  })
  @Optional()
  @IsValues()
  values?: Record<string, string>;
}

/** A prompt whose variables are filled. */
export class RenderedPromptDto {
  /**
   * The text with every variable's value in its place.
   * @example 'Explain photosynthesis to a ten-year-old, with one example from the kitchen.'
   */
  text!: string;
}
