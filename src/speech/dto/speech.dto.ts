/** Whether recordings can be turned into text. */
export class TranscriptionCapabilityDto {
  /**
   * `ready`; `starting`: a model is being loaded; `down`: no engine can be reached, what is uploaded waits;
   * `not_set_up`: there is none
   */
  state!: 'ready' | 'starting' | 'down' | 'not_set_up';

  /**
   * Technologies and models that are ready.
   * @example ['whisper.cpp ggml-base']
   */
  engines!: string[];

  /**
   * How many pieces of recordings are worked on at once.
   * @example 2
   */
  places!: number;

  /** What is missing where speech is not set up; null otherwise. */
  reason!: string | null;

  /**
   * The commands that set it up, to be run on the server; empty unless it is not set up.
   * @example ['scripts/build-whisper', 'scripts/get-whisper-model base']
   */
  commands!: string[];
}

/** What this installation can do with speech. */
export class SpeechDto {
  transcription!: TranscriptionCapabilityDto;
}
