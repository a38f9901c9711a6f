/** Small enough for every model in use today. */
export const DEFAULT_CONTEXT_TOKENS = 8_192;

/** What is kept free for the answer where nothing bounds it: this much, or a quarter of a small context. */
const ANSWER_TOKENS = 4_096;

/**
 * Tokens by the beginning of a model's name; the longest match holds. From the providers' public model pages:
 * platform.openai.com/docs/models and help.aliyun.com/zh/model-studio/models. It is the context window, or the
 * limit of the input where the provider lists one that is lower (272,000 of GPT-5's 400,000); where a limit was
 * raised from one snapshot to the next under the same name, the older one stands.
 */
const WINDOWS: Record<string, number> = {
  'gpt-3.5-turbo': 16_385,
  'gpt-3.5-turbo-instruct': 4_096,
  'gpt-4': 8_192,
  'gpt-4-32k': 32_768,
  'gpt-4-turbo': 128_000,
  'gpt-4-1106': 128_000,
  'gpt-4-0125': 128_000,
  'gpt-4o': 128_000,
  'chatgpt-4o': 128_000,
  'gpt-4.1': 1_047_576,
  'gpt-4.5': 128_000,
  'gpt-5': 272_000,
  'gpt-5-chat': 128_000,
  'gpt-5.1-chat': 128_000,
  'gpt-5.2-chat': 128_000,
  'gpt-5.3-chat': 128_000,
  'chat-latest': 272_000,
  'gpt-oss': 131_072,
  o1: 200_000,
  'o1-mini': 128_000,
  'o1-preview': 128_000,
  o3: 200_000,
  'o4-mini': 200_000,
  'qwen-max': 30_720,
  'qwen-max-latest': 129_024,
  'qwen-max-2025': 129_024,
  'qwen-plus': 129_024,
  'qwen-turbo': 129_024,
  'qwen-flash': 995_904,
  'qwen-long': 10_000_000,
  'qwen2-': 30_720,
  'qwen2.5-': 30_720,
  'qwen3-': 32_768,
  'qwen3-max': 258_048,
  'qwen3-next': 126_976,
  'qwen3-coder-plus': 997_952,
  'qwen3-coder-flash': 997_952,
  'qwen3.5-plus': 983_616,
  'qwen3.5-flash': 983_616,
  'qwq-plus': 98_304,
  'qvq-max': 106_496,
  'qwen-vl-max': 30_720,
  'qwen3-vl-plus': 258_048,
  'deepseek-r1': 65_536,
  'deepseek-v3': 65_536,
};

/** Tokens that a model takes in one call; 8,192 for a model that is not known. */
export function contextTokensOf(model: string): number {
  return knownContextTokensOf(model) ?? DEFAULT_CONTEXT_TOKENS;
}

/** Tokens of a context that are kept free for the answer, of at most `limit` tokens where that is known. */
export function answerTokensOf(context: number, limit = ANSWER_TOKENS): number {
  return Math.min(limit, Math.floor(context / 4));
}

/** Tokens that a model takes in one call; undefined for a model that is not known. */
export function knownContextTokensOf(model: string): number | undefined {
  const name = model.toLowerCase();
  const known = Object.keys(WINDOWS).filter((prefix) => name.startsWith(prefix));
  const longest = known.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : WINDOWS[longest];
}
