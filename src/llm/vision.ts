/**
 * Names of models that take pictures, from the providers' public model pages:
 * platform.openai.com/docs/models and help.aliyun.com/zh/model-studio/vision.
 */
const SEEING = [
  /^(chat)?gpt-4o(?!.*-(audio|realtime|search|transcribe|tts))/,
  /^gpt-4\.[1-9]/,
  /^gpt-4-turbo(?!-preview)/,
  /^gpt-4-(1106-)?vision/,
  /^(gpt-5|chat-latest)/,
  /^o1(?!-(mini|preview))/,
  /^o3(?!-mini)/,
  /^o4/,
  /^qwen[\d.]*-(vl|omni)/,
  /^qwen3\.5-/,
  /^qvq/,
  // It says itself that it sees none.
  /^echo$/,
];

/** Whether a model takes pictures; `further` are beginnings of names of others that do. */
export function takesImages(model: string, further: readonly string[] = []): boolean {
  const name = model.toLowerCase();
  if (further.some((beginning) => name.startsWith(beginning.toLowerCase()))) return true;
  return SEEING.some((known) => known.test(name));
}
