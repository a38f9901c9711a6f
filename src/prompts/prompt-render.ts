import { AppError, type FieldError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { fillVariables, type PromptVariable, variablesOf } from './prompt-variables.js';

/** As long as a message may be, in UTF-16 units: what is filled is there to be sent. */
const RESULT_LENGTH = 100_000;

/**
 * Fills the variables of a prompt's text.
 * @throws AppError variable_missing; invalid_input for values that no variable has, or that make the text too long.
 */
export function renderPrompt(text: string, given: Record<string, string>): string {
  const variables = variablesOf(text);
  const names = new Set(variables.map(({ name }) => name));
  const unknown = Object.keys(given).filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new AppError('invalid_input', { errors: unknown.map((name) => wrong(name, 'isVariable')) });
  const values = new Map(variables.map((variable) => [variable.name, valueOf(variable, given)]));
  const missing = [...values].filter(([, value]) => value === undefined);
  if (missing.length > 0)
    throw new AppError('variable_missing', {
      errors: missing.map(([name]) => wrong(name, 'isRequiredHere')),
    });
  const filled = fillVariables(text, values as Map<string, string>, RESULT_LENGTH);
  if (filled !== undefined) return filled;
  throw new AppError('invalid_input', {
    errors: [{ field: 'values', message: fieldMessage('isTooLong') }],
  });
}

function valueOf({ name, default: otherwise }: PromptVariable, given: Record<string, string>) {
  return Object.hasOwn(given, name) ? given[name] : otherwise;
}

function wrong(name: string, rule: string): FieldError {
  return { field: `values.${name}`, message: fieldMessage(rule) };
}
